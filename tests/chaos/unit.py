"""Strikes against the whole daemon: ``autovelox run`` on a recorded feed, with its workers, models and registry."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from judge import judge_unit
from officers import looking
from station import CLIPS, PATIENCE_S, Station, small_disk
from tally import Tally

Strike = Callable[[Station, random.Random], None]
FULL = "daemon: a disk runs full, then has room again"
"""The one strike that must be able to mount a disk."""


def sigkill(station: Station, dice: random.Random) -> None:
    """Power fails some time after the first trigger; the next start decides what is pending."""
    daemon = station.start()
    station.expect(daemon, r"case \d+ filed")
    time.sleep(dice.random() * 4)
    daemon.stop(signal.SIGKILL)
    station.hear(daemon)


def sigkill_in_a_call(station: Station, dice: random.Random) -> None:
    """Power fails inside a write, sync, rename or unlink."""
    at, pause = dice.randrange(20, 200), dice.randrange(2000)
    daemon = station.start(FAULTS=f"kill {at} 0 0 {pause}", FAULTS_BELOW=str(station.folder / "state"))
    daemon.wait_for("no such line: it dies by itself", patience_s=PATIENCE_S)
    daemon.stop(signal.SIGKILL)
    station.hear(daemon)


def sigterm(station: Station, dice: random.Random) -> None:
    """Stopped in the middle of recognition: exit 0."""
    daemon = station.start()
    station.expect(daemon, r"case \d+ filed")
    time.sleep(dice.random() * 2)
    station.end(daemon)


def _strike_workers(station: Station, dice: random.Random, strike: Callable[[int], None], **environment: str) -> None:
    daemon = station.start(**environment)
    station.expect(daemon, r"case \d+ filed")
    workers = daemon.workers()
    time.sleep(dice.random())
    for pid in workers:
        strike(pid)
    heard = len(daemon.lines)
    station.expect(daemon, r"case \d+ filed", after=heard)
    station.expect(daemon, r"case \d+ decided", after=heard, times=3)
    station.end(daemon)
    _expect_gone(station, workers)


def _expect_gone(station: Station, pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.1)
    station.wrong += [f"worker {pid} outlived its daemon" for pid in pids if Path(f"/proc/{pid}").exists()]


def workers_killed(station: Station, dice: random.Random) -> None:
    """Both workers die at once; cases go on being filed and decided."""
    _strike_workers(station, dice, lambda pid: os.kill(pid, signal.SIGKILL))


def workers_stopped(station: Station, dice: random.Random) -> None:
    """Both workers stand still, wherever they are, perhaps before they took a job."""
    _strike_workers(station, dice, lambda pid: os.kill(pid, signal.SIGSTOP))


def workers_hung(station: Station, dice: random.Random) -> None:
    """Both workers hang for ever in a C function that holds the GIL: no thread, no signal handler runs there."""
    hung = station.folder / "hung"
    hung.touch()
    _strike_workers(station, dice, lambda pid: _append(hung, pid), FAULTS_HANG=str(hung))


def sigkill_while_workers_hang(station: Station, dice: random.Random) -> None:
    """The daemon dies while its workers hang in C with the GIL held: they must not outlive it."""
    hung = station.folder / "hung"
    hung.touch()
    daemon = station.start(FAULTS_HANG=str(hung))
    station.expect(daemon, r"case \d+ filed")
    workers = daemon.workers()
    for pid in workers:
        _append(hung, pid)
    station.expect(daemon, r"case \d+ filed", after=len(daemon.lines))
    time.sleep(dice.random())
    daemon.stop(signal.SIGKILL)
    station.hear(daemon)
    _expect_gone(station, workers)


def _append(file: Path, pid: int) -> None:
    with file.open("a", encoding="ascii") as out:
        out.write(f"{pid} ")


def clock_stepped(station: Station, dice: random.Random) -> None:
    """The wall clock jumps by an hour, either way, while cases are filed."""
    clock = station.folder / "clock"
    clock.write_text("0")
    daemon = station.start(FAULTS_CLOCK=str(clock))
    station.expect(daemon, r"case \d+ filed")
    for step in dice.sample(["3600", "-3600"], 2):
        clock.write_text(step)
        heard = len(daemon.lines)
        station.expect(daemon, r"case \d+ filed", after=heard)
        station.expect(daemon, r"case \d+ decided", after=heard)
    station.end(daemon)


def disk_fails(station: Station, dice: random.Random) -> None:
    """Some calls on the state folder fail; the daemon goes on, or stops and says why."""
    at, code, count = dice.randrange(20, 150), dice.choice([5, 28]), dice.choice([1, 3, 20])
    daemon = station.start(FAULTS=f"fail {at} {code} {count} 0", FAULTS_BELOW=str(station.folder / "state"))
    if daemon.wait_for(r"case \d+ decided", patience_s=PATIENCE_S):
        daemon.wait_for(r"case \d+ decided", after=len(daemon.lines), patience_s=PATIENCE_S)
    elif not any("autovelox: " in line or "cannot" in line for line in daemon.lines):
        station.wrong.append("the daemon stopped without a reason")
    daemon.stop(patience_s=PATIENCE_S)
    station.hear(daemon)


def camera_unplugged(station: Station, dice: random.Random) -> None:
    """The picture ends in the middle of a clip: said in the log, and the daemon can still be stopped."""
    station.feed((*CLIPS[:2], (CLIPS[2][0], 100_000, 60.0)))
    daemon = station.start()
    station.expect(daemon, r"case \d+ decided")
    station.expect(daemon, r"camera: .*focus\.mp4 ends before frame 100000")
    time.sleep(dice.random())
    station.end(daemon)


def disk_full(station: Station, dice: random.Random) -> None:
    """A disk that holds two MiB more than the reserve: warned of, then refused with a reason; then there is room."""
    state = station.folder / "state"
    with small_disk(state, f"{34 << 10}k") as grow:
        daemon = station.start()
        station.expect(daemon, r"room: \d+ MiB are left")
        station.expect(daemon, r"could not be made a case: the disk is full")
        time.sleep(dice.random())
        grow()
        heard = len(daemon.lines)
        station.expect(daemon, r"case \d+ filed", after=heard)
        station.expect(daemon, r"case \d+ decided", after=heard)
        station.end(daemon)
        shutil.copytree(state, station.folder / "kept")
    shutil.copytree(station.folder / "kept", state, dirs_exist_ok=True)


STRIKES: dict[str, Strike] = {
    "daemon: SIGKILL at a random moment": sigkill,
    "daemon: SIGKILL inside a call on the state folder": sigkill_in_a_call,
    "daemon: SIGTERM during recognition": sigterm,
    "daemon: both workers killed": workers_killed,
    "daemon: both workers stand still (SIGSTOP)": workers_stopped,
    "daemon: both workers hang in C, GIL held": workers_hung,
    "daemon: both workers hang in C, daemon SIGKILL": sigkill_while_workers_hang,
    "daemon: clock stepped by +1 h and -1 h": clock_stepped,
    "daemon: calls on the state folder fail (EIO, ENOSPC)": disk_fails,
    "daemon: camera unplugged": camera_unplugged,
    FULL: disk_full,
}


def run(name: str, template: Path, folder: Path, library: Path, seed: int, tally: Tally) -> None:
    """Strike a fresh unit once, and judge what it left."""
    shutil.copytree(template, folder)
    station = Station(folder, library)
    station.feed()
    # The disk that runs full is unmounted in the end, which a service that uses it would not allow.
    with nullcontext() if name == FULL else looking(station):
        STRIKES[name](station, random.Random(seed))
        station.recover()
    wrong, found = judge_unit(folder / "state", folder / "signing.key", station.filed, station.decided)
    tally.runs += 1
    tally.filed += len(station.filed)
    tally.found += len(station.filed & found)
    tally.wrong += [f"seed {seed}: {what}" for what in (*station.wrong, *wrong)]
    shutil.rmtree(folder)
