"""An attacker's session with a unit of version 2: oracles, odd frames, answers held back, burnt counters, crowds."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.crypto import MAX_COUNTER, read_challenge, seal_uid
from edge.flow.claims import of_rising_counters
from edge.flow.rules import SEALED_OPENINGS
from edge.link.answering import Signing, make_answer
from edge.link.frames import MAX_FRAME_BYTES
from edge.link.mailbox import Mailbox
from edge.model import Packet, Rejection
from tests.support.eventually import eventually
from tests.support.link import ANNA, BRUNO, STRANGER_UID
from tests.support.signed_link import AUTHORITY, Certified, ChipInMemory, RawSignedCar, certified

ACCEPTED = {"status": "accepted", "counts_s": 10}


@pytest.fixture
def unit(tmp_path: Path) -> Certified:
    return certified(tmp_path)


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


# What a unit answers


async def test_no_reply_tells_what_was_wrong(unit: Certified) -> None:
    """Unknown uid, seal of another key, bad signature, copied signature: byte for byte what an honest car gets."""
    stranger = replace(ANNA.chip, uid=STRANGER_UID)
    spoilt: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "honest": lambda body: body,
        "unknown uid": lambda body: body,
        "bad seal": lambda body: {**body, "uid": text(bytes(120))},
        "bad signature": lambda body: {**body, "signature": text(bytes(512))},
        "bad payload": lambda body: {**body, "payload": text(bytes(512))},
    }
    replies = {}
    async with unit.unit() as (server, mailbox):
        for name, spoil in spoilt.items():
            async with RawSignedCar(server.port) as car:
                chip = stranger if name == "unknown uid" else ANNA.chip
                body = make_answer(chip, ANNA.plate, unit.signing)(await car.connect(), "")
                await car.send("420" + json.dumps(["packet", spoil(body)]))
                replies[name] = await car.receive()
        _, rejected = await unit.opened(mailbox.window(-(2**62), 2**62))
    assert set(replies.values()) == {'430[{"status":"accepted","counts_s":10}]'}
    expected = {Rejection.UNKNOWN_UID: 1, Rejection.SEALED_UID: 1, Rejection.SIGNATURE: 2}
    assert dict(rejected) == expected, "and the unit knows"


@pytest.mark.parametrize(
    "frame",
    [
        '421["packet",{"v":2,"v":2,"uid":"","payload":"","signature":""}]',
        '421["packet",{"v":NaN}]', '421["packet",{"v":2.0}]', '421["packet",{"v":2e0}]',
        '421["packet",{"v":22222222222222222222}]', '421["packet",{"v":"\u0662"}]',
        '421["packet",' + "[" * 40 + "]" * 40 + "]", '421["packet",{"v":2}', "421" + "9" * MAX_FRAME_BYTES,
        '4299999999999["packet",{}]', '451-["packet",{"_placeholder":true,"num":0}]',
    ],
    ids=[
        *("twice", "NaN", "float", "exponent", "long", "digit of another script", "nested", "unfinished", "too large"),
        *("long acknowledgement", "binary"),
    ],
)  # fmt: skip
async def test_a_frame_that_two_parsers_could_read_differently_ends_the_connection(unit: Certified, frame: str) -> None:
    async with unit.unit() as (server, mailbox):
        async with RawSignedCar(server.port) as car:
            await car.connect()
            await car.send(frame)
            await car.closed(5.0)
        async with RawSignedCar(server.port) as car:
            body = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await car.connect(), "")
            assert await car.body(body) == ACCEPTED
        assert len(mailbox) == 1


async def test_an_answer_from_before_a_restart_does_not_count(unit: Certified) -> None:
    """The nonces of a unit that was restarted are others: what was recorded answers none of them."""
    async with unit.unit() as (server, _), RawSignedCar(server.port) as car:
        recorded = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await car.connect(), "")
    async with unit.unit() as (server, mailbox):
        async with RawSignedCar(server.port) as thief:
            await thief.connect()
            assert await thief.body(recorded) == ACCEPTED
        claims, rejected = await unit.opened(mailbox.window(-(2**62), 2**62))
    assert claims == () and dict(rejected) == {Rejection.SEALED_UID: 1}


async def test_nobody_without_the_signing_key_burns_a_chips_counter(unit: Certified) -> None:
    """A thief of uid and public key seals the highest counter there is: the unit forgets it, and hears the driver."""
    async with unit.unit() as (server, mailbox):
        async with RawSignedCar(server.port) as thief:
            asked = read_challenge(await thief.connect())
            burnt = seal_uid(asked.registry_key, ANNA.uid, MAX_COUNTER, asked.nonce)
            honest = make_answer(ANNA.chip, ANNA.plate, unit.signing)(thief.challenge, "")
            assert await thief.body({**honest, "uid": text(burnt)}) == ACCEPTED
        async with RawSignedCar(server.port) as car:
            body = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await car.connect(), "")
            assert await car.body(body) == ACCEPTED
        claims, rejected = await unit.opened(mailbox.window(-(2**62), 2**62))
    kept, copied, seen = of_rising_counters(claims, {})
    assert (len(kept), copied, dict(rejected)) == (1, 0, {Rejection.SIGNATURE: 1})
    assert seen[ANNA.uid].counter == kept[0].packet.counter < MAX_COUNTER


async def test_an_answer_that_was_held_back_is_no_copied_chip(unit: Certified) -> None:
    """Somebody on the way holds one answer until the car has come again: both are the driver's, in whatever order."""
    async with (
        unit.unit() as (server, mailbox),
        RawSignedCar(server.port) as first,
        RawSignedCar(server.port) as second,
    ):
        held = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await first.connect(), "")
        later = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await second.connect(), "")
        assert await second.body(later) == ACCEPTED
        assert await first.body(held) == ACCEPTED
        claims, rejected = await unit.opened(mailbox.window(-(2**62), 2**62))
    assert not rejected and [claim.packet.counter for claim in claims] == [2, 1]
    kept, copied, seen = of_rising_counters(claims, {})
    assert (len(kept), copied) == (2, 0)
    assert of_rising_counters(claims, seen)[1] == 0, "nor in the next window, which has both as well"


