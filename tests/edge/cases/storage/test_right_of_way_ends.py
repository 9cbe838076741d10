"""The right of way ends by itself, and with its store."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from edge.cases.storage.layout import StateFolder
from edge.cases.storage.right_of_way import RightOfWay, is_filing
from edge.cases.store import CaseStore
from tests.support.cases import UNIT
from tests.support.eventually import eventually


async def test_a_store_whose_housekeeping_waits_gives_it_back_all_the_same(tmp_path: Path) -> None:
    """A purge, or a program that holds the database, keeps housekeeping for minutes."""
    store = await CaseStore.open(tmp_path, None, UNIT)
    try:
        store.right_of_way.take(1)
        assert is_filing(StateFolder(tmp_path))
        await eventually(lambda: not is_filing(StateFolder(tmp_path)))
    finally:
        await store.close()


def test_what_is_taken_after_the_end_locks_no_other_file(tmp_path: Path) -> None:
    """The number of a closed file is soon another one's."""
    later: list[Callable[[], None]] = []
    way = RightOfWay(StateFolder(tmp_path), lambda _seconds, call: later.append(call))
    way.take(1)
    way.close()
    with (tmp_path / "another").open("w+b") as other:
        before = Path("/proc/locks").read_text(encoding="ascii").count(f":{os.fstat(other.fileno()).st_ino} ")
        for call in (*later, lambda: way.take(2), lambda: way.give_back(3), way.expire, way.close):
            call()
        after = Path("/proc/locks").read_text(encoding="ascii").count(f":{os.fstat(other.fileno()).st_ino} ")
    assert (before, after) == (0, 0)
