"""``make bench``, the flood: from the radar's edge to the verdict, calm and under rubbish, one after the other.

    python tests/bench/flood.py [--rounds 5]

Rubbish: two packets from each of 200 addresses under each of nine uids that the registry knows, and under as many that
it does not. Real mailbox, registry, opening processes, flow and store; a recogniser that takes its time and reads the
plate of the one honest car. ``unbounded`` opens every packet, as the unit did before openings had a bound.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from opening import make_registry, packet, uid

from edge.cases.evidence.signing import create_signing_key
from edge.cases.store import CaseStore
from edge.flow.deciding import OnUnit
from edge.flow.infringement import Infringements
from edge.flow.opening import WindowOpener
from edge.flow.rules import Rules
from edge.identify import Thresholds
from edge.identify.formats import licence_pattern, plate_pattern
from edge.link.mailbox import Mailbox
from edge.model import Driver, Outcome, Packet, Photo, PlateRead, Trigger
from edge.registry import Registry
from edge.workers import WorkerPool, WorkerSetup
from tests.support.cases import driver
from tests.support.link import ANNA
from tests.support.reads import plate_read

ATTACKED, ADDRESSES, EACH = 9, 200, 2
READ_S = 0.3
RULES = Rules(
    site="bench",
    limit_kmh=50.0,
    tolerance_kmh=5.0,
    window_before_s=10.0,
    window_after_s=1.0,
    frames_per_case=1,
    pre_trigger_frames=0,
    thresholds=Thresholds(accept=0.98, margin=6.0, slope=1.0, bias=0.0),
)


class Camera:
    """A photo at once."""

    async def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        yield Photo(b"a photo", 640, 480, time.time(), at_monotonic_ns)

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        return ()


@dataclass
class Police:
    """The registry, but for its drivers, who have no portraits here."""

    registry: Registry

    async def known(self, uids: Iterable[str]) -> frozenset[str]:
        return await self.registry.known(uids)

    async def driver(self, licence: str) -> Driver:
        return driver(licence)

    async def keeper(self, plate: str) -> str | None:
        return None

    async def country(self, plate: str) -> str | None:
        return None


@dataclass
class Run:
    """Of each round: seconds from edge to verdict, bytes of the journal, packets opened."""

    seconds: list[float] = field(default_factory=list)
    journal: list[int] = field(default_factory=list)
    rejected: int = 0


async def reads_the_plate(photo: Path) -> tuple[PlateRead, ...]:
    await asyncio.sleep(READ_S)
    return (plate_read(ANNA.plate),)


def rubbish() -> list[tuple[Packet, str]]:
    """What the attackers send, and from where."""
    uids = [uid(number) for number in range(ATTACKED)] + [secrets.token_hex(16) for _ in range(ATTACKED)]
    return [
        (Packet(one, secrets.token_bytes(512), secrets.token_hex(16), 0, 0.0, 0), f"10.1.{address}.1")
        for one in uids
        for address in range(ADDRESSES)
        for _ in range(EACH)
    ]


async def decided(store: CaseStore, police: Police, opener: WindowOpener, run: Run, *, attacked: bool) -> None:
    """One trigger, of the honest car that is among the attacked uids."""
    mailbox = Mailbox(10_000, 60.0, 32)
    flow = Infringements(
        RULES,
        camera=Camera(),
        mailbox=mailbox,
        recognise=reads_the_plate,
        decider=OnUnit(RULES, opener, police),
        registry=police,
        cases=store,
    )
    now_ns = time.monotonic_ns()
    sent = [*(rubbish() if attacked else ())]
    sent.insert(len(sent) // 2, (packet(0, secrets.token_hex(16)), "192.0.2.1"))
    for one, source in sent:
        received = Packet(one.uid, one.payload, one.nonce, one.challenged_at, time.time(), now_ns)
        mailbox.put(received, source)
    trigger = Trigger(time.time(), time.monotonic_ns(), 80.0)
    flow.begin(trigger.at_monotonic_ns)
    number = await flow.file_trigger(trigger)
    assert number is not None
    run.journal.append(len(await _journal(store, number)))
    case = await flow.decide_case(number)
    run.seconds.append((time.monotonic_ns() - trigger.at_monotonic_ns) / 1e9)
    run.rejected = sum(flow.rejected.values())
    assert case.verdict is not None and case.verdict.outcome is Outcome.IDENTIFIED, case.verdict


async def _journal(store: CaseStore, number: int) -> bytes:
    pending = await store.load(number)
    return await asyncio.to_thread((pending.photos[0].parent / "pending.json").read_bytes)


async def measure(folder: Path, rounds: int) -> dict[str, Run]:
    runs = {name: Run() for name in ("calm", "attacked", "unbounded")}
    async with AsyncExitStack() as stack:
        registry = await Registry.open(*make_registry(folder, ATTACKED))
        stack.push_async_callback(registry.close)
        pool = WorkerPool(WorkerSetup(), workers=2, job_timeout_s=600.0, one_job_each=True)
        stack.push_async_callback(pool.stop)
        await pool.start()
        store = await CaseStore.open(folder / "state", create_signing_key(folder / "signing.key"), {})
        stack.push_async_callback(store.close)
        opener = WindowOpener(registry, pool, plate_pattern((), "[A-Z0-9]{2,12}"), licence_pattern("[A-Z0-9]{2,20}"))
        police = Police(registry)
        await decided(store, police, opener, Run(), attacked=False)
        for _ in range(rounds):
            await decided(store, police, opener, runs["calm"], attacked=False)
            await decided(store, police, opener, runs["attacked"], attacked=True)
        with patch("edge.flow.gathering.OPENINGS_PER_UID", 10_000):
            await decided(store, police, opener, runs["unbounded"], attacked=True)
    return runs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        runs = asyncio.run(measure(Path(scratch), args.rounds))
    for name, run in runs.items():
        seconds, journal_kb = statistics.median(run.seconds), max(run.journal) / 1e3
        print(f"{name:10} {seconds:6.2f} s to the verdict, journal {journal_kb:7.1f} kB, {run.rejected} not opened")
    ratio = statistics.median(runs["attacked"].seconds) / statistics.median(runs["calm"].seconds)
    print(f"attacked / calm: {ratio:.2f} (wanted: <= 2)")
    return 0 if ratio <= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
