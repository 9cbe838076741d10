"""The right of way: while the unit files a case everything else waits, never for long, and never with a lock."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from edge.cases.storage import right_of_way
from edge.cases.storage.database import connect, transaction
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.right_of_way import LONGEST_S, Patience, RightOfWay, give_way, is_filing, pauses
from edge.errors import CaseError
from tests.support.cases import filled
from tests.support.patience import endless


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    """This process's patience, which never ends."""
    return endless(monkeypatch)


@pytest.fixture
def way(tmp_path: Path) -> Iterator[RightOfWay]:
    """The daemon's side."""
    taken = RightOfWay(StateFolder(tmp_path))
    yield taken
    taken.close()


def test_who_gives_way_waits_until_the_case_is_filed(tmp_path: Path, way: RightOfWay, patience: Patience) -> None:
    folder = StateFolder(tmp_path)
    assert list(pauses(folder)) == []
    way.take(1)
    waiting = pauses(folder)
    assert all(next(waiting) > 0 for _ in range(100)) and patience.is_waiting
    way.give_back(1)
    assert list(waiting) == [] and not patience.is_waiting


def test_it_is_given_back_when_the_last_of_several_edges_is_filed(tmp_path: Path, way: RightOfWay) -> None:
    folder = StateFolder(tmp_path)
    for edge in (1, 2, 2):
        way.take(edge)
    way.give_back(1)
    assert is_filing(folder)
    way.give_back(2)
    assert not is_filing(folder)
    way.give_back(2)
    assert not is_filing(folder)


