"""Where a unit or a car is: WGS 84 in microdegrees, whole numbers, so that what is signed has one notation."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius (IUGG); the sphere errs by less than 0.6 %, 3 m in 500 m."""

_PER_DEGREE: Final = 1_000_000
_MOST: Final = (90 * _PER_DEGREE, 180 * _PER_DEGREE)


class Position(NamedTuple):
    """A place on the earth: latitude and longitude in microdegrees (0.11 m or less)."""

    latitude_e6: int
    longitude_e6: int

    @classmethod
    def of_degrees(cls, latitude: float, longitude: float) -> Position:
        """The place at *latitude* and *longitude*, in degrees."""
        return cls(round(latitude * _PER_DEGREE), round(longitude * _PER_DEGREE))

    def metres_to(self, other: Position) -> float:
        """The great-circle distance to *other*, in metres (haversine)."""
        one, two = (math.radians(each.latitude_e6 / _PER_DEGREE) for each in (self, other))
        east = math.radians((other.longitude_e6 - self.longitude_e6) / _PER_DEGREE)
        half = math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(east / 2) ** 2
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def position_text(position: Position | None) -> str:
    """*position* as it is signed: ``latitude,longitude`` in microdegrees, or ``-``."""
    return "-" if position is None else f"{position.latitude_e6},{position.longitude_e6}"


def to_position(value: Any) -> Position | None:
    """The position in a JSON value: a pair of whole numbers, or None for null.

    Raises:
        ValueError: it is neither.
    """
    if value is None:
        return None
    is_pair = isinstance(value, list) and len(value) == 2 and all(type(each) is int for each in value)
    if not is_pair or any(abs(each) > most for each, most in zip(value, _MOST, strict=True)):
        raise ValueError("not a position")
    return Position(*value)
