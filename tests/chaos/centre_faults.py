"""The faults: what happens while a unit delivers. Each is one strike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from centre_disks import LEFT_BYTES, make_room, run_full
from centre_world import Unit, World

from edge.cases.storage.outbox import Outbox
from edge.delivery.client import Answered
from edge.errors import DeliveryError

Strike = Callable[[World, Unit], Awaitable[None]]
YEAR_S = 365 * 86_400.0


async def killed_inside_commit(world: World, unit: Unit) -> None:
    """The centre dies between COMMIT and its answer."""
    await world.commits.hold()
    async with unit.delivering():
        await world.commits.under_way()
        await world.kill_centre()
        await world.commits.release()
        await world.start_centre()
        await unit.delivered()


async def killed_anywhere(world: World, unit: Unit) -> None:
    async with unit.delivering():
        await world.network.passed(world.rng.randrange(1, 300_000))
        await world.kill_centre()
        await world.start_centre()
        await unit.delivered()


async def database_killed_inside_commit(world: World, unit: Unit) -> None:
    """PostgreSQL dies with the commit under way: after its recovery the entries are there whole, or not at all."""
    await world.commits.hold()
    async with unit.delivering():
        await world.commits.under_way()
        await world.server.kill()
        await world.server.start()
        await world.commits.release()
        await unit.delivered()


async def database_restarted(world: World, unit: Unit) -> None:
    async with unit.delivering():
        await world.network.passed(world.rng.randrange(1, 300_000))
        await world.server.stop()
        await world.server.start()
        await unit.delivered()


async def answer_lost(world: World, unit: Unit) -> None:
    """What is asked arrives and is committed; the answer does not come back, nor any after it."""
    await world.commits.hold()
    async with unit.delivering():
        while True:
            await world.commits.under_way()
            world.network.loses_answers = True
            await world.commits.release()  # returns when that commit has ended, one way or the other
            if await unit.is_whole():
                break
            await world.commits.hold()  # it waited too long, and comes again
            world.network.mend()
        assert unit.confirmed() != unit.head(), "the answer was not lost"
        world.network.mend()
        await unit.delivered()


async def duplicated(world: World, unit: Unit) -> None:
    """The same request comes twice, at the same time, while the courier sends it as well."""
    outbox = Outbox(unit.state_dir)
    head, lines = unit.head(), outbox.lines(max(0, unit.confirmed()[0] - 2), unit.head()[0], 1 << 30)
    assert lines is not None

    async def once() -> None:
        async with unit.client as client:
            await client.log_in(b"")
            try:
                assert (await client.entries(lines.data)) == head
            except DeliveryError:  # one unit has so many requests at once: it comes again
                await asyncio.sleep(0.1)

    async with unit.delivering():
        await asyncio.gather(*(once() for _ in range(3)))
        await unit.delivered()


async def reordered(world: World, unit: Unit) -> None:
    """Later entries come before earlier ones."""
    outbox, (seq, _) = Outbox(unit.state_dir), unit.head()
    first = unit.confirmed()[0]
    places = list(range(first + 1, seq + 1))
    world.rng.shuffle(places)
    async with unit.client as client:
        await client.log_in(b"")
        for place in places:
            lines = outbox.lines(place - 1, place, 1 << 30)
            assert lines is not None
            try:
                await client.entries(lines.data)
            except Answered as error:
                assert error.word == "gap", error.word
    async with unit.delivering():
        await unit.delivered()


async def truncated(world: World, unit: Unit) -> None:
    """The connection ends in the middle of a request."""
    world.network.cut_after = world.rng.randrange(200, 12_000)
    async with unit.delivering():
        await world.network.cut()
        world.network.mend()
        await unit.delivered()


async def cut_mid_blob(world: World, unit: Unit) -> None:
    """The network goes away in the middle of a photo, twice."""
    async with unit.delivering():
        for _ in range(2):
            world.network.cut_after = world.rng.randrange(20_000, 150_000)
            await world.network.cut()
            world.network.mend()
        await unit.delivered()


async def standby_lost(world: World, unit: Unit) -> None:
    """Nothing is confirmed that is on one machine alone: while the standby is away, nothing is.

    Every other time PostgreSQL dies as well and comes back: it shows then what the standby never got.
    """
    standby = await world.standing_by()
    try:
        async with unit.delivering():
            await world.network.passed(world.rng.randrange(1, 300_000))
            await standby.server.kill()
            await unit.file(1)
            await world.commits.waiting_for_standby()  # it asks one after the other: earlier answers have come
            before = unit.confirmed()
            if world.rng.random() < 0.5:
                await world.server.kill()
                await world.server.start()
            await asyncio.sleep(world.rng.uniform(0.2, 0.5))
            assert unit.confirmed() == before, "confirmed without the standby"
            await standby.server.start()
            await unit.delivered()
        assert await standby.has(unit.serial, unit.confirmed()), "the standby lacks what was confirmed"
    finally:
        await standby.need(needed=False)


async def taken_over(world: World, unit: Unit) -> None:
    """PostgreSQL's machine is lost for good; the standby takes over with everything that was confirmed."""
    standby = await world.standing_by()
    async with unit.delivering():
        await world.network.passed(world.rng.randrange(1, 300_000))
        await world.take_over(standby)
        assert await unit.found(unit.confirmed()), "what was confirmed is not on the machine that took over"
        await unit.delivered()


