"""Attacks 15 to 18: too much of everything. Every table has a cap, and every cap is filled here."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, suppress

import aiohttp
import pytest

from edge.link.connection import MAX_BYTES, MAX_MESSAGES
from edge.link.frames import MAX_FRAME_BYTES
from edge.link.gate import ADDRESSES_PER_CONNECTION
from tests.support.link import ANNA, RawCar
from tests.support.link_unit import StartUnit, Unit

ACCEPTED = {"status": "accepted"}
STOCK_CLOSE_TIMEOUT_S = 10.0
GONE = (ConnectionError, aiohttp.ClientError)


async def test_15_a_message_beyond_the_limit_closes_the_connection(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.send("42" + "x" * MAX_FRAME_BYTES)
        await car.closed(5)
    assert unit.count("oversized") == 1
    await unit.empty()


async def test_15_fragments_add_up(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        transport = car.transport
        head = b"\x01\xfe\x04\x00\0\0\0\0"  # text, not final, 1,024 bytes, mask of zeros
        transport.write(head + b"x" * 1024)
        for _ in range(3):
            transport.write(b"\x00" + head[1:] + b"x" * 1024)
        await unit.empty()
    assert unit.count("oversized") == 1


async def test_15_a_length_that_never_comes_holds_nothing(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        transport = car.transport
        transport.write(b"\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff\0\0\0\0")
        await unit.empty()
    assert unit.count("oversized") == 1


async def test_15_a_client_that_ignores_the_close_frame_holds_nothing(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        transport = car.transport
        transport.pause_reading()
        transport.write(b"\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff\0\0\0\0")
        await unit.empty()
        transport.abort()
    assert unit.count("oversized") == 1
    async with RawCar(unit.port) as car:  # an error closes without waiting, a goodbye does not
        await car.connect()
        transport = car.transport
        transport.pause_reading()
        await car.send("1")
        async with asyncio.timeout(STOCK_CLOSE_TIMEOUT_S / 2):
            await unit.empty()
        transport.abort()


async def test_15_compression_is_not_offered(unit: Unit) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{unit.port}/socket.io/?EIO=4&transport=websocket"
        async with session.ws_connect(url, compress=15) as web_socket:
            assert not web_socket.compress


async def test_15_a_connection_has_a_budget_of_bytes(unit: Unit) -> None:
    """WebSocket pings are answered inside aiohttp, where no handler sees them."""
    async with RawCar(unit.port) as car:
        await car.connect()
        with suppress(*GONE):
            for _ in range(MAX_BYTES // 100 + 1):
                await car.web_socket.ping(b"x" * 100)
        await unit.empty()
    assert unit.count("oversized") == 1


async def test_16_a_client_that_never_sends_connect_is_closed(start_unit: StartUnit) -> None:
    unit = start_unit(connect_timeout_s=0.5)
    async with RawCar(unit.port) as car:
        await car.closed(10)  # answering pings all the while
    assert unit.count("no_answer") == 1
    await unit.empty()


async def test_16_nor_may_it_stay_by_knocking_elsewhere(start_unit: StartUnit) -> None:
    unit = start_unit(connect_timeout_s=0.5)
    async with RawCar(unit.port) as car:
        await car.send("40/admin,")
        await car.receive()
        await car.closed(10)
    assert unit.count("no_answer") == 1


async def test_16_a_client_that_never_answers_is_closed(start_unit: StartUnit) -> None:
    unit = start_unit(challenge_ttl_s=0.2)
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.closed(20)
    assert unit.count("no_answer") == 1
    await unit.empty()


async def test_16_a_client_that_stays_after_its_answer_is_closed(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        assert await car.exchange() == ACCEPTED
        await car.closed(20)
    assert unit.state()["counters"] == {"accepted": 1}


async def test_17_a_flood_from_one_address_leaves_the_others_served(start_unit: StartUnit) -> None:
    unit = start_unit(address_rate_per_s=5, address_burst=10)
    stop = asyncio.Event()

    async def flood() -> None:
        while not stop.is_set():
            with suppress(*GONE):
                async with RawCar(unit.port, source="127.0.0.66") as car:
                    await car.exchange()

    floods = [asyncio.create_task(flood()) for _ in range(8)]
    for number in range(30):
        async with RawCar(unit.port, source=f"127.0.1.{number + 1}") as car:
            assert await car.exchange() == ACCEPTED
    async with RawCar(unit.port, source="127.0.0.66") as car:  # an honest one from the address of the flood
        assert await car.exchange() == ACCEPTED
    stop.set()
    await asyncio.gather(*floods)
    await unit.empty()
    claims, _ = unit.opened()
    assert len(claims) >= 30


async def test_17_one_address_may_not_take_all_connections(start_unit: StartUnit) -> None:
    unit = start_unit(connections=20, address_connections=5)
    async with AsyncExitStack() as stack:
        cars = [await stack.enter_async_context(RawCar(unit.port, source="127.0.0.66")) for _ in range(10)]
        for car in cars[:5]:
            await car.closed(5)
        assert unit.state()["connections"] == 5
        async with RawCar(unit.port, source="127.0.0.1") as car:
            assert await car.exchange() == ACCEPTED
        assert await cars[5].exchange() == ACCEPTED
    assert unit.count("displaced") == 5


async def test_17_connections_have_a_cap_and_places_come_back(start_unit: StartUnit) -> None:
    unit = start_unit(connections=10)
    for _ in range(2):
        async with AsyncExitStack() as stack:
            cars = [
                await stack.enter_async_context(RawCar(unit.port, source=f"127.0.1.{number + 1}"))
                for number in range(10)
            ]
            async with RawCar(unit.port, source="127.0.2.1") as car:
                await cars[0].closed(5)  # the oldest of the network that has most
                assert unit.state()["connections"] == unit.state()["sessions"] == 10
                assert await car.exchange() == ACCEPTED
        await unit.empty()
    assert unit.count("displaced") == 2


async def test_17_visits_that_are_done_keep_their_places(start_unit: StartUnit) -> None:
    unit = start_unit(connections=3)
    async with AsyncExitStack() as stack:
        for number in range(3):
            car = await stack.enter_async_context(RawCar(unit.port, source=f"127.0.1.{number + 1}"))
            assert await car.exchange() == ACCEPTED
        with pytest.raises(GONE):
            await stack.enter_async_context(RawCar(unit.port, source="127.0.2.1"))
        assert unit.count("full") == 1
    async with RawCar(unit.port, source="127.0.2.1") as car:
        assert await car.exchange() == ACCEPTED


async def test_17_the_table_of_addresses_has_a_cap(start_unit: StartUnit) -> None:
    unit = start_unit(connections=5)
    cap = 5 * ADDRESSES_PER_CONNECTION
    for number in range(2 * cap):
        async with RawCar(unit.port, source=f"127.0.1.{number + 1}") as car:
            assert await car.exchange() == ACCEPTED
        assert unit.state()["addresses"] == min(number + 1, cap)


async def test_17_connections_that_say_nothing_are_closed(start_unit: StartUnit) -> None:
    unit = start_unit(connect_timeout_s=0.5)
    loop = asyncio.get_running_loop()
    sockets = [socket.create_connection(("127.0.0.1", unit.port)) for _ in range(20)]
    try:
        for one in sockets:
            one.setblocking(False)
            with suppress(ConnectionResetError):
                assert await asyncio.wait_for(loop.sock_recv(one, 1), 10) == b""
    finally:
        for one in sockets:
            one.close()
    await unit.empty()


async def test_18_an_event_flood_closes_the_connection(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        with suppress(*GONE):
            for number in range(MAX_MESSAGES + 1):
                await car.send(f'42{number}["hello"]')
        await car.closed(5)
    assert unit.count("too_many_messages") == 1
    assert unit.count("malformed") < MAX_MESSAGES
    await unit.empty()


async def test_18_unasked_pongs_close_the_connection(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        await car.send("3")
        await car.closed(5)
    assert unit.count("bad_frame") == 1


async def test_18_a_slow_reader_holds_nobody_up(start_unit: StartUnit) -> None:
    unit = start_unit(challenge_ttl_s=0.5)
    async with AsyncExitStack() as stack:
        for number in range(10):
            car = await stack.enter_async_context(RawCar(unit.port, source=f"127.0.1.{number + 1}"))
            transport = car.transport
            transport.pause_reading()
            stack.callback(transport.abort)
            await car.send("40")
            for ask in range(5):
                await car.send(f'42{ask}["hello"]')
        async with RawCar(unit.port, source="127.0.0.1") as car:
            assert await car.exchange() == ACCEPTED
        await unit.becomes(connections=0)


async def test_18_the_mailbox_has_a_cap(start_unit: StartUnit) -> None:
    unit = start_unit(mailbox_packets=20)
    for number in range(30):
        async with RawCar(unit.port) as car:
            await car.connect()
            reply = await car.packet(b"\1" * 512, f"uid{number}")
            assert reply == (ACCEPTED if number < 20 else {"status": "rejected", "reason": "busy"})
    async with RawCar(unit.port, source="127.0.0.2") as car:
        assert await car.exchange() == ACCEPTED
    assert unit.state()["mailbox"] == 20
    assert unit.opened()[0] == [[ANNA.licence, ANNA.plate]]


async def test_18_nonces_have_a_cap_and_die_with_their_connections(start_unit: StartUnit) -> None:
    unit = start_unit(connections=10)
    async with AsyncExitStack() as stack:
        cars = [await stack.enter_async_context(RawCar(unit.port)) for _ in range(10)]
        assert len({(await car.connect())["nonce"] for car in cars}) == 10
        newcomer = await stack.enter_async_context(RawCar(unit.port))
        await newcomer.connect()
        await unit.becomes(nonces=10)
    await unit.empty()  # of nonces, too


async def test_18_packets_are_gone_after_their_time(start_unit: StartUnit) -> None:
    unit = start_unit(packet_ttl_s=0.2)
    async with RawCar(unit.port) as car:
        assert await car.exchange() == ACCEPTED
    await unit.becomes(mailbox=0)


async def test_18_nothing_is_left_after_many_connections(unit: Unit) -> None:
    async def exchanges(count: int) -> None:
        for number in range(count):
            async with RawCar(unit.port, source=f"127.0.{number % 50 + 1}.1") as car:
                await car.connect()
                await car.packet(b"\1" * 512, f"uid{number % 100}")

    await exchanges(100)
    await unit.empty()
    before_kb, before = unit.resident_kb(), unit.state()
    await exchanges(300)
    await unit.empty()
    after_kb, after = unit.resident_kb(), unit.state()
    assert after["tasks"] <= before["tasks"] + 2
    assert after_kb - before_kb < 4 * 1024
