"""The thread that files runs in real time, others that write have short slices, and nothing else has either."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from edge.cases.storage.intake import Intake
from edge.cases.storage.journal import Journal
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.promptness import PRIORITY, SLICE_NS, First, be_first, be_prompt, slice_ns
from edge.cases.storage.right_of_way import LONGEST_S, RightOfWay
from edge.cases.store import CaseStore
from tests.support.accounts import as_stranger
from tests.support.cases import UNIT, photo, trigger

Result = TypeVar("Result")


def _in_thread(work: Callable[[], Result]) -> Result:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


needs_kernel = pytest.mark.skipif(not _in_thread(be_prompt), reason="needs Linux 6.12 and its usual scheduling")
needs_leave = pytest.mark.skipif(
    not _in_thread(First().take), reason="needs leave for real time: root, or LimitRTPRIO=1"
)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for another account")


def policy() -> int:
    """This thread's."""
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK


@needs_kernel
def test_what_a_prompt_thread_starts_is_as_everything_else() -> None:
    usual = _in_thread(slice_ns)
    child = [sys.executable, "-c", "from edge.cases.storage.promptness import slice_ns; print(slice_ns())"]

    def work() -> list[int]:
        assert be_prompt()
        own, nice = slice_ns(), os.getpriority(os.PRIO_PROCESS, 0)
        process = subprocess.run(child, capture_output=True, check=True)
        assert os.getpriority(os.PRIO_PROCESS, 0) == nice
        return [own, _in_thread(slice_ns), int(process.stdout)]

    own, of_thread, of_child = _in_thread(work)
    assert own == SLICE_NS < usual
    assert usual == of_thread == of_child


@needs_leave
def test_what_is_taken_for_a_while_is_given_back_and_nothing_else_gets_it() -> None:
    child = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"]

    def work() -> None:
        for is_prompt in False, True:
            assert not is_prompt or be_prompt()
            before, first = (policy(), slice_ns()), First()
            first.give_back()
            assert (policy(), slice_ns()) == before == (os.SCHED_OTHER, before[1])
            assert first.take() and first.take() and policy() == os.SCHED_RR
            assert os.sched_getparam(0).sched_priority == PRIORITY == os.sched_get_priority_min(os.SCHED_RR)
            assert _in_thread(policy) == os.SCHED_OTHER
            assert int(subprocess.run(child, capture_output=True, check=True).stdout) == os.SCHED_OTHER
            first.give_back()
            assert (policy(), slice_ns()) == before

    _in_thread(work)


@needs_leave
def test_the_loop_has_it_as_long_as_an_edge_has_the_right_of_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        way = RightOfWay(StateFolder(tmp_path))
        steps: list[tuple[Any, int]] = [
            (lambda: way.take(1), os.SCHED_RR), (lambda: way.take(2), os.SCHED_RR),
            (lambda: way.give_back(1), os.SCHED_RR), (lambda: way.give_back(2), os.SCHED_OTHER),
            (lambda: way.take(3), os.SCHED_RR), (way.expire, os.SCHED_RR),
        ]  # fmt: skip
        for step, expected in steps:
            step()
            assert policy() == expected
        now_s = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now_s + 2 * LONGEST_S)
        way.expire()
        assert policy() == os.SCHED_OTHER
        way.take(4)
        way.close()
        assert policy() == os.SCHED_OTHER
        way.take(5)
        assert policy() == os.SCHED_OTHER, "nobody would give that back"

    _in_thread(work)


@needs_kernel
@needs_leave
async def test_the_thread_that_files_has_it_always_and_the_next_has_short_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, before = list[tuple[str, int, int]](), (policy(), slice_ns())

    def watched(real: Any) -> Any:
        def write(*what: Any) -> Any:
            found.append((threading.current_thread().name.rpartition("_")[0], policy(), slice_ns()))
            return real(*what)

        return write

    monkeypatch.setattr(Intake, "put", watched(Intake.put))
    monkeypatch.setattr(Journal, "write", watched(Journal.write))
    store = await CaseStore.open(tmp_path, None, UNIT)
    number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    await store.add(number, photos=[photo(1)])
    (filing, real_time, _), adding = found
    assert (filing, real_time) == ("case-filing", os.SCHED_RR)
    assert adding == ("case-adding", os.SCHED_OTHER, SLICE_NS)
    assert (policy(), slice_ns()) == before and await asyncio.to_thread(slice_ns) == _in_thread(slice_ns) > SLICE_NS
    await store.close()


@needs_root
@needs_leave
@pytest.mark.parametrize("leave", [0, PRIORITY])
def test_an_account_has_it_with_leave_and_works_as_before_without(leave: int) -> None:
    before, most = resource.getrlimit(resource.RLIMIT_RTPRIO)

    def work() -> None:
        assert First().take() is (leave > 0)
        assert policy() == (os.SCHED_RR if leave else os.SCHED_OTHER)

    def for_good() -> None:
        prompt_ns = _in_thread(lambda: (be_prompt(), slice_ns())[1])
        assert be_first() is (leave > 0)
        assert policy() == os.SCHED_RR if leave else slice_ns() == prompt_ns

    try:
        resource.setrlimit(resource.RLIMIT_RTPRIO, (leave, max(most, leave)))
    except ValueError:
        pytest.skip("this root may not give leave")
    try:
        as_stranger(work)
        as_stranger(for_good)
    finally:
        resource.setrlimit(resource.RLIMIT_RTPRIO, (before, max(most, leave)))