async def database_full(world: World, unit: Unit) -> None:
    """PostgreSQL's disk runs full while photos come; later it has room again."""
    await unit.file(4)  # more than its tables have room for
    before = await world.full_disks()

    async def is_full() -> bool:
        return world.server.pid is None or await world.full_disks() > before

    try:
        await run_full(world.server.folder, LEFT_BYTES)
        async with unit.delivering():
            await world.until(is_full, "PostgreSQL's disk is full")
    finally:
        await make_room(world.server.folder)
    if world.server.pid is None:  # it ends where it cannot write its log any more
        await world.server.start()
    assert await unit.missing(), "the disk was not full"
    async with unit.delivering():
        await unit.delivered()


async def unit_full(world: World, unit: Unit) -> None:
    """The unit's disk runs full: it cannot note what was confirmed."""
    try:
        await run_full(unit.folder, 0)
        async with unit.delivering():
            await asyncio.sleep(world.rng.uniform(0.2, 0.5))
    finally:
        assert unit.confirmed() != unit.head(), "the disk was not full"
        await make_room(unit.folder)
    async with unit.delivering():
        await unit.delivered()


async def quiet(world: World, unit: Unit) -> None:
    """Nothing but what was done to the clock before."""
    async with unit.delivering():
        await unit.delivered()


async def cloned(world: World, unit: Unit) -> None:
    """The card was copied: both copies go on, and both deliver."""
    await _forked(world, unit, deliver_first=True)


async def restored(world: World, unit: Unit) -> None:
    """A backup is restored after more was delivered, and the unit goes on."""
    await _forked(world, unit, deliver_first=False)


async def _forked(world: World, unit: Unit, *, deliver_first: bool) -> None:
    async with unit.delivering():
        await unit.delivered()
    copy = unit.clone(f"{unit.folder.name}-copy-{world.rng.randrange(1 << 40)}")
    for one in (unit, copy) if deliver_first else (copy, unit):
        await one.file(1)
    async with unit.delivering():
        await unit.delivered()
    before = await forks(world, unit)
    async with copy.delivering() as courier:

        async def seen() -> bool:
            return await forks(world, unit) > before and courier.problem() is not None

        await world.until(seen, "the fork is seen")
    assert await unit.found(unit.head()), "what was confirmed stays"


async def forks(world: World, unit: Unit) -> int:
    """How many entries of the unit's copies are kept."""
    rows = await world.ask(
        "SELECT forks.header FROM forks JOIN units ON units.id = unit_id WHERE serial = $1", unit.serial
    )
    return len({json.loads(row["header"])["seq"] for row in rows})


@dataclass(frozen=True)
class Fault:
    """One line of the table; *clock_s* is how far off the unit's clock is while it files."""

    name: str
    strike: Strike
    share: int
    clock_s: float = 0.0
    makes_forks: bool = False
    fills_disks: bool = False
    """Needs small disks, which root can make."""


FAULTS = (
    Fault("centre killed inside COMMIT", killed_inside_commit, 15),
    Fault("centre killed anywhere", killed_anywhere, 15),
    Fault("PostgreSQL killed inside COMMIT", database_killed_inside_commit, 15),
    Fault("PostgreSQL restarted", database_restarted, 15),
    Fault("PostgreSQL's disk full, then room again", database_full, 10, fills_disks=True),
    Fault("unit's disk full, then room again", unit_full, 10, fills_disks=True),
    Fault("answer lost", answer_lost, 15),
    Fault("request doubled", duplicated, 15),
    Fault("entries out of order", reordered, 10),
    Fault("request cut off", truncated, 15),
    Fault("network cut in a photo, twice", cut_mid_blob, 15),
    Fault("unit's clock at 1970", quiet, 10, clock_s=-1e10),
    Fault("unit's clock a year ahead", quiet, 10, clock_s=YEAR_S),
    Fault("unit cloned", cloned, 10, makes_forks=True),
    Fault("unit restored from a backup", restored, 10, makes_forks=True),
    Fault("synchronous standby lost, then back", standby_lost, 6),
    Fault("PostgreSQL lost, its standby takes over", taken_over, 4),
)
