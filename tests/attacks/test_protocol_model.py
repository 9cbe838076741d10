"""The model of the protocol: version 2 holds, and each of its defences is needed."""

from __future__ import annotations

import pytest

from tests.attacks.protocol_model import (
    BOUND,
    CERTIFIED,
    DEFENCES,
    FRESH,
    NO_VERSION_1_CAR,
    NO_VERSION_1_UNIT,
    PLACED,
    SEALED,
    SIGNED,
    VERSION_1,
    Model,
    Term,
    violations,
)

CHIP_FILE: frozenset[Term] = frozenset({("uid", "anna"), ("public", "anna")})
"""What a copy of a chip file gives, without the signing key."""


@pytest.mark.parametrize("knows", [frozenset[Term](), CHIP_FILE], ids=["stranger", "thief of a chip file"])
def test_nothing_goes_wrong_in_version_2(knows: frozenset[Term]) -> None:
    """Injective agreement on unit, nonce, plate and licence; secrecy of the uid; no way back to version 1."""
    assert violations(Model(DEFENCES, knows=knows)) == set()


def test_an_honest_exchange_is_possible() -> None:
    """A model in which nothing happens would hold as well."""
    claims = [claim for state in Model(DEFENCES).states() for claim in state.claims]
    assert any(claim.chip == "anna" and claim.unit == "U" and claim.version == 2 for claim in claims)
    assert any(claim.chip == "thief" for claim in claims), "the attacker's own chip is one like any other"


def test_everything_goes_wrong_in_version_1() -> None:
    everything = frozenset({"agreement", "relay", "presence", "freshness", "downgrade"})
    assert violations(Model(VERSION_1, knows=CHIP_FILE), until=everything) >= everything
    assert "secrecy" in violations(Model(VERSION_1), until=frozenset({"secrecy"}))


@pytest.mark.parametrize(
    ("without", "wrong"),
    [
        ({SIGNED}, "agreement"),
        ({BOUND}, "relay"),
        ({PLACED}, "presence"),
        ({FRESH}, "freshness"),
        ({SEALED}, "secrecy"),
        ({NO_VERSION_1_UNIT}, "downgrade"),
        ({NO_VERSION_1_CAR}, "secrecy"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, set) else value,
)
def test_each_defence_is_needed(without: set[str], wrong: str) -> None:
    model = Model(DEFENCES - without, knows=CHIP_FILE if wrong != "secrecy" else frozenset())
    assert wrong in violations(model, until=frozenset({wrong}))


def test_the_certificate_is_what_makes_the_place_count() -> None:
    """Without it a camera of the attacker's own says that it is the near unit's, for a far one's nonce."""
    assert "presence" in violations(Model(DEFENCES - {CERTIFIED}, knows=CHIP_FILE), until=frozenset({"presence"}))
