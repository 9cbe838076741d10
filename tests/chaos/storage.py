"""Faults of disk and power against the real case store, some hundred times a minute."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import shim
import victim
from judge import Account, judge
from tally import Tally

CASES = 8
LIVES = 3
"""So often the same folder is struck before it is thrown away: recovery itself is struck too."""

SPARE_BYTES = 300 << 10
"""What a small disk has left: room for a database, and for some of the cases of a life."""
LARGE_BYTES = 64 << 20


@dataclass(frozen=True)
class Fault:
    """Something that happens to a store: ``prepare`` in the victim, ``strike`` from outside, ``after`` its death."""

    name: str
    prepare: Callable[[random.Random, Path], None] | None = None
    strike: Callable[[random.Random, int], None] | None = None
    after: Callable[[random.Random, Path], None] | None = None
    small_disk: bool = False


def _kill_at_a_call(dice: random.Random, folder: Path) -> None:
    shim.arm(shim.KILL, dice.randrange(1, 260), folder, delay_us=dice.randrange(2000))


def _fail(*codes: int) -> Callable[[random.Random, Path], None]:
    def prepare(dice: random.Random, folder: Path) -> None:
        count = dice.choice([1, 1, 2, 5, 40, 10_000])
        shim.arm(shim.FAIL, dice.randrange(1, 260), folder, error=dice.choice(codes), count=count)

    return prepare


def _kill_soon(dice: random.Random, pid: int) -> None:
    time.sleep(dice.random() ** 2 * 2.5)
    os.kill(pid, signal.SIGKILL)


def _spoil_wal(dice: random.Random, folder: Path) -> None:
    """Damage the last page of the WAL, as a torn write does."""
    wal = folder / "cases.sqlite-wal"
    if wal.exists() and wal.stat().st_size > 4096:
        with wal.open("r+b") as file:
            file.seek(-dice.randrange(1, 4096), os.SEEK_END)
            file.write(dice.randbytes(64))


def _cut_wal(dice: random.Random, folder: Path) -> None:
    """Cut the end of the WAL off, as a lost write does."""
    wal = folder / "cases.sqlite-wal"
    if wal.exists() and wal.stat().st_size > 4096:
        os.truncate(wal, wal.stat().st_size - dice.randrange(1, 4096))


FAULTS = (
    Fault("SIGKILL at a random moment", strike=_kill_soon),
    Fault("SIGKILL inside a write, sync, rename or unlink", prepare=_kill_at_a_call),
    Fault("SIGKILL inside a call, last WAL page damaged", prepare=_kill_at_a_call, after=_spoil_wal),
    Fault("SIGKILL inside a call, end of the WAL lost", prepare=_kill_at_a_call, after=_cut_wal),
    Fault("write, sync, rename fail with EIO", prepare=_fail(errno.EIO)),
    Fault("write, sync, rename fail with ENOSPC", prepare=_fail(errno.ENOSPC)),
    Fault("a disk with 300 KiB left runs full", small_disk=True),
    Fault("a disk with 300 KiB left runs full, SIGKILL", strike=_kill_soon, small_disk=True),
)


def run(fault: Fault, folder: Path, seed: int, tally: Tally) -> None:
    """Strike one folder :data:`LIVES` times and judge it after each."""
    dice = random.Random(seed)
    with _disk(folder, small=fault.small_disk):
        state, account = folder / "state", Account()
        for _ in range(LIVES):
            if fault.small_disk:
                _resize(folder, shutil.disk_usage(folder).used + SPARE_BYTES)
            account.read(_one_life(fault, dice, state))
            if fault.after is not None:
                fault.after(dice, state)
            if fault.small_disk:
                _resize(folder, LARGE_BYTES)  # somebody purges, or puts in a larger disk
            wrong = judge(state, account)
            tally.runs += 1
            if wrong:
                tally.wrong.append(f"seed {seed}: {wrong[0]}")
                break
        tally.filed += len(account.filed)
        tally.found += sum((state / "frames" / f"{number:08d}").is_dir() for number in account.filed)
        tally.refused += account.refused


def _one_life(fault: Fault, dice: random.Random, state: Path) -> str:
    """One victim from start to end; returns its account."""
    reader, writer = os.pipe()
    seed = dice.getrandbits(32)
    inner = random.Random(seed)

    def live() -> None:
        os.close(reader)
        if fault.prepare is not None:
            fault.prepare(inner, state)
        victim.misuse(state, writer, seed, CASES)

    pid = victim.in_a_child(live)
    os.close(writer)
    said: list[bytes] = []
    listener = threading.Thread(target=lambda: said.extend(iter(lambda: os.read(reader, 65536), b"")))
    listener.start()
    if fault.strike is not None:
        fault.strike(inner, pid)
    os.waitpid(pid, 0)
    listener.join()
    os.close(reader)
    return b"".join(said).decode()


@contextmanager
def _disk(folder: Path, *, small: bool) -> Iterator[None]:
    folder.mkdir(parents=True)
    if small:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={LARGE_BYTES}", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        if small:
            subprocess.run(["umount", str(folder)], check=True)
        shutil.rmtree(folder)


def _resize(folder: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def can_mount() -> bool:
    """Whether a small disk can be made here."""
    return os.geteuid() == 0 and shutil.which("mount") is not None
