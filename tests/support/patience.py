"""A process that gives way to a filing for as long as the filing takes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest

from edge.cases.storage import right_of_way
from edge.cases.storage.right_of_way import Patience, RightOfWay

Result = TypeVar("Result")
LONGEST_S = 100.0


class Endless(Patience):
    """Patience whose clock stands still; ``begun`` is set when somebody waits."""

    def __init__(self) -> None:
        super().__init__(lambda: 0.0)
        self.begun = threading.Event()

    @contextmanager
    def waits(self) -> Iterator[None]:
        with super().waits():
            self.begun.set()
            yield


def endless(monkeypatch: pytest.MonkeyPatch) -> Endless:
    """Make this process's patience one that never ends."""
    patience = Endless()
    monkeypatch.setattr(right_of_way, "OWN", patience)
    return patience


@contextmanager
def waiting(way: RightOfWay, patience: Endless, work: Callable[[], Result]) -> Iterator[Future[Result]]:
    """In this block *work* waits in a thread for the right of way, which is taken; then it goes on and ends."""
    with ThreadPoolExecutor(1) as pool:
        patience.begun.clear()
        way.take(1)
        working = pool.submit(work)
        working.add_done_callback(lambda _: patience.begun.set())
        try:
            assert patience.begun.wait(LONGEST_S)
            assert not working.done(), "it did not wait"
            yield working
        finally:
            way.give_back(1)
        working.result()


async def has_begun(patience: Endless) -> None:
    """Return when somebody waits."""
    assert await asyncio.to_thread(patience.begun.wait, LONGEST_S)
