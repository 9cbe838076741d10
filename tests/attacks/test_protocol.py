"""Attacks 12 to 14 and 19: events, frames and namespaces that no car sends."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from edge.config import LinkSettings
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from tests.support.link import ANNA, RawCar
from tests.support.link_unit import Unit

ACCEPTED = {"status": "accepted"}
MALFORMED = {"status": "rejected", "reason": "malformed"}
PAYLOAD = base64.b64encode(b"\1" * 512).decode()


@pytest.mark.parametrize("event", ["connect", "disconnect", "message", "challenge", "*", "__class__"])
async def test_12_forged_events_run_nothing(unit: Unit, event: str) -> None:
    async with RawCar(unit.port) as car:
        challenge = await car.connect()
        forged = {"connection": {"source": "127.6.6.6"}, "REMOTE_ADDR": "127.6.6.6"}
        assert await car.ask(event, forged, "reason") == MALFORMED
        assert await car.packet(car.seal()) == ACCEPTED  # the challenge still stands: no handler ran again
        assert car.challenge == challenge
    assert unit.opened() == ([[ANNA.licence, ANNA.plate]], {})


async def test_12_a_second_connect_brings_no_second_challenge(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.send("40")
        await car.closed()
    assert unit.count("bad_frame") == 1
    await unit.empty()


async def test_13_binary_attachments_close_the_connection(unit: Unit) -> None:
    # With a count, and with none: there the packet's type alone gives it away.
    for announced in ("451000-", "461000-", "450-", "45", "46"):
        async with RawCar(unit.port) as car:
            await car.connect()
            await car.send(announced + '["packet",{"_placeholder":true,"num":0}]')
            await car.closed()
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.web_socket.send_bytes(b"\0" * 1000)
        await car.closed()
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.send("b" + PAYLOAD)
        await car.closed()
    assert unit.count("bad_frame") == 7
    await unit.empty()


async def test_13_memory_stays_flat_under_attachments(unit: Unit) -> None:
    async def pour() -> None:
        async with RawCar(unit.port, source="127.0.0.66") as car:
            await car.connect()
            try:
                await car.send('451000-["packet",{"_placeholder":true,"num":0}]')
                for _ in range(500):
                    await car.web_socket.send_bytes(b"\0" * 4096)
            except (ConnectionError, aiohttp.ClientError):
                pass
            await car.closed()

    await pour()
    before_kb = unit.resident_kb()
    for _ in range(50):
        await pour()
    await unit.empty()
    # 50 x 2 MB were poured; what remains is the allocator's noise.
    assert unit.resident_kb() - before_kb < 8 * 1024


MALFORMED_FRAMES = [
    "",
    "x",
    "7",
    "0",
    "2",
    "2probe",
    "5",
    "6",
    "3probe",
    "4",
    "4x",
    "43[]",
    "431[{}]",
    "44",
    "46",
    "47",
    "49",
    "4²",
    '42٣["packet",{}]',
    "42",
    "42null",
    "42[",
    "42[]",
    "42[1]",
    "42{}",
    '42["packet",NaN]',
    '42["packet",1e999]',
    '42["packet",{"uid":"a","uid":"b"}]',
    '421-["packet"]',
    "42" + "1" * 101 + '["packet"]',
    "4211111111111" + '["packet"]',
    '42["packet"' + "[" * 500,
    '42/admin,["packet"]',
    '42["\x00"',
    '42["é"]',
    "40",
    "41/admin,",
    "4" + "9" * 50,
]


@pytest.mark.parametrize("frame", MALFORMED_FRAMES, ids=ascii)
async def test_14_malformed_frames_free_everything_at_once(unit: Unit, frame: str) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.send(frame)
        await car.closed(5)
        await unit.empty()  # while the client still holds its end
    assert unit.count("bad_frame") == 1


@pytest.mark.parametrize("frame", ['42["packet"]', "41", "40[]", '40"x"', "40{", "x", "3"], ids=ascii)
async def test_14_malformed_frames_before_connect(unit: Unit, frame: str) -> None:
    async with RawCar(unit.port) as car:
        await car.send(frame)
        await car.closed(5)
        await unit.empty()
    assert unit.count("bad_frame") == 1


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\x81\x02hi", id="not masked"),
        pytest.param(b"\xf1\x80\0\0\0\0", id="reserved bits"),
        pytest.param(b"\x83\x80\0\0\0\0", id="unknown opcode"),
        pytest.param(b"\x09\x80\0\0\0\0", id="fragmented ping"),
        pytest.param(b"\x89\xfe\0\x80\0\0\0\0" + b"x" * 128, id="long ping"),
        pytest.param(b"\x80\x80\0\0\0\0", id="continuation of nothing"),
        pytest.param(b"\x81\x82\0\0\0\0\xff\xff", id="text that is not UTF-8"),
        pytest.param(b"\x88\x81\0\0\0\0\x00", id="half a close code"),
    ],
)
async def test_14_malformed_websocket_frames_free_everything_at_once(unit: Unit, raw: bytes) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        transport = car.transport
        transport.write(raw)
        await unit.empty()
    assert sum(unit.state()["counters"].values()) <= 1


async def test_14_every_way_to_die_is_noticed_at_once(unit: Unit) -> None:
    for stage in ("opened", "challenged", "answered"):
        for death in ("abort", "eof", "close", "engine close"):
            async with RawCar(unit.port) as car:
                if stage != "opened":
                    await car.connect()
                if stage == "answered":
                    await car.packet(car.seal())
                transport = car.transport
                match death:
                    case "abort":
                        transport.abort()
                    case "eof":
                        transport.close()
                    case "close":
                        await car.web_socket.close()
                    case "engine close":
                        await car.send("1")
                await unit.empty()


class Rooms(dict[Any, Any]):
    """A namespace's rooms that count how often somebody goes through all of them; one room stays."""

    passes = 0

    def __init__(self) -> None:
        super().__init__(standing={})

    def copy(self) -> Rooms:
        self.passes += 1
        return self

    def __iter__(self) -> Iterator[Any]:
        self.passes += 1
        return super().__iter__()