async def test_a_relayed_version_2_challenge_is_not_answered_in_version_1(unit: Certified, tmp_path: Path) -> None:
    """Packets of the two versions are no parts of each other, whichever challenge was sent."""
    async with unit.unit() as (server, mailbox):
        async with RawSignedCar(server.port) as car:
            asked = await car.connect()
            old = make_answer(BRUNO.chip, BRUNO.plate)({"nonce": asked["nonce"], "timestamp": asked["timestamp"]}, "")
            assert await car.body(old) == {"status": "rejected", "reason": "version"}
            assert await car.body(old) == {"status": "rejected", "reason": "used"}
        assert len(mailbox) == 0


# Crowds


def crowd(box: Mailbox, count: int, source: Callable[[int], str], at_s: float = 0.0) -> None:
    for number in range(count):
        nonce = f"{number + 1:032x}"
        rubbish = Packet("", b"", nonce, 0, at_s, round((at_s + number / 1000) * 1e9), version=2, sealed_uid=b"x")
        assert box.put(rubbish, source(number))


@pytest.mark.parametrize(
    "source",
    [lambda number: f"2001:db8:1:{number:x}::/64", lambda number: f"198.51.100.{number % 256}"],
    ids=["an IPv6 /48", "an IPv4 /24"],
)
def test_one_network_full_of_addresses_does_not_take_all_openings(source: Callable[[int], str]) -> None:
    """A rented network has 65,536 addresses (/64): a packet from each, and no honest car would be opened."""
    box = Mailbox(10_000, 60, 32)
    crowd(box, 2 * SEALED_OPENINGS, source)
    honest = Packet("", b"", "f" * 32, 0, 0.9, round(0.9 * 1e9), version=2, sealed_uid=b"honest")
    assert box.put(honest, "203.0.113.7")
    chosen, left_out = box.fair_window(0, 2**62, 16, SEALED_OPENINGS)
    assert (len(chosen), left_out) == (SEALED_OPENINGS, SEALED_OPENINGS + 1)
    assert honest in chosen


async def test_a_crowd_of_sources_leaves_nothing_behind(unit: Certified) -> None:
    """Half-open, answered and rubbish connections of version 2 from many addresses: every table is empty again."""
    async with unit.unit() as (server, mailbox):
        for number in range(40):
            async with RawSignedCar(server.port, source=f"127.0.{number}.1") as car:
                body = make_answer(ANNA.chip, ANNA.plate, Signing(ChipInMemory(), AUTHORITY.public_key))(
                    await car.connect(), ""
                )
                if number % 3:
                    await car.body(body if number % 3 == 1 else {**body, "v": 1})
        await eventually(lambda: server.connections == 0)
        assert server.open_challenges == 0 and server.exchange.environ == {} and server.exchange.manager.rooms == {}
        mailbox.expire(2**63)
        assert len(mailbox) == 0 and not any(vars(mailbox)[table] for table in ("_held", "_of_uid", "_shares"))
