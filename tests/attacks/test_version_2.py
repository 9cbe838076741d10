"""Attacks that succeed in protocol version 1 and fail in version 2; and those of both."""

from __future__ import annotations

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from edge.config import LinkSettings
from edge.crypto import load_chip_key, save_chip_key
from edge.errors import LinkError
from edge.flow.claims import of_rising_counters
from edge.link.answering import Signing, make_answer
from edge.link.car import deliver
from edge.link.frames import MAX_FRAME_BYTES
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from edge.model import Rejection
from tests.support.link import ANNA, BRUNO, RawCar
from tests.support.signed_link import AUTHORITY, FAR, HERE, VECTOR, Certified, RawSignedCar, certified

ACCEPTED = {"status": "accepted", "counts_s": 10}


@pytest.fixture
def unit(tmp_path: Path) -> Certified:
    return certified(tmp_path)


def url(server: Any, scheme: str = "http") -> str:
    return f"{scheme}://localhost:{server.port}" if scheme == "https" else f"http://127.0.0.1:{server.port}"


async def answered(unit: Certified, port: int, *, endpoint: str = "", signing: Signing | None = None) -> Any:
    """Anna's car answers a challenge of version 2 as if *endpoint* were the unit's certificate."""
    async with RawSignedCar(port) as raw:
        challenge = await raw.connect()
        return await raw.body(make_answer(ANNA.chip, ANNA.plate, signing or unit.signing)(challenge, endpoint))


async def licences(unit: Certified, mailbox: Any) -> tuple[list[str], dict[Rejection, int]]:
    claims, rejected = await unit.opened(mailbox.window(-(2**62), 2**62))
    return [claim.licence for claim in claims], dict(rejected)


async def test_an_honest_exchange_counts_and_both_versions_do(unit: Certified) -> None:
    async with unit.unit() as (server, mailbox):
        assert await deliver(url(server), ANNA.chip, ANNA.plate, signing=unit.signing) == 10
        assert await deliver(url(server), BRUNO.chip, BRUNO.plate) is None
        assert await licences(unit, mailbox) == ([ANNA.licence, BRUNO.licence], {})
        claims, _ = await unit.opened(mailbox.window(0, 2**62))
        assert (claims[0].packet.version, claims[0].packet.counter, claims[0].uid) == (2, 1, ANNA.uid)


async def test_an_honest_exchange_over_tls_counts(unit: Certified, tmp_path: Path) -> None:
    settings, ca, _ = tls(tmp_path)
    async with unit.unit(**settings) as (server, mailbox):
        await deliver(url(server, "https"), ANNA.chip, ANNA.plate, signing=unit.signing, ca_file=ca)
        assert await licences(unit, mailbox) == ([ANNA.licence], {})


def tls(folder: Path) -> tuple[dict[str, Any], Path, trustme.CA]:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(str(folder / "tls.crt"))
    leaf.private_key_pem.write_to_path(str(folder / "tls.key"))
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return {"tls_certificate": folder / "tls.crt", "tls_key": folder / "tls.key"}, folder / "ca.pem", authority


async def test_who_has_the_uid_and_the_public_key_speaks_for_nobody(unit: Certified, tmp_path: Path) -> None:
    """A copied chip file, or what a registry and a listener gave: in version 1 it names the driver for ever."""
    thief = save_chip_key(tmp_path / "thief.key", BRUNO.key)
    async with unit.unit() as (server, mailbox):
        await deliver(url(server), BRUNO.chip, BRUNO.plate)  # version 1: this is all that Bruno's thief needs
        await deliver(url(server), ANNA.chip, ANNA.plate, signing=Signing(thief, AUTHORITY.public_key))
        assert await licences(unit, mailbox) == ([BRUNO.licence], {Rejection.SIGNATURE: 1})


async def test_a_chip_that_signs_is_never_heard_in_version_1(unit: Certified) -> None:
    async with unit.unit() as (server, mailbox):
        await deliver(url(server), ANNA.chip, ANNA.plate)
        await deliver(url(server), BRUNO.chip, BRUNO.plate)  # whose chip does not sign: who copied it is heard
        assert await licences(unit, mailbox) == ([BRUNO.licence], {Rejection.VERSION: 1})


async def test_a_chip_that_does_not_sign_is_not_heard_in_version_2(unit: Certified, tmp_path: Path) -> None:
    key = save_chip_key(tmp_path / "bruno.key", BRUNO.key)
    async with unit.unit() as (server, mailbox):
        await deliver(url(server), BRUNO.chip, BRUNO.plate, signing=Signing(key, AUTHORITY.public_key))
        assert await licences(unit, mailbox) == ([], {Rejection.VERSION: 1})


async def test_a_unit_of_version_2_alone_takes_no_other(unit: Certified) -> None:
    async with unit.unit(versions=(2,)) as (server, mailbox):
        with pytest.raises(LinkError, match="does not understand"):
            await deliver(url(server), BRUNO.chip, BRUNO.plate)
        assert server.counters["version"] == 1 and len(mailbox) == 0


