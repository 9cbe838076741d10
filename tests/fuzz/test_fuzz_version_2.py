"""Version 2: frames, conversations, challenges, certificates, requests, sealed uids: only the foreseen errors."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from fuzzing import damaged, dumped, json_values, share
from hypothesis import given
from hypothesis import strategies as st
from test_fuzz_link import Line

from edge.crypto.chip_key import check_request
from edge.crypto.sealed_uid import UID, unseal_uid
from edge.crypto.signed_challenge import ChallengeSigner, check_challenge, read_challenge
from edge.crypto.unit_certificate import UnitCertificate
from edge.errors import LinkError, PacketError, SecretError
from edge.link.answers import Answer, agreed_version, read_answer
from edge.link.connection import Connection
from edge.link.engineio import CarSocket
from edge.link.exchange import Exchange
from edge.link.frames import FrameError
from edge.link.identity import Identity
from edge.model import Packet
from tests.support.signed_link import AUTHORITY, UNIT_SEED, VECTOR, Ed25519Key

HONEST, CHALLENGE = VECTOR["packet"], VECTOR["challenge"]
CERTIFICATE = UnitCertificate.of_record(CHALLENGE["certificate"])
SIGNER = ChallengeSigner(Ed25519Key(UNIT_SEED), CERTIFICATE, bytes.fromhex(CHALLENGE["registry_key"]))
IDENTITY = Identity(SIGNER, CERTIFICATE, (1, 2), 5.0, 10)

texts = st.sampled_from(["", "A", "A" * 160, "A" * 684, "A" * 683 + "=", "=" * 684])


def changed(honest: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """*honest* with some values exchanged, left out or added."""
    return st.fixed_dictionaries(
        {}, optional={name: st.just(value) | json_values | texts for name, value in honest.items()}
    ).flatmap(
        lambda some: st.dictionaries(st.text(max_size=4), json_values, max_size=1).map(lambda more: {**more, **some})
    )


bodies = st.just(HONEST) | changed(HONEST)
offers = (
    st.just({"versions": [2]}) | json_values | st.lists(json_values, max_size=3).map(lambda each: {"versions": each})
)
conversations = st.tuples(
    damaged(dumped(offers)).map("40".__add__) | st.just('40{"versions":[2]}'),
    damaged(dumped(bodies.map(lambda body: ["packet", body]))).map("421".__add__),
    st.lists(damaged(st.sampled_from(["41", "1", "40", "2", "3"])), max_size=3),
).map(lambda parts: [parts[0], parts[1], *parts[2]])


async def converse(incoming: list[str | bytes]) -> list[Packet]:
    """One connection to a unit of both versions; returns the packets that it took."""
    taken: list[Packet] = []

    def take(packet: Packet, source: str) -> bool:
        taken.append(packet)
        return True

    exchange = Exchange(take, challenge_ttl_s=10, identity=IDENTITY)
    engine = exchange.eio
    connection = Connection("127.0.0.1", Counter(), lambda _: None, connect_timeout_s=10)
    line: Any = Line(incoming)
    engine.sockets["sid"] = car = CarSocket("sid", line, connection)
    await engine.handlers["connect"]("sid", {"connection": connection})
    try:
        await car.messages(engine.handlers["message"])
    except FrameError:
        pass
    finally:
        await engine.handlers["disconnect"]("sid", "")
        connection.closed()
    assert exchange.environ == {} and exchange.manager.rooms == {} and not exchange.manager.pending_connect
    return taken


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@share(0.2)
@given(conversations)
def test_a_conversation_gives_at_most_one_packet_of_the_agreed_version(
    runner: asyncio.Runner, incoming: list[str | bytes]
) -> None:
    taken = runner.run(converse(incoming))
    assert len(taken) <= 1
    for packet in taken:
        assert (packet.uid == "") is (packet.version == 2)


def test_the_honest_conversation_is_among_them(runner: asyncio.Runner) -> None:
    honest = "421" + json.dumps(["packet", HONEST])
    (packet,) = runner.run(converse(['40{"versions":[2]}', honest, "41", "1"]))
    assert packet.version == 2 and packet.signature == base64.b64decode(HONEST["signature"])


@share(0.2)
@given(st.lists(bodies | json_values, max_size=2))
def test_a_body_is_an_answer_or_none(arguments: list[Any]) -> None:
    answer = read_answer(arguments)
    assert answer is None or isinstance(answer, Answer)
    if answer is not None and answer.version == 2:
        assert (len(answer.sealed_uid), len(answer.payload), len(answer.signature)) == (120, 512, 512)


@share(0.1)
@given(st.dictionaries(st.sampled_from(["versions", "x"]), json_values), st.sampled_from([(1,), (2,), (1, 2)]))
def test_what_is_agreed_is_one_that_the_unit_speaks(offered: dict[str, Any], spoken: tuple[int, ...]) -> None:
    assert agreed_version(offered, spoken) in spoken


@share(0.2)
@given(changed(CHALLENGE), st.none() | changed(CHALLENGE["certificate"]))
def test_only_the_units_own_challenge_is_answered(body: dict[str, Any], certificate: dict[str, Any] | None) -> None:
    if certificate is not None:
        body = {**body, "certificate": certificate}
    try:
        check_challenge(read_challenge(body), authority=AUTHORITY.public_key, now_utc=CHALLENGE["timestamp"])
    except (ValueError, LinkError):
        return
    assert {name: body[name] for name in CHALLENGE if name != "certificate"} == {
        name: value for name, value in CHALLENGE.items() if name != "certificate"
    }
    assert {name: body["certificate"][name] for name in CHALLENGE["certificate"]} == CHALLENGE["certificate"]


@share(0.1)
@given(damaged(dumped(json_values | st.fixed_dictionaries({"format": st.just("autovelox-chip-request/2")}))))
def test_a_request_is_one_or_a_secret_error(text: str) -> None:
    with pytest.raises(SecretError):
        check_request(text.encode("utf-8", "replace"), VECTOR["licence"])


@share(0.1)
@given(st.binary(max_size=130) | st.binary(min_size=120, max_size=120), st.integers(0, 119), st.integers(0, 255))
def test_a_sealed_uid_opens_or_is_a_packet_error(rubbish: bytes, at: int, value: int) -> None:
    private, honest = bytes.fromhex(VECTOR["registry_private_key"]), bytearray(base64.b64decode(HONEST["uid"]))
    honest[at] = value
    for sealed in (rubbish, bytes(honest)):
        try:
            uid, counter = unseal_uid(private, sealed, CHALLENGE["nonce"])
        except PacketError:
            continue
        assert UID.fullmatch(uid) and counter == VECTOR["counter"] and sealed == base64.b64decode(HONEST["uid"])