async def test_14_leaving_goes_through_no_table() -> None:
    server = LinkServer(LinkSettings(port=0), Mailbox(10, 60, 4))
    await server.start()
    try:
        server.exchange.manager.rooms["/"] = rooms = Rooms()
        async with RawCar(server.port) as car:
            assert await car.exchange() == ACCEPTED
            assert len(rooms) == 3
            await car.send("41")
            assert await car.ask("packet", {}) == MALFORMED
            assert len(rooms) == 1
        async with RawCar(server.port) as car:
            assert await car.exchange() == ACCEPTED
        async with asyncio.timeout(10):
            while server.connections:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (len(rooms), rooms.passes) == (1, 0)
    finally:
        await server.stop()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        [{}],
        [None],
        ["x"],
        [{"uid": ANNA.uid}],
        [{"uid": ANNA.uid, "payload": PAYLOAD}, 1],
        [{"uid": ANNA.uid, "payload": PAYLOAD, "extra": 1}],
        [{"uid": 1, "payload": PAYLOAD}],
        [{"uid": None, "payload": PAYLOAD}],
        [{"uid": [ANNA.uid], "payload": PAYLOAD}],
        [{"uid": ANNA.uid, "payload": 1}],
        [{"uid": ANNA.uid, "payload": PAYLOAD[:-1]}],
        [{"uid": ANNA.uid, "payload": PAYLOAD[:-4] + "===="}],
        [{"uid": ANNA.uid, "payload": "-" + PAYLOAD[1:]}],
        [{"uid": ANNA.uid, "payload": " " + PAYLOAD[1:]}],
    ],
    ids=lambda arguments: json.dumps(arguments)[:60],
)
async def test_19_wrong_arity_and_types_are_answered(unit: Unit, arguments: list[object]) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        assert await car.ask("packet", *arguments) == MALFORMED
    assert unit.state()["mailbox"] == 0


async def test_19_unknown_events_are_answered_and_change_nothing(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        assert await car.ask("hello", {}) == MALFORMED
        assert await car.packet(car.seal()) == ACCEPTED


async def test_19_an_event_without_acknowledgement_is_no_error(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        body = {"uid": ANNA.uid, "payload": base64.b64encode(car.seal()).decode()}
        await car.send(f"42{json.dumps(['packet', body])}")
        await unit.becomes(mailbox=1)


async def test_19_unknown_namespaces_are_refused(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.send("40/admin,")
        assert (await car.receive()).startswith("44/admin,")
        assert await car.exchange() == ACCEPTED


async def test_19_the_challenge_comes_after_the_connect_packet(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.send("40")
        assert [(await car.receive())[:3] for _ in range(2)] == ["40{", "42["]


async def test_19_nothing_comes_before_connect(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        with pytest.raises(asyncio.TimeoutError):
            await car.receive(0.3)


async def test_19_after_disconnect_nothing_counts(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.send("41")
        assert await car.packet(car.seal()) == MALFORMED
    assert unit.state()["mailbox"] == 0