def test_an_edge_of_which_nothing_is_heard_keeps_it_for_half_a_second(
    tmp_path: Path, way: RightOfWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(right_of_way.time, "monotonic", clock)
    way.take(1)
    clock.now_s += LONGEST_S * 0.9
    way.take(2)
    way.expire()
    assert is_filing(StateFolder(tmp_path))
    clock.now_s += LONGEST_S * 0.2
    way.expire()
    assert is_filing(StateFolder(tmp_path)), "the second edge is fresh"
    clock.now_s += LONGEST_S
    way.expire()
    assert not is_filing(StateFolder(tmp_path))


def _take_for_ever(state: Path, taken: Event) -> None:
    RightOfWay(StateFolder(state)).take(1)
    taken.set()
    threading.Event().wait()


def test_a_daemon_that_is_killed_keeps_nobody_waiting(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    taken = spawn.Event()
    daemon = spawn.Process(target=_take_for_ever, args=(tmp_path, taken), daemon=True)
    daemon.start()
    try:
        assert taken.wait(60)
        assert is_filing(StateFolder(tmp_path))
    finally:
        daemon.kill()
        daemon.join()
    assert not is_filing(StateFolder(tmp_path))


def _take_with_children(state: Path, told: Connection) -> None:
    """Take the right of way, then start what a unit starts: a worker of the fork server, and a program."""
    RightOfWay(StateFolder(state)).take(1)
    mine, its = multiprocessing.Pipe()
    worker = multiprocessing.get_context("forkserver").Process(target=_outlive, args=(its,), daemon=True)
    worker.start()
    program = subprocess.Popen(["/bin/sleep", "600"])
    mine.recv()
    told.send([worker.pid, program.pid])
    threading.Event().wait()


def _outlive(told: Connection) -> None:
    told.send("running")
    threading.Event().wait()


def test_what_a_killed_daemon_had_started_does_not_hold_it(tmp_path: Path) -> None:
    """An OFD lock lasts as long as any copy of the descriptor: none of these has one."""
    mine, its = multiprocessing.Pipe()
    daemon = multiprocessing.get_context("spawn").Process(target=_take_with_children, args=(tmp_path, its))
    daemon.start()
    its.close()
    children: list[int] = []
    try:
        assert mine.poll(60)
        children = mine.recv()
        assert is_filing(StateFolder(tmp_path))
        daemon.kill()
        daemon.join()
        assert all(Path(f"/proc/{pid}").is_dir() for pid in children)
        assert not is_filing(StateFolder(tmp_path))
    finally:
        daemon.kill()
        daemon.join()
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_without_a_daemon_nobody_waits(tmp_path: Path) -> None:
    assert list(pauses(StateFolder(tmp_path))) == []
    assert list(pauses(StateFolder(tmp_path / "nowhere"))) == []


def test_a_daemon_that_hangs_lets_others_work_half_of_the_time(
    tmp_path: Path, way: RightOfWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never gives back. Each step of the others takes 10 ms, each pause what it says."""
    clock = Clock()
    monkeypatch.setattr(right_of_way, "OWN", Patience(clock))
    way.take(1)
    worked_s = waited_s = stretch_s = 0.0
    for _step in range(1000):
        before_s = waited_s
        for pause_s in pauses(StateFolder(tmp_path)):
            clock.now_s += pause_s
            waited_s += pause_s
        stretch_s = max(stretch_s, waited_s - before_s)
        clock.now_s += 0.01
        worked_s += 0.01
    assert waited_s > LONGEST_S, "it gave way more than once"
    assert stretch_s <= LONGEST_S + 2 * right_of_way.POLL_S
    assert worked_s >= waited_s * 0.98


def test_a_storm_of_triggers_leaves_others_half_of_the_time(
    tmp_path: Path, way: RightOfWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case is filed for 90 of every 100 ms, which is more than an edge in 100 ms can be."""
    clock = Clock()
    monkeypatch.setattr(right_of_way, "OWN", Patience(clock))
    worked_s = waited_s = 0.0

    def pass_time(step_s: float) -> None:
        clock.now_s += step_s
        way.take(1) if clock.now_s % 0.1 < 0.09 else way.give_back(1)

    while worked_s + waited_s < 20.0:
        for pause_s in pauses(StateFolder(tmp_path)):
            pass_time(pause_s)
            waited_s += pause_s
        pass_time(0.001)
        worked_s += 0.001
    assert worked_s > 0.95 * waited_s > LONGEST_S


def test_threads_that_wait_together_use_up_patience_once() -> None:
    clock = Clock()
    patience = Patience(clock)
    with patience.waits(), patience.waits(), patience.waits():
        clock.now_s += LONGEST_S * 0.9
        assert patience.lasts()
        clock.now_s += LONGEST_S * 0.2
        assert not patience.lasts()
    clock.now_s += LONGEST_S * 0.9
    assert not patience.lasts(), "it works for as long as it waited"
    clock.now_s += LONGEST_S * 0.2
    assert patience.lasts()


HOSTILE: dict[str, Callable[[Path], object]] = {
    "a pipe": lambda path: os.mkfifo(path, 0o666),
    "a link to a file that is there": lambda path: path.symlink_to("/etc/hostname"),
    "a link to nothing": lambda path: path.symlink_to(path.parent / "nothing"),
    "a link to a terminal": lambda path: path.symlink_to("/dev/ptmx"),
    "an empty file": lambda path: path.touch(0o600),
    "a file with something in it": lambda path: path.write_bytes(b"\xff" * 5000),
}


@pytest.mark.parametrize("what", list(HOSTILE))
def test_what_lies_in_its_place_holds_nobody_up(tmp_path: Path, what: str) -> None:
    folder = StateFolder(tmp_path)
    HOSTILE[what](folder.filing_lock)
    assert list(pauses(folder)) == []
    way = RightOfWay(folder)
    try:
        assert folder.filing_lock.lstat().st_mode == 0o100600, "a regular file, the unit's alone"
        way.take(1)
        assert is_filing(folder)
    finally:
        way.close()


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    StateFolder(tmp_path).filing_lock.mkdir()
    assert list(pauses(StateFolder(tmp_path))) == []
    with pytest.raises(CaseError, match=r"filing\.lock cannot be made"):
        RightOfWay(StateFolder(tmp_path))


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_what_another_account_locks_in_its_place_counts_for_nothing(tmp_path: Path) -> None:
    """An earlier version let officers' accounts write into the folder."""
    folder = StateFolder(tmp_path)
    foreign = RightOfWay(folder)
    os.chown(folder.filing_lock, 61001, 61001)
    foreign.take(1)
    assert list(pauses(folder)) == []
    own = RightOfWay(folder)
    own.take(1)
    assert is_filing(folder)
    own.close()
    assert not is_filing(folder)
    foreign.close()


def test_whoever_asks_keeps_the_daemon_from_nothing(tmp_path: Path, way: RightOfWay, patience: Patience) -> None:
    """A hundred threads ask all the time; a lock that they took for it, however shortly, would refuse the daemon's."""
    folder, stop = StateFolder(tmp_path), threading.Event()

    def ask() -> None:
        while not stop.is_set():
            is_filing(folder)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask) for _ in range(8)]
        seen = []
        for edge in range(300):
            way.take(edge)
            seen.append(is_filing(folder))
            way.give_back(edge)
            seen.append(is_filing(folder))
        stop.set()
        for each in asking:
            each.result()
    assert seen == [True, False] * 300


async def test_nobody_waits_inside_a_transaction(tmp_path: Path, patience: Patience) -> None:
    """Whoever holds the write lock and waits would keep the daemon from entering cases."""
    await filled(tmp_path, 1)
    folder = StateFolder(tmp_path)
    way = RightOfWay(folder)
    way.take(1)
    try:
        with closing(connect(folder.database)) as database:
            with transaction(database):
                assert list(pauses(folder)) == []
                give_way(folder)  # it would never return
            assert next(pauses(folder)) > 0, "after the transaction it waits again"
    finally:
        way.close()
