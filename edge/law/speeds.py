"""A speed in the unit in which the law counts it. The one place where speeds are converted and said; pure.

Radar, manifest and lists hold km/h, whatever the law counts in. Where it counts in miles per hour a speed is cut to one
decimal, to the driver's favour and never rounded up, so that the figures that are printed are those that were compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from edge.model import SpeedUnit

KM_OF_A_MILE = Decimal("1.609344")
"""Exact: a yard is 0.9144 m (Weights and Measures Act 1985, s. 1), and a mile has 1,760 of them."""

Number = Callable[[float, int], str]
"""Writes a number with so many decimals in the language in use."""


def in_unit(speed_kmh: float, unit: SpeedUnit) -> float:
    """A speed in km/h in *unit*; in mph it is cut to one decimal.

    Raises:
        ValueError, OverflowError: it is not finite, and *unit* is mph.
    """
    if unit is SpeedUnit.KMH:
        return speed_kmh
    return math.floor(Fraction(repr(float(speed_kmh))) / Fraction(KM_OF_A_MILE) * 10) / 10


def spread_in_unit(spread_kmh: float, unit: SpeedUnit) -> float:
    """A difference of speeds that decides nothing, such as a standard deviation, in *unit*; nothing is cut."""
    return spread_kmh if unit is SpeedUnit.KMH else spread_kmh / float(KM_OF_A_MILE)


def to_kmh(speed: float, unit: SpeedUnit) -> float:
    """A *speed* in *unit* in km/h, exactly as far as a float is."""
    return speed if unit is SpeedUnit.KMH else float(Decimal(repr(float(speed))) * KM_OF_A_MILE)


def speed_words(speed_kmh: float, unit: SpeedUnit, number: Number, *, digits: int = 1, beside: bool = False) -> str:
    """A speed in km/h as it is said in *unit*, with *digits* decimals.

    *beside*: km/h follow in brackets, cut to one decimal, where *unit* is another one.
    """
    said = f"{number(in_unit(speed_kmh, unit), digits)} {unit}"
    if not beside or unit is SpeedUnit.KMH:
        return said
    return f"{said} ({number(math.floor(Fraction(repr(float(speed_kmh))) * 10) / 10, 1)} {SpeedUnit.KMH})"


def limit_words(limit_kmh: float, unit: SpeedUnit, number: Number, *, beside: bool = False) -> str:
    """A limit in km/h as :func:`speed_words` says it, without a decimal that it does not have."""
    return speed_words(limit_kmh, unit, number, digits=limit_digits(limit_kmh, unit), beside=beside)


def limit_digits(limit_kmh: float, unit: SpeedUnit) -> int:
    """How many decimals a limit in km/h has in *unit*: one at the most."""
    limit = in_unit(limit_kmh, unit)
    return 0 if limit == round(limit) else 1
