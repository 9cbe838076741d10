"""The checker shares no code with the unit: what it says of 10,000 speeds is what :mod:`edge.law` says."""

from __future__ import annotations

import random

import pytest

from edge.cases.evidence import verify
from edge.law import in_unit, limit_words, speed_words, to_kmh
from edge.model import SpeedUnit

SEED, VALUES = 20261129, 10_000


def plain(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


def speeds() -> list[float]:
    """Tenths as a radar sends them, whole limits in mph, their neighbours among the floats, and any others."""
    drawn = random.Random(SEED)
    limits = [to_kmh(mph, SpeedUnit.MPH) for mph in range(187)]
    near = [limit * (1 + sign * 2**-52) for limit in limits for sign in (-1, 1)]
    found = [tenths / 10 for tenths in range(4000)] + limits + near
    return found + [drawn.uniform(0, 400) for _ in range(VALUES - len(found))]


@pytest.mark.parametrize("unit", list(SpeedUnit), ids=["kmh", "mph"])
def test_the_checker_says_each_speed_as_the_unit_does(unit: SpeedUnit) -> None:
    told = str(unit)
    for kmh in (values := speeds()):
        assert verify.in_unit(kmh, told) == in_unit(kmh, unit), kmh
        assert verify.speed_words(kmh, told) == speed_words(kmh, unit, plain), kmh
        assert verify.speed_words(kmh, told, beside=True) == speed_words(kmh, unit, plain, beside=True), kmh
        assert verify.limit_words(kmh, told) == limit_words(kmh, unit, plain), kmh
    assert len(values) == VALUES
