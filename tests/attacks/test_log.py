"""Attack 28: strangers who write into the log."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from contextlib import suppress

from tests.support.link_unit import StartUnit, Unit

UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: unit\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PING = b"\x89\x80\0\0\0\0"
CONNECT = b"\x81\x82\0\0\0\x0040"
RESET = struct.pack("ii", 1, 0)


def knock(port: int, *, wait: bool, tail: bytes) -> None:
    """Upgrade, send *tail*, and reset the connection, which leaves the unit with answers that nobody takes."""
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        stranger.sendall(UPGRADE)
        if wait:
            stranger.recv(4096)
        stranger.sendall(tail)


def loud(log: str) -> list[str]:
    """The lines of *log* above INFO."""
    lines = re.findall(r"^(?:WARNING|ERROR|CRITICAL):.*$", log, re.MULTILINE)
    return [line for line in lines if "no TLS certificate is set" not in line]


async def test_28_strangers_write_no_line_above_info(unit: Unit) -> None:
    before = len(unit.whole_log())
    for number in range(300):
        tail = (PING * 20, CONNECT + PING * 20, CONNECT * 2 + PING)[number % 3]
        await asyncio.to_thread(knock, unit.port, wait=number % 2 == 0, tail=tail)
    await unit.empty()
    assert loud(unit.whole_log()[before:]) == []
    assert unit.count("internal_error") == 0


async def test_28_faults_of_our_own_are_counted_and_told_once_a_second(start_unit: StartUnit) -> None:
    unit = start_unit()
    unit.ask("break")
    for _ in range(50):
        reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
        writer.write(UPGRADE + CONNECT)
        with suppress(ConnectionError):
            await reader.read()
        writer.transport.abort()
    await unit.empty()
    assert unit.count("internal_error") == 50
    log = unit.whole_log()
    assert loud(log) == []
    told = re.findall(r"^INFO:edge\.link.*failed inside the unit: Broken", log, re.MULTILINE)
    assert 1 <= len(told) < 25, "one a second, and fifty visits take a fraction of that"
