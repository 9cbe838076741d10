"""What the service manager and its journal receive, over real sockets."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.daemon.journald import JournalHandler, entry, handler
from edge.daemon.systemd import Notifier


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(10)
        yield listener


def environment(manager: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.getsockname(), **more}


def test_ready_and_stopping_are_told(manager: socket.socket) -> None:
    notifier = Notifier(environment(manager))
    notifier.ready()
    assert manager.recv(4096) == b"READY=1\nSTATUS=ready"
    notifier.stopping()
    assert manager.recv(4096) == b"STOPPING=1\nSTATUS=stopping"


def test_an_abstract_socket_is_understood() -> None:
    name = f"autovelox-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        listener.settimeout(10)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).ready()
        assert listener.recv(4096).startswith(b"READY=1")


def test_without_a_manager_or_with_a_dead_one_nothing_happens(manager: socket.socket) -> None:
    Notifier({}).ready()
    gone = environment(manager)
    manager.close()
    Path(gone["NOTIFY_SOCKET"]).unlink()
    Notifier(gone).ready()


@pytest.mark.parametrize(
    ("more", "period_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),  # meant for another process
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_period(more: dict[str, str], period_s: float | None) -> None:
    assert Notifier(more).watchdog_s == period_s


async def feeds(manager: socket.socket, problems: Callable[[], dict[str, str]]) -> list[bytes]:
    notifier = Notifier(environment(manager, WATCHDOG_USEC="30000"))
    feeding = asyncio.create_task(notifier.feed(problems, {"camera", "workers"}))
    received = [await asyncio.to_thread(manager.recv, 4096) for _ in range(3)]
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    return received


async def test_a_healthy_unit_feeds_the_watchdog(manager: socket.socket) -> None:
    assert await feeds(manager, dict) == [b"WATCHDOG=1\nSTATUS=ready"] * 3


async def test_a_vital_part_that_fails_starves_the_watchdog(manager: socket.socket) -> None:
    received = await feeds(manager, lambda: {"camera": "no frame\nfor 9 s"})
    assert received == [b"STATUS=camera: no frame for 9 s"] * 3


async def test_another_part_that_fails_is_told_but_feeds_on(manager: socket.socket) -> None:
    received = await feeds(manager, lambda: {"radar": "unplugged"})
    assert received == [b"WATCHDOG=1\nSTATUS=radar: unplugged"] * 3


async def test_without_a_watchdog_there_is_nothing_to_feed() -> None:
    async with asyncio.timeout(10):
        await Notifier({}).feed(dict, ())


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("edge.daemon.main", logging.WARNING, __file__, 1, message, None, None, "decide")
    made.__dict__.update(extra)
    return made


def test_a_record_becomes_fields_and_only_known_extras() -> None:
    sent = entry(record("case decided", case=12, plate="AB123CD"), "case decided")
    assert sent == (
        b"MESSAGE=case decided\nPRIORITY=4\nSYSLOG_IDENTIFIER=autovelox\nLOGGER=edge.daemon.main\nCODE_FUNC=decide\n"
        b"AUTOVELOX_CASE=12\n"
    )


def test_a_message_of_two_lines_cannot_forge_a_field() -> None:
    sent = entry(record("x"), "first\nPRIORITY=0")
    assert sent.startswith(b"MESSAGE\n" + (16).to_bytes(8, "little") + b"first\nPRIORITY=0\nPRIORITY=4\n")


def test_the_journal_receives_records_and_may_go_away(manager: socket.socket) -> None:
    journal = JournalHandler(Path(manager.getsockname()))
    journal.handle(record("hello"))
    assert b"MESSAGE=hello\n" in manager.recv(4096)
    manager.close()
    journal.handle(record("nobody hears this"))
    journal.close()


def test_outside_of_a_service_the_log_goes_to_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    assert isinstance(handler(), logging.StreamHandler)
