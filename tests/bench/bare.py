"""What the machine costs without our code, beside ``officers.py``: bare writes and syncs, and a load of other programs.

The load: processes that hash, scheduled as the officers' service is, one that writes the bytes of a package and syncs
them, one that appends and syncs as often as ten viewers do. What bare syncs lose to it is the machine's share.

    python tests/bench/bare.py

prints, in turn, what the order of the syncs of a case's files saves, what short slices of the processor do, what one
sync of an intake takes instead, and that in real time.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from edge.cases import be_first, be_prompt
from edge.cli import NICENESS

PACKAGE_BYTES, PACKAGE_EVERY_S = 16 << 20, 5.0
"""Size of a package of 100 cases, and how often one is written."""
PHOTO_BYTES, JOURNAL_BYTES, ENTRY_BYTES = 100_000, 1500, 20_000
"""A photo, the journal file of a case without packets, and what one entry adds to SQLite's log."""
ENTRY_EVERY_S = 0.2
INTAKE_RECORDS, INTAKE_RECORD_BYTES = 64, 1 << 17
FILINGS, PACE_S = 500, 0.02


def photo() -> bytes:
    """A photo of 1280x720, some 100 kB of JPEG."""
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (90, 160, 3), np.uint8)
    return bytes(cv2.imencode(".jpg", cv2.resize(small, (1280, 720)), [cv2.IMWRITE_JPEG_QUALITY, 85])[1])


@contextmanager
def crowd(works: list[tuple[Callable[..., None], tuple[object, ...]]]) -> Iterator[None]:
    """A process for each work, ended at the end of the block."""
    context = multiprocessing.get_context("fork")
    crowd = [context.Process(target=work, args=arguments, daemon=True) for work, arguments in works]
    for one in crowd:
        one.start()
    try:
        yield
    finally:
        for one in crowd:
            one.terminate()
            one.join()


@contextmanager
def bare_writer(folder: Path) -> Iterator[Connection]:
    """A process that writes when it is sent something, and answers how many seconds it took."""
    ours, its = multiprocessing.Pipe()
    (folder / "bare").mkdir()
    with crowd([(_write_bare, (folder / "bare", its))]):
        yield ours


def _write_bare(folder: Path, asked: Connection) -> None:
    be_prompt()
    data = photo(), os.urandom(JOURNAL_BYTES)
    for number in range(sys.maxsize):
        asked.recv()
        began = time.perf_counter()
        together(folder / str(number), *data)
        asked.send(time.perf_counter() - began)


def together(case: Path, photo: bytes, journal: bytes) -> None:
    """The files of a case, written as ``write_together`` of edge/cases/storage/durable.py does it."""
    case.mkdir()
    paths = case / "0.jpg", case / "pending.json.part"
    files = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) for path in paths]
    for file, content in zip(files, (photo, journal), strict=True):
        os.write(file, content)
    for file in files:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    for file in files:
        os.fsync(file)
        os.close(file)
    _sync(case.parent)
    _sync(case)
    paths[1].replace(case / "pending.json")
    _sync(case)


def one_by_one(case: Path, photo: bytes, journal: bytes) -> None:
    """The same as an earlier version did it: each file written, synced, renamed, and its folder synced."""
    case.mkdir()
    _sync(case.parent)
    for name, content in (("0.jpg", photo), ("pending.json", journal)):
        part = case / f"{name}.part"
        part.write_bytes(content)
        _sync(part)
        part.replace(case / name)
        _sync(case)


def into_an_intake(case: Path, photo: bytes, journal: bytes) -> None:
    """The same bytes into blocks that were written before, as edge/cases/storage/intake.py does it."""
    intake = os.open(case.with_name("intake.bin"), os.O_RDWR)
    os.pwrite(intake, photo + journal, int(case.name) % INTAKE_RECORDS * INTAKE_RECORD_BYTES)
    os.fdatasync(intake)
    os.close(intake)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


@contextmanager
def others(folder: Path, on: Event) -> Iterator[None]:
    """The third load: nothing of ours."""
    works: list[tuple[Callable[..., None], tuple[object, ...]]] = [(_hash, (on,))] * (os.cpu_count() or 1)
    works += [(_write_packages, (folder / "others.zip", on)), (_append, (folder / "others.log", on))]
    with crowd(works):
        yield


def _hash(on: Event) -> None:
    """Compute like a verification that nothing holds up, scheduled as the service is."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    photos = os.urandom(PACKAGE_BYTES)
    while on.wait():
        for at in range(0, PACKAGE_BYTES, PHOTO_BYTES):
            hashlib.sha256(photos[at : at + PHOTO_BYTES]).digest()


def _write_packages(path: Path, on: Event) -> None:
    """The bytes of a package, synced at the end, one after the other."""
    os.nice(NICENESS)
    package = os.urandom(PACKAGE_BYTES)
    while on.wait():
        with path.open("wb") as file:
            file.write(package)
            os.fsync(file.fileno())
        path.unlink()
        time.sleep(PACKAGE_EVERY_S)


def _append(path: Path, on: Event) -> None:
    """As many entries, each synced, as viewers' looks are."""
    os.nice(NICENESS)
    with path.open("ab") as file:
        while on.wait():
            file.write(os.urandom(ENTRY_BYTES))
            file.flush()
            os.fdatasync(file.fileno())
            time.sleep(ENTRY_EVERY_S)


def main() -> None:
    """What makes a case durable, in turn: its files as earlier, in today's order, with short slices; an intake."""
    data = photo(), os.urandom(JOURNAL_BYTES)
    with ExitStack() as stack:
        threads = (ThreadPoolExecutor(1, initializer=scheduled) for scheduled in (None, be_prompt, be_first))
        usual, prompt, first = map(stack.enter_context, threads)
        _measure(
            {
                "one by one": (usual, one_by_one),
                "together": (usual, together),
                "and prompt": (prompt, together),
                "an intake": (prompt, into_an_intake),
                "real time": (first, into_an_intake),
            },
            data,
        )


def _measure(ways: dict[str, tuple[ThreadPoolExecutor, Callable[..., None]]], data: tuple[bytes, bytes]) -> None:
    times: dict[str, list[float]] = {name: [] for name in ways}

    def timed(order: Callable[..., None], case: Path) -> float:
        began = time.perf_counter()
        order(case, *data)
        return time.perf_counter() - began

    with TemporaryDirectory() as scratch:
        (Path(scratch) / "intake.bin").write_bytes(bytes(INTAKE_RECORDS * INTAKE_RECORD_BYTES))
        _sync(Path(scratch) / "intake.bin")
        for number in range(FILINGS * len(ways)):
            name = list(ways)[number % len(ways)]
            thread, order = ways[name]
            times[name].append(thread.submit(timed, order, Path(scratch) / str(number)).result())
            time.sleep(PACE_S)
    cuts = {name: statistics.quantiles(each, n=100) for name, each in times.items()}
    before = cuts["one by one"]
    for name, each in cuts.items():
        spread = ", ".join(f"{each[at - 1] * 1e3:.1f}" for at in (50, 90, 99))
        ratios = ", ".join(f"{each[at - 1] / before[at - 1]:.2f}" for at in (50, 90, 99))
        print(f"{name:10} p50, p90, p99: {spread} ms; to one by one: {ratios}; {FILINGS} times")


if __name__ == "__main__":
    main()
