"""Attacks 5 to 11, 20 and 21: what is inside the packet, and whose."""

from __future__ import annotations

import json
import random
import statistics
import time
from typing import Any

import pytest
from Crypto.Cipher import PKCS1_OAEP, PKCS1_v1_5, oaep
from Crypto.Hash import SHA1, SHA256

from edge.crypto.packet import digest
from tests.support.link import ANNA, BRUNO, STRANGER_UID, RawCar
from tests.support.link_unit import StartUnit, Unit

ACCEPTED = {"status": "accepted"}


async def deliver(unit: Unit, payload: Any, uid: str = ANNA.uid, source: str | None = None) -> None:
    """Connect to the unit and send what *payload* makes of the challenge; whatever it is, the reply is the same."""
    async with RawCar(unit.port, source=source) as car:
        await car.connect()
        made = payload(car) if callable(payload) else payload
        assert await car.packet(made, uid) == ACCEPTED


def body(car: RawCar, **changes: Any) -> dict[str, Any]:
    told = {"plate": ANNA.plate, "licence": ANNA.licence, **car.challenge, **changes}
    names = ("plate", "licence", "nonce", "timestamp")
    return {**{name: told[name] for name in names}, "hash": told.get("hash", digest(*(told[name] for name in names)))}


def encrypt(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return oaep.new(ANNA.key.public_key(), hashmod=SHA256).encrypt(data)


async def test_05_an_unknown_uid_is_answered_like_a_known_one(unit: Unit) -> None:
    seconds: dict[str, list[float]] = {ANNA.uid: [], STRANGER_UID: []}
    replies: dict[str, list[Any]] = {ANNA.uid: [], STRANGER_UID: []}
    order = random.Random(5)
    for number in range(60):  # in no fixed order: what disturbs one disturbs the other
        for uid in order.sample(sorted(seconds), 2):
            async with RawCar(unit.port, source=f"127.0.1.{number + 1}") as car:
                await car.connect()
                payload = car.seal()
                start = time.perf_counter()
                replies[uid].append(await car.packet(payload, uid))
                seconds[uid].append(time.perf_counter() - start)
    # The quicker ones: a busy machine adds to both, but not alike.
    known, unknown = (statistics.quantiles(seconds[uid], n=4)[0] for uid in (ANNA.uid, STRANGER_UID))
    assert 0.5 < known / unknown < 2.0
    assert replies[ANNA.uid] == replies[STRANGER_UID] == [ACCEPTED] * 60
    assert unit.opened()[1] == {"uid": 60}


async def test_06_flipped_bits_do_not_count(unit: Unit) -> None:
    for position in (0, 100, 511):

        def flipped(car: RawCar, position: int = position) -> bytes:
            payload = bytearray(car.seal())
            payload[position] ^= 0x10
            return bytes(payload)

        await deliver(unit, flipped)
    assert unit.opened() == ([], {"decrypt": 3})


async def test_07_other_paddings_do_not_count(unit: Unit) -> None:
    public = ANNA.key.public_key()
    await deliver(unit, lambda car: PKCS1_v1_5.new(public).encrypt(json.dumps(body(car)).encode()))
    await deliver(unit, lambda car: PKCS1_OAEP.new(public, hashAlgo=SHA1).encrypt(json.dumps(body(car)).encode()))
    assert unit.opened() == ([], {"decrypt": 2})


async def test_08_a_ciphertext_above_the_modulus_does_not_count(unit: Unit) -> None:
    await deliver(unit, ANNA.key.n.to_bytes(512, "big"))
    await deliver(unit, b"\xff" * 512)
    assert unit.opened() == ([], {"decrypt": 2})


@pytest.mark.parametrize("length", [0, 1, 511, 513, 1024])
async def test_08_a_ciphertext_of_another_length_is_malformed(unit: Unit, length: int) -> None:
    async with RawCar(unit.port) as car:
        await car.connect()
        assert await car.packet(b"\1" * length) == {"status": "rejected", "reason": "malformed"}


async def test_09_a_sealed_text_that_is_not_the_one_json_object_does_not_count(unit: Unit) -> None:
    def dumped(**changes: Any) -> Any:
        return lambda car: encrypt(json.dumps(body(car, **changes)))

    def twice(car: RawCar) -> bytes:
        return encrypt(json.dumps(body(car)).replace('{"plate"', '{"plate":"ZZ999ZZ","plate"'))

    wrong = [
        ("hash", dumped(hash="0" * 64)),
        ("json", encrypt('{"plate":')),
        ("json", encrypt(b"\xc3\x28\xff")),
        ("json", dumped(timestamp=float("nan"), hash="0" * 64)),
        ("json", twice),
        ("json", encrypt("[" * 200 + "]" * 200)),
        ("fields", encrypt("[]")),
        ("fields", encrypt('{"plate":"AB123CD"}')),
    ]
    expected: dict[str, int] = {}
    for reason, payload in wrong:
        await deliver(unit, payload)
        expected[reason] = expected.get(reason, 0) + 1
    assert unit.opened() == ([], expected)


async def test_10_a_licence_that_is_not_the_uids_does_not_count(unit: Unit) -> None:
    await deliver(unit, lambda car: car.seal(ANNA, licence=BRUNO.licence))
    assert unit.opened() == ([], {"licence": 1})


async def test_11_another_plate_under_ones_own_licence_names_oneself(unit: Unit) -> None:
    await deliver(unit, lambda car: car.seal(BRUNO, plate=ANNA.plate), BRUNO.uid)
    assert unit.opened() == ([[BRUNO.licence, ANNA.plate]], {})


@pytest.mark.parametrize(
    "plate",
    ["AB\x00123", "AB\x1b[31m", "'; DROP TABLE cases; --", "АВ123СD", "\u202eDC321BA", "AB１２３CD", "AB123CD\n"],
    ids=ascii,
)
async def test_20_plates_of_other_characters_do_not_count(unit: Unit, plate: str) -> None:
    await deliver(unit, lambda car: encrypt(json.dumps(body(car, plate=plate))))
    assert unit.opened() == ([], {"characters": 1})
    assert plate not in unit.new_log()


async def test_20_a_uid_of_other_characters_is_malformed(unit: Unit) -> None:
    for uid in ("", "a" * 65, "a b", "' OR 1=1 --", "\u202eabc", "ü", "a\n"):
        async with RawCar(unit.port) as car:
            await car.connect()
            with_escapes = await car.packet(car.seal(), uid)
            assert with_escapes == {"status": "rejected", "reason": "malformed"}, ascii(uid)


async def test_21_rubbish_under_a_known_uid_does_not_displace_its_packet(start_unit: StartUnit) -> None:
    unit = start_unit(packets_per_uid=4)
    for _ in range(6):
        await deliver(unit, b"\1" * 512, source="127.0.0.66")
    await deliver(unit, lambda car: car.seal(), source="127.0.0.1")
    for _ in range(6):
        await deliver(unit, b"\1" * 512, source="127.0.0.66")
    assert unit.opened() == ([[ANNA.licence, ANNA.plate]], {"decrypt": 4})


async def test_21_nor_does_it_from_the_same_address_before_or_after(unit: Unit) -> None:
    for rubbish in (15, 16):
        for _ in range(rubbish):
            await deliver(unit, b"\1" * 512)
        if rubbish == 15:
            await deliver(unit, lambda car: car.seal())
    claims, _ = unit.opened()
    assert claims == [[ANNA.licence, ANNA.plate]]
