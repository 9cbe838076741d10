from __future__ import annotations

import socket
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from edge.link.connection import Connection
from edge.link.deferred import Deferred


@pytest.fixture
async def waiting() -> AsyncIterator[list[tuple[Connection, socket.socket]]]:
    """Four connections of two addresses, with sockets of their own."""
    counters: Counter[str] = Counter()
    found = [
        (Connection(source, counters, lambda _: None, connect_timeout_s=60), socket.socket())
        for source in ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2")
    ]
    yield found
    for connection, accepted in found:
        connection.closed()
        accepted.close()


async def test_addresses_take_turns_and_the_oldest_comes_first(waiting: list[tuple[Connection, socket.socket]]) -> None:
    deferred = Deferred()
    for each in waiting:
        deferred.put(*each)
    order = [deferred.next(lambda _: True, 4) for _ in range(5)]
    assert order == [waiting[0], waiting[3], waiting[1], waiting[2], None]
    assert not deferred


async def test_who_may_not_begin_is_passed_over(waiting: list[tuple[Connection, socket.socket]]) -> None:
    deferred = Deferred()
    for each in waiting:
        deferred.put(*each)
    assert deferred.next("10.0.0.2".__eq__, 1) is None, "one look is one address"
    assert deferred.next("10.0.0.2".__eq__, 4) == waiting[3]
    assert deferred.next("10.0.0.2".__eq__, 4) is None
    assert len(deferred) == 3


async def test_one_that_is_cut_waits_no_longer(waiting: list[tuple[Connection, socket.socket]]) -> None:
    deferred = Deferred()
    for each in waiting:
        deferred.put(*each)
    assert deferred.pop(waiting[0][0]) is waiting[0][1]
    assert deferred.pop(waiting[3][0]) is waiting[3][1]
    assert [deferred.next(lambda _: True, 4) for _ in range(3)] == [waiting[1], waiting[2], None]
