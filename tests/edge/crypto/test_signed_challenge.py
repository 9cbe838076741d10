"""A unit proves itself, or the car stays silent: certificate, signature, clock, place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge.crypto.ed25519 import Ed25519Key
from edge.crypto.position import Position, to_position
from edge.crypto.signed_challenge import ChallengeSigner, check_challenge, read_challenge
from edge.crypto.unit_certificate import UnitCertificate
from edge.errors import LinkError

NOW = 1_767_225_600
AUTHORITY, ROGUE, UNIT = (Ed25519Key(bytes([number]) * 32) for number in (1, 2, 3))
UDINE = Position.of_degrees(46.0625, 13.2345)
TRENTO = Position.of_degrees(46.0667, 11.1167)
CERTIFICATE = UnitCertificate("AVX-0042", UNIT.public_key, "Viale Venezia, Udine", UDINE, NOW + 86_400).signed_by(
    AUTHORITY
)
NONCE = "000102030405060708090a0b0c0d0e0f"
REGISTRY_KEY = bytes(range(32))


def body(certificate: UnitCertificate = CERTIFICATE, key: Ed25519Key = UNIT, at: int = NOW) -> dict[str, Any]:
    return ChallengeSigner(key, certificate, REGISTRY_KEY).body(NONCE, at)


def check(
    sent: dict[str, Any], *, authority: Ed25519Key = AUTHORITY, now: float = NOW, here: Position | None = UDINE
) -> None:
    check_challenge(read_challenge(sent), authority=authority.public_key, now_utc=now, position=here)


def test_a_certified_unit_here_and_now_is_answered() -> None:
    check(body())
    check(body(), here=None)
    check(body(), now=NOW + 29)
    check(body(), now=NOW - 29)
    check(body(), here=Position(UDINE.latitude_e6 + 4400, UDINE.longitude_e6))  # 489 m


@pytest.mark.parametrize(
    ("sent", "how", "why"),
    [
        (body(), {"authority": ROGUE}, "does not vouch"),
        (body(replace(CERTIFICATE, valid_until=NOW + 10**8)), {}, "does not vouch"),
        (body(replace(CERTIFICATE, site="Via Roma")), {}, "does not vouch"),
        (body(replace(CERTIFICATE, key=ROGUE.public_key), ROGUE), {}, "does not vouch"),
        (body(at=NOW + 86_400), {"now": NOW + 86_400}, "has ended"),
        (body(key=ROGUE), {}, "not signed with its key"),
        ({**body(), "nonce": "f" * 32}, {}, "not signed with its key"),
        ({**body(), "timestamp": NOW + 1}, {}, "not signed with its key"),
        ({**body(), "registry_key": "0" * 64}, {}, "not signed with its key"),
        ({**body(), "position": list(TRENTO)}, {"here": TRENTO}, "not signed with its key"),
        (body(), {"now": NOW + 31}, "clock"),
        (body(), {"now": NOW - 31}, "clock"),
        (body(), {"here": TRENTO}, "within 500 m"),
        (body(), {"here": Position(UDINE.latitude_e6 + 4600, UDINE.longitude_e6)}, "within 500 m"),  # 511 m
    ],
    ids=[
        *("another authority", "prolonged", "another site", "another key", "ended", "another signer", "another nonce"),
        *("another time", "another registry key", "another place", "late", "early", "far away", "511 m"),
    ],
)
def test_any_other_gets_no_answer(sent: dict[str, Any], how: dict[str, Any], why: str) -> None:
    with pytest.raises(LinkError, match=why):
        check(sent, **how)


def test_a_unit_that_was_carried_away_cannot_sign_for_another_place() -> None:
    """With its own key, which the thief has: the certificate says where the unit stands."""
    signer = ChallengeSigner(UNIT, CERTIFICATE, REGISTRY_KEY)
    signer.position = TRENTO
    with pytest.raises(LinkError, match="not where the authority put it"):
        check(signer.body(NONCE, NOW), here=TRENTO)


def test_a_unit_without_a_place_is_no_answer_to_a_car_that_knows_its_own() -> None:
    moving = replace(CERTIFICATE, position=None).signed_by(AUTHORITY)
    check(body(moving), here=None)
    with pytest.raises(LinkError, match="within 500 m"):
        check(body(moving))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 1}, {"v": True}, {"v": "2"}, {"nonce": "0" * 31}, {"nonce": "A" * 32}, {"nonce": None},
        {"timestamp": 1.0}, {"timestamp": True}, {"registry_key": "00"}, {"registry_key": 7}, {"signature": "zz"},
        {"signature": ""}, {"certificate": None}, {"certificate": {}}, {"unit": "AVX-0043"}, {"position": [1]},
        {"position": [1.0, 2.0]}, {"position": [91_000_000, 0]}, {"position": [True, False]}, {"position": "here"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_challenge_of_version_2(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        read_challenge({**body(), **change})


@pytest.mark.parametrize(
    "change",
    [{"unit": "a b"}, {"unit": ""}, {"site": "two\nlines"}, {"site": ""}, {"key": "00"}, {"valid_until": True}],
    ids=str,
)
def test_what_is_no_certificate(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a"):
        UnitCertificate.of_record({**CERTIFICATE.record(), **change})


def test_keys_of_a_later_version_are_ignored() -> None:
    assert (
        read_challenge({**body(), "later": 1, "certificate": {**CERTIFICATE.record(), "later": 1}}).unit == "AVX-0042"
    )


def test_distances_are_those_of_the_earth() -> None:
    assert UDINE.metres_to(UDINE) == 0
    assert Position(0, 0).metres_to(Position(1_000_000, 0)) == pytest.approx(111_195, abs=1)
    assert UDINE.metres_to(TRENTO) == pytest.approx(163_400, rel=0.01)
    assert Position(0, 179_999_000).metres_to(Position(0, -179_999_000)) == pytest.approx(222, abs=1)
    assert to_position(None) is None
