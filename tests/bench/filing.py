"""``make bench``, filing: from the radar's edge to the durable case, with and without others at the case database.

    python tests/bench/filing.py [--seconds 40] [--rate 10]

Calm and crowded are measured one after the other on the same store, with the real ring, flow, queue and store, and a
recogniser that finds nothing. Crowded: somebody holds one read of the database all the time, while ``cases verify``,
``backup`` and ``cases export`` run over and over in processes of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edge.cases.archive import Archive
from edge.cases.evidence.signing import create_signing_key
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.daemon.housekeeping import ROUND_S, Upkeep
from edge.demo.cast import FOLDER as FEED
from edge.flow.deciding import OnUnit
from edge.flow.infringement import Infringements
from edge.flow.queue import CaseQueue
from edge.flow.rules import Rules
from edge.identify import Thresholds
from edge.link.mailbox import Mailbox
from edge.model import Claim, Driver, Packet, Photo, PlateRead, Rejection, Trigger
from edge.sensors.ring import Exposure, ExposureRing

RING_FRAMES, FPS, QUALITY, PHOTOS = 20, 30.0, 92, 3
READ_S = 0.05
RULES = Rules(
    site="bench",
    limit_kmh=50.0,
    tolerance_kmh=5.0,
    window_before_s=10.0,
    window_after_s=0.2,
    frames_per_case=PHOTOS,
    pre_trigger_frames=0,
    thresholds=Thresholds(accept=0.98, margin=6.0, slope=1.0, bias=0.0),
)


class Camera:
    """The real ring, fed with the frames of a clip of the demo at the camera's rate and size."""

    def __init__(self) -> None:
        clip = cv2.VideoCapture(str(min((FEED / "feed").glob("*.mp4"))))
        images = [image for _ in range(8) for found, image in [clip.read()] if found]
        self._images = [cv2.resize(image, (1280, 720)).astype(np.uint8, copy=False) for image in images]
        self.ring = ExposureRing(RING_FRAMES, stall_s=2.0)

    async def play(self) -> None:
        due_s = time.monotonic()
        for image in itertools.cycle(self._images):
            self.ring.push(Exposure(image.copy(), time.time(), time.monotonic_ns()))
            due_s = max(due_s + 1 / FPS, time.monotonic())
            await asyncio.sleep(due_s - time.monotonic())

    def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        return self.ring.photos(at_monotonic_ns, count, QUALITY)

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        return await self.ring.recent(at_monotonic_ns, count, QUALITY)


class Nobody:
    """A registry that knows no one."""

    async def driver(self, licence: str) -> Driver:
        raise NotImplementedError

    async def keeper(self, plate: str) -> str | None:
        return None

    async def country(self, plate: str) -> str | None:
        return None

    async def known(self, uids: Iterable[str]) -> frozenset[str]:
        return frozenset()


async def reads_nothing(photo: Path) -> tuple[PlateRead, ...]:
    await asyncio.sleep(READ_S)
    return ()


async def opens_nothing(packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[Rejection]]:
    return (), Counter()


@dataclass
class Measured:
    """One run: milliseconds from each edge to its durable case, and what the cases have."""

    ms: list[float] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    whole: int = 0

    def line(self, what: str) -> str:
        ordered = sorted(self.ms)
        p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
        return (
            f"| {what:8} | {len(self.numbers):5} | {self.whole:5} | {statistics.median(ordered):7.1f} | {p99:7.1f} "
            f"| {ordered[-1]:7.1f} |"
        )