async def test_a_car_of_version_2_says_nothing_to_a_unit_that_claims_to_be_older(unit: Certified) -> None:
    """A rogue camera that asks for version 1 does not get the uid."""
    mailbox = Mailbox(10, 60, 32)
    server = LinkServer(LinkSettings(port=0), mailbox)
    await server.start()
    with pytest.raises(LinkError, match="does not speak protocol version 2"):
        await deliver(url(server), ANNA.chip, ANNA.plate, signing=unit.signing)
    assert len(mailbox) == 0 and unit.anna.next_counter() == 1, "the chip signed nothing"
    await deliver(url(server), BRUNO.chip, BRUNO.plate)  # version 1: the rogue has the uid
    assert [packet.uid for packet in mailbox.window(0, 2**62)] == [BRUNO.uid]
    await server.stop()


async def test_a_camera_that_relays_a_challenge_gets_what_no_unit_takes(unit: Certified, tmp_path: Path) -> None:
    """Beside the true unit, with the true challenge: the car signs for the certificate that it sees, the rogue's."""
    settings, _, _ = tls(tmp_path)
    async with unit.unit(**settings) as (server, mailbox):
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        context.check_hostname = False
        async with RawSignedCar(server.port, scheme="https", ssl=context) as relay:
            challenge = await relay.connect()
            assert await relay.body(make_answer(ANNA.chip, ANNA.plate, unit.signing)(challenge, "ab" * 32)) == ACCEPTED
        async with RawCar(server.port, scheme="https", ssl=context) as relay:  # version 1: the same counts
            assert await relay.exchange(BRUNO) == {"status": "accepted"}
        assert await licences(unit, mailbox) == ([BRUNO.licence], {Rejection.SIGNATURE: 1})


async def test_a_camera_without_the_authoritys_word_gets_no_answer(unit: Certified) -> None:
    rogue = Signing(unit.anna, BRUNO.der[:32], HERE)
    async with unit.unit() as (server, mailbox):
        with pytest.raises(LinkError, match="does not vouch"):
            await deliver(url(server), ANNA.chip, ANNA.plate, signing=rogue)
        assert len(mailbox) == 0 and unit.anna.next_counter() == 1
        await deliver(url(server), BRUNO.chip, BRUNO.plate)  # version 1 asks nobody who vouches
        assert [packet.uid for packet in mailbox.window(0, 2**62)] == [BRUNO.uid]


async def test_a_stolen_unit_elsewhere_gets_no_answer(unit: Certified) -> None:
    """With its key and its certificate, which says where it stood; in version 1 no challenge says where."""
    async with unit.unit() as (server, mailbox):
        assert server.exchange.identity is not None
        server.exchange.identity.signer.position = FAR
        with pytest.raises(LinkError, match="not where the authority put it"):
            await deliver(url(server), ANNA.chip, ANNA.plate, signing=Signing(unit.anna, AUTHORITY.public_key, FAR))
        assert len(mailbox) == 0 and unit.anna.next_counter() == 1
        await deliver(url(server), BRUNO.chip, BRUNO.plate)
        assert [packet.uid for packet in mailbox.window(0, 2**62)] == [BRUNO.uid]


async def test_a_challenge_from_kilometres_away_gets_no_answer(unit: Certified) -> None:
    async with unit.unit() as (server, mailbox):
        with pytest.raises(LinkError, match="within 500 m"):
            await deliver(url(server), ANNA.chip, ANNA.plate, signing=Signing(unit.anna, AUTHORITY.public_key, FAR))
        assert len(mailbox) == 0
        await deliver(url(server), BRUNO.chip, BRUNO.plate)  # version 1: wherever the car is
        assert await licences(unit, mailbox) == ([BRUNO.licence], {})


async def test_an_answer_through_a_tunnel_is_too_late(unit: Certified) -> None:
    """In version 1 there are ten seconds for it."""
    async with unit.unit(signed_ttl_s=0.2) as (server, mailbox):
        async with RawSignedCar(server.port) as tunnel:
            challenge = await tunnel.connect()
            body = make_answer(ANNA.chip, ANNA.plate, unit.signing)(challenge, "")
            await asyncio.sleep(0.4)
            assert await tunnel.body(body) == {"status": "rejected", "reason": "expired"}
        async with RawCar(server.port) as tunnel:
            await tunnel.connect()
            await asyncio.sleep(0.4)
            assert await tunnel.packet(tunnel.seal(BRUNO), BRUNO.uid) == {"status": "accepted"}
        assert await licences(unit, mailbox) == ([BRUNO.licence], {})


