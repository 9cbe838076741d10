from __future__ import annotations

import time

from edge.link.challenge import Challenge

S = 1_000_000_000


def test_challenges_are_fresh() -> None:
    challenges = [Challenge() for _ in range(1000)]
    assert len({challenge.nonce for challenge in challenges}) == 1000
    assert all(len(bytes.fromhex(challenge.nonce)) == 16 for challenge in challenges)
    assert abs(challenges[0].timestamp - time.time()) < 60


def test_a_challenge_is_spent_once() -> None:
    challenge = Challenge()
    assert challenge.spend(time.monotonic_ns(), 10) is None
    assert challenge.spend(time.monotonic_ns(), 10) == "used"


def test_a_challenge_expires() -> None:
    challenge = Challenge()
    assert challenge.spend(time.monotonic_ns() + 11 * S, 10) == "expired"


def test_an_expired_challenge_is_spent_too() -> None:
    challenge = Challenge()
    challenge.spend(time.monotonic_ns() + 11 * S, 10)
    assert challenge.spend(time.monotonic_ns(), 10) == "used"