async def drive(store: CaseStore, camera: Camera, rate: float, seconds: float, first: int) -> Measured:
    """*rate* triggers a second, each filed and decided."""
    flow = Infringements(
        RULES,
        camera=camera,
        mailbox=Mailbox(100, 60.0, 4),
        recognise=reads_nothing,
        decider=OnUnit(RULES, opens_nothing, Nobody()),
        registry=Nobody(),
        cases=store,
        right_of_way=store.right_of_way,
    )
    queue, measured = CaseQueue(flow, lambda case: None), Measured()
    edges: asyncio.Queue[Trigger] = asyncio.Queue()
    count = round(rate * seconds)

    async def file() -> None:
        for _ in range(count):
            trigger = await edges.get()
            number = await flow.file_trigger(trigger)
            assert number is not None
            measured.ms.append((time.monotonic_ns() - trigger.at_monotonic_ns) / 1e6)
            measured.numbers.append(number)
            queue.begin(number)

    filing = asyncio.create_task(file())
    begun_s = time.monotonic()
    for index in range(count):
        await asyncio.sleep(begun_s + index / rate - time.monotonic())
        trigger = Trigger(time.time(), time.monotonic_ns(), 80.0)
        flow.begin(trigger.at_monotonic_ns)
        edges.put_nowait(trigger)
    await filing
    await queue.drain(120.0)
    assert measured.numbers[0] == first
    return measured


@asynccontextmanager
async def crowd(folder: Path, state: Path, seconds: float) -> AsyncIterator[list[str]]:
    """A read that stays open, and verify, backup and export over and over; what each did is in the list."""
    done: list[str] = []
    stop = asyncio.Event()
    key = folder / "signing.key"

    def read() -> None:
        with closing(sqlite3.connect(StateFolder(state).database, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM cases").fetchone()
            time.sleep(seconds)
            reader.execute("ROLLBACK")

    async def over_and_over(name: str, *words: str) -> None:
        for turn in itertools.count():
            filled = [word.replace("TURN", str(turn)) for word in words]
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "edge", *filled, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            _, said = await process.communicate()
            done.append(name if process.returncode == 0 else f"{name} failed: {said.decode()[-200:]}")
            if stop.is_set():
                return

    where = ("--state-dir", str(state), "--signing-key", str(key))
    tasks = [
        asyncio.create_task(asyncio.to_thread(read)),
        asyncio.create_task(over_and_over("verify", "cases", "verify", *where)),
        asyncio.create_task(over_and_over("backup", "backup", str(folder / "backup-TURN"), *where)),
        asyncio.create_task(
            over_and_over("export", "cases", "export", "1", "2", "--to", str(folder / "TURN.zip"), *where)
        ),
    ]
    try:
        yield done
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def measure(folder: Path, rate: float, seconds: float) -> tuple[Measured, Measured, Counter[str], int]:
    state, key = folder / "state", folder / "signing.key"
    store = await CaseStore.open(state, create_signing_key(key), {"serial": "AVX-BENCH"})
    camera, upkeep = Camera(), Upkeep(store.housekeep)

    async def keep() -> None:
        while True:
            await asyncio.sleep(ROUND_S)
            await upkeep.round()

    background = [asyncio.create_task(camera.play()), asyncio.create_task(keep())]
    await asyncio.sleep(0.5)
    try:
        calm = await drive(store, camera, rate, seconds, 1)
        async with crowd(folder, state, seconds) as did:
            crowded = await drive(store, camera, rate, seconds, len(calm.numbers) + 1)
        await store.waiting()
        with Archive(state) as archive:
            for run in (calm, crowded):
                run.whole = sum(len(archive.manifest(number)["frames"]) == PHOTOS for number in run.numbers)
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await store.close()
    return calm, crowded, Counter(did), upkeep.failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rate", type=float, default=10.0)
    args = parser.parse_args()
    print(f"filing {args.rate:g} triggers a second, {args.seconds:g} s calm and {args.seconds:g} s crowded ...")
    with tempfile.TemporaryDirectory() as scratch:
        calm, crowded, did, failures = asyncio.run(measure(Path(scratch), args.rate, args.seconds))
    print(f"| {'':8} | cases | whole | median  | p99     | longest | (ms from edge to durable case)")
    print(calm.line("calm"))
    print(crowded.line("crowded"))
    print(f"beside: one read of {args.seconds:g} s, " + ", ".join(f"{name} {times}x" for name, times in did.items()))
    print(f"{failures} rounds of housekeeping failed")
    good = all(run.whole == len(run.numbers) == round(args.rate * args.seconds) for run in (calm, crowded))
    print("every case has every photo" if good else "BAD: photos are missing")
    return 0 if good and not any("failed" in name for name in did) else 1


if __name__ == "__main__":
    sys.exit(main())