async def test_nobody_follows_a_car_from_unit_to_unit(unit: Certified) -> None:
    """Whoever sees two of its packets cannot tell that they are of one car; in version 1 the uid says so."""
    async with unit.unit() as (server, _):
        bodies = []
        for _ in range(2):
            async with RawSignedCar(server.port) as raw:
                bodies.append(make_answer(ANNA.chip, ANNA.plate, unit.signing)(await raw.connect(), ""))
    one, other = bodies
    assert one.keys() == other.keys() == {"v", "uid", "payload", "signature"}
    for name in ("uid", "payload", "signature"):
        assert len(one[name]) == len(other[name])
        blocks = [{each[name][at : at + 8] for at in range(0, len(each[name]), 8)} for each in bodies]
        assert not blocks[0] & blocks[1], name
    old = make_answer(BRUNO.chip, BRUNO.plate)
    challenge = {"nonce": "0" * 32, "timestamp": 1}
    assert old(challenge, "")["uid"] == old(challenge, "")["uid"]


async def test_a_copied_chip_is_found_out_and_neither_answer_counts(unit: Certified, tmp_path: Path) -> None:
    for ending in ("", ".counter"):
        if (source := tmp_path / f"anna.key{ending}").exists():
            (tmp_path / f"copy.key{ending}").write_bytes(source.read_bytes())
    (tmp_path / "copy.key").chmod(0o600)
    copy = Signing(load_chip_key(tmp_path / "copy.key"), AUTHORITY.public_key)
    async with unit.unit() as (server, mailbox):
        await deliver(url(server), ANNA.chip, ANNA.plate, signing=unit.signing)
        alone, _ = await unit.opened(mailbox.window(0, 2**62))
        assert of_rising_counters(alone, {})[:2] == (alone, 0)
        await deliver(url(server), ANNA.chip, ANNA.plate, signing=copy)
        claims, rejected = await unit.opened(mailbox.window(0, 2**62))
    assert not rejected and len(claims) == 2, "each is signed with the chip's key"
    assert of_rising_counters(claims, {})[:2] == ((), 2)
    seen = of_rising_counters(alone, {})[2]
    assert of_rising_counters(claims[1:], seen)[:2] == ((), 1), "also in another window"
    assert of_rising_counters(alone, seen)[:2] == (alone, 0), "the same packet in the window of a second trigger"


async def test_a_replayed_or_exchanged_part_does_not_count(unit: Certified) -> None:
    async with unit.unit() as (server, mailbox):
        async with RawSignedCar(server.port) as first:
            recorded = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await first.connect(), "")
            assert await first.body(recorded) == ACCEPTED
        for name in ("uid", "payload", "signature", "all"):
            async with RawSignedCar(server.port) as thief:
                fresh = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await thief.connect(), "")
                body = recorded if name == "all" else {**fresh, name: recorded[name]}
                assert await thief.body(body) == ACCEPTED
        expected = {Rejection.SEALED_UID: 2, Rejection.SIGNATURE: 2}
        assert await licences(unit, mailbox) == ([ANNA.licence], expected)


@pytest.mark.parametrize(
    "change",
    [
        *({"v": each} for each in (1, 3, True, "2", None)),
        *({"uid": each} for each in (ANNA.uid, "")),
        *({"payload": each} for each in (1, "A" * 684)),
        *({"signature": each} for each in (None, "A" * 684)),
        {"counter": 1},
    ],
    ids=range(12),
)
async def test_a_malformed_body_is_said_to_be_one(unit: Certified, change: dict[str, Any]) -> None:
    async with unit.unit() as (server, mailbox), RawSignedCar(server.port) as raw:
        body = make_answer(ANNA.chip, ANNA.plate, unit.signing)(await raw.connect(), "")
        assert await raw.body({**body, **change}) == {"status": "rejected", "reason": "malformed"}
        assert len(mailbox) == 0


@pytest.mark.parametrize("offer", ["", "{}", '{"versions":[1]}', '{"versions":"2"}', '{"v":2}'], ids=range(5))
async def test_who_does_not_say_2_gets_version_1(unit: Certified, offer: str) -> None:
    async with unit.unit() as (server, _), RawCar(server.port) as raw:
        await raw.send(f"40{offer}")
        await raw.receive()
        challenge = json.loads((await raw.receive())[2:])[1]
        assert challenge.keys() == {"nonce", "timestamp"}


@pytest.mark.parametrize("offer", ["[]", "[true]", "[3]", "[1,2,3]"])
async def test_others_get_version_2(unit: Certified, offer: str) -> None:
    """Where nothing is in common the car will stay silent; else it is the highest that is."""
    async with unit.unit() as (server, _), RawCar(server.port) as raw:
        await raw.send(f'40{{"versions":{offer}}}')
        await raw.receive()
        assert json.loads((await raw.receive())[2:])[1]["v"] == 2


def test_the_largest_honest_frame_stays_below_the_limit() -> None:
    body = {name: VECTOR["packet"][name] for name in ("v", "uid", "payload", "signature")}
    frame = f"42{'9' * 10}" + json.dumps(["packet", body], separators=(",", ":"))
    assert len(frame) == 1595 < MAX_FRAME_BYTES
