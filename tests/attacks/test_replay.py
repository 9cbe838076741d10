"""Attacks 1 to 4: answers to other challenges, late answers, two answers."""

from __future__ import annotations

import asyncio
import base64
import json
import time

from edge.crypto.packet import seal
from tests.support.link import ANNA, RawCar
from tests.support.link_unit import StartUnit, Unit

ACCEPTED = {"status": "accepted"}
ANNAS_CLAIM = [ANNA.licence, ANNA.plate]


async def test_00_an_honest_exchange_counts(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        assert await car.exchange() == ACCEPTED
    assert unit.opened() == ([ANNAS_CLAIM], {})
    await unit.empty()


async def test_01_a_replayed_packet_does_not_count(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        recorded = car.seal()
        assert await car.packet(recorded) == ACCEPTED
    for _ in range(3):
        async with RawCar(unit.port) as thief:
            await thief.connect()
            assert await thief.packet(recorded) == ACCEPTED  # nobody looks inside before a trigger
    assert unit.opened() == ([ANNAS_CLAIM], {"nonce": 3})


async def test_02_a_nonce_of_another_connection_does_not_count(unit: Unit) -> None:
    async with RawCar(unit.port) as one, RawCar(unit.port) as other:
        await one.connect()
        await other.connect()
        assert await other.packet(one.seal()) == ACCEPTED
    assert unit.opened() == ([], {"nonce": 1})


async def test_03_a_late_answer_is_refused(start_unit: StartUnit) -> None:
    unit = start_unit(challenge_ttl_s=0.2)
    async with RawCar(unit.port) as car:
        await car.connect()
        await asyncio.sleep(0.4)
        assert await car.packet(car.seal()) == {"status": "rejected", "reason": "expired"}
    assert unit.state()["mailbox"] == 0


async def test_03_another_timestamp_does_not_count(unit: Unit) -> None:
    for shift in (-3600, -1, 1, 3600, 10**9):
        async with RawCar(unit.port) as car:
            await car.connect()
            payload = seal(
                ANNA.key.public_key(),
                plate=ANNA.plate,
                licence=ANNA.licence,
                nonce=car.challenge["nonce"],
                timestamp=car.challenge["timestamp"] + shift,
            )
            assert await car.packet(payload) == ACCEPTED
    assert unit.opened() == ([], {"timestamp": 5})


async def test_03_the_units_clock_decides(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        assert abs((await car.connect())["timestamp"] - time.time()) < 60


async def test_04_of_two_packets_at_once_exactly_one_counts(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        for number in (1, 2, 3):
            body = {"uid": ANNA.uid, "payload": base64.b64encode(car.seal()).decode()}
            await car.send(f"42{number}{json.dumps(['packet', body])}")
        replies = [(await car.receive())[3:] for _ in range(3)]
    assert [json.loads(reply)[0] for reply in replies] == [ACCEPTED, *[{"status": "rejected", "reason": "used"}] * 2]
    assert unit.opened() == ([ANNAS_CLAIM], {})


async def test_04_a_malformed_packet_uses_the_challenge_up(unit: Unit) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        assert await car.packet(b"short") == {"status": "rejected", "reason": "malformed"}
        assert await car.packet(car.seal()) == {"status": "rejected", "reason": "used"}
    assert unit.state()["mailbox"] == 0
