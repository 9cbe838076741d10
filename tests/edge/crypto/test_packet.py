from __future__ import annotations

import base64
import dataclasses
import json

import pytest
from Crypto.Cipher import PKCS1_OAEP, PKCS1_v1_5, oaep
from Crypto.Hash import SHA1, SHA256
from Crypto.PublicKey import RSA

from edge.crypto.packet import PAYLOAD_BYTES, PLAINTEXT_BYTES, Opened, digest, open_packet, plaintext, seal
from edge.errors import LinkError, PacketError
from edge.model import Packet
from tests.support.link import ANNA, BRUNO, VECTORS, sealed

NONCE = "0" * 32
TIMESTAMP = 1767225600


def reason(packet: Packet) -> str:
    with pytest.raises(PacketError) as caught:
        open_packet(ANNA.key, packet)
    return caught.value.reason


def encrypt(text: bytes) -> Packet:
    return sealed(payload=oaep.new(ANNA.key.public_key(), hashmod=SHA256).encrypt(text))


def body(**changes: object) -> dict[str, object]:
    return {**json.loads(plaintext(plate="AB123CD", licence="X1", nonce=NONCE, timestamp=TIMESTAMP)), **changes}


def test_sealed_then_opened() -> None:
    packet = sealed()
    assert len(packet.payload) == PAYLOAD_BYTES == 512
    assert open_packet(ANNA.key, packet) == Opened(ANNA.plate, ANNA.licence)


def test_sealing_twice_gives_two_ciphertexts() -> None:
    assert sealed().payload != sealed().payload


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["plate"])
def test_vectors(vector: dict[str, object]) -> None:
    key = RSA.import_key(str(vector["private_key"]))
    told = {name: vector[name] for name in ("plate", "licence", "nonce", "timestamp")}
    assert digest(*told.values()) == vector["hash"]  # type: ignore[arg-type]
    assert SHA256.new(str(vector["hashed"]).encode()).hexdigest() == vector["hash"]
    assert plaintext(**told).decode() == vector["plaintext"]  # type: ignore[arg-type]
    payload = base64.b64decode(str(vector["payload"]))
    packet = Packet(str(vector["uid"]), payload, str(vector["nonce"]), vector["timestamp"], 0.0, 0)  # type: ignore[arg-type]
    assert open_packet(key, packet) == Opened(str(vector["plate"]), str(vector["licence"]))


def test_flipped_bits_do_not_open() -> None:
    packet = sealed()
    for position in (0, 1, 255, 510, 511):
        payload = bytearray(packet.payload)
        payload[position] ^= 1
        assert reason(dataclasses.replace(packet, payload=bytes(payload))) == "decrypt"


def test_other_paddings_do_not_open() -> None:
    text = plaintext(plate="AB123CD", licence="X1", nonce=NONCE, timestamp=TIMESTAMP)
    public = ANNA.key.public_key()
    assert reason(sealed(payload=PKCS1_v1_5.new(public).encrypt(text))) == "decrypt"
    assert reason(sealed(payload=PKCS1_OAEP.new(public, hashAlgo=SHA1).encrypt(text))) == "decrypt"
    assert reason(sealed(payload=oaep.new(public, hashmod=SHA256, label=b"x").encrypt(text))) == "decrypt"
    mixed = oaep.new(public, hashmod=SHA256, mask_func=lambda seed, n: oaep.MGF1(seed, n, SHA1))
    assert reason(sealed(payload=mixed.encrypt(text))) == "decrypt"


def test_ciphertext_of_another_size_or_above_the_modulus_does_not_open() -> None:
    packet = sealed()
    for payload in (b"", packet.payload[1:], packet.payload + b"\0", ANNA.key.n.to_bytes(512, "big"), b"\xff" * 512):
        assert reason(dataclasses.replace(packet, payload=payload)) == "decrypt"


def test_another_drivers_packet_does_not_open() -> None:
    assert reason(sealed(BRUNO)) == "decrypt"


def test_another_challenge_does_not_open() -> None:
    packet = sealed()
    assert reason(dataclasses.replace(packet, nonce="1" * 32)) == "nonce"
    assert reason(dataclasses.replace(packet, challenged_at=TIMESTAMP + 1)) == "timestamp"


def test_wrong_hash_does_not_open() -> None:
    assert reason(encrypt(json.dumps(body(hash="0" * 64)).encode())) == "hash"
    assert reason(encrypt(json.dumps(body(plate="AB123CE")).encode())) == "hash"
    assert reason(encrypt(json.dumps(body(hash=digest("AB123CD", "X1", NONCE, TIMESTAMP).upper())).encode())) == "hash"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{",
        b'{"plate":"AB123CD"}',
        b"[" * 400,
        b'{"timestamp":NaN}',
        json.dumps(body(timestamp=1e9)).encode(),
        json.dumps(body(timestamp=True)).encode(),
        json.dumps(body(timestamp=str(TIMESTAMP))).encode(),
        json.dumps(body(extra=1)).encode(),
        json.dumps(body(nonce=None)).encode(),
        json.dumps(body(nonce="é" * 32)).encode(),
        json.dumps(body()).replace('"plate"', '"plate":"ZZ999ZZ","plate"').encode(),
        json.dumps(body()).replace("AB123CD", "ÀB123CD").encode(),
    ],
    ids=repr,
)
def test_only_the_one_json_object_opens(text: bytes) -> None:
    assert reason(encrypt(text)) in {"json", "fields"}


@pytest.mark.parametrize(
    "plate", ["", "ab123cd", "AB 123", "A" * 13, "А123", "AB'; --", "AB\n", "\u202eDC321BA", "AB123C\u0301", "①②③"]
)
def test_plates_of_other_characters_neither_seal_nor_open(plate: str) -> None:
    with pytest.raises(LinkError, match="A-Z and 0-9"):
        seal(ANNA.key.public_key(), plate=plate, licence="X1", nonce=NONCE, timestamp=TIMESTAMP)
    assert reason(encrypt(plaintext(plate=plate, licence="X1", nonce=NONCE, timestamp=TIMESTAMP))) == "characters"


def test_licences_of_other_characters_neither_seal_nor_open() -> None:
    with pytest.raises(LinkError, match="licence number"):
        seal(ANNA.key.public_key(), plate="AB123CD", licence="x1", nonce=NONCE, timestamp=TIMESTAMP)
    assert reason(encrypt(plaintext(plate="AB123CD", licence="x1", nonce=NONCE, timestamp=TIMESTAMP))) == "characters"


def test_a_challenge_too_long_for_the_cipher_is_refused() -> None:
    with pytest.raises(LinkError, match="version 1"):
        seal(ANNA.key.public_key(), plate="AB123CD", licence="X1", nonce="0" * 400, timestamp=TIMESTAMP)
    longest = plaintext(plate="A" * 12, licence="B" * 20, nonce="0" * 32, timestamp=10**15)
    assert len(longest) <= PLAINTEXT_BYTES


def test_messages_never_say_what_was_sealed() -> None:
    with pytest.raises(PacketError) as caught:
        open_packet(ANNA.key, dataclasses.replace(sealed(), nonce="1" * 32))
    assert ANNA.plate not in str(caught.value)
    assert caught.value.__cause__ is None
    assert ANNA.plate not in repr(open_packet(ANNA.key, sealed()))
