"""From a measured speed to the speed that counts: deduction, remainder, excess, provision.

Decimals are kept, and calculated in decimal: 148 km/h less 5 % are 140.6 km/h. Where a figure has more than one decimal
the rest is dropped to the driver's favour, so that the figures that are printed are those that were compared. Where the
law counts in mph that is the figure in mph: 48.3 km/h are 30.0 mph, and no excess where 30 mph are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from edge.law.speeds import KM_OF_A_MILE, in_unit
from edge.model import Assessment, SpeedUnit

TENTH, WHOLE = Decimal("0.1"), Decimal(1)


@dataclass(frozen=True, slots=True)
class Deduction:
    """What is deducted from a measured speed.

    Attributes:
        minimum_kmh: at least so much, in km/h.
        percent: so much of the measured speed, where that is more.
        above_kmh: the percentage counts only for speeds above this one, in km/h; zero for all.
        whole: whether the deduction is rounded up to whole km/h.
    """

    minimum_kmh: Decimal
    percent: Decimal
    above_kmh: Decimal = Decimal(0)
    whole: bool = False

    def of(self, measured: Decimal) -> Decimal:
        """Return the deduction from *measured*, in km/h, rounded up to a tenth or to a whole one."""
        share = measured * self.percent / 100 if measured > self.above_kmh else Decimal(0)
        return max(self.minimum_kmh, share).quantize(WHOLE if self.whole else TENTH, ROUND_CEILING)


@dataclass(frozen=True, slots=True)
class Band:
    """A provision and the excess above which it applies, in km/h."""

    above_kmh: Decimal
    provision: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What a country's law says of speeding.

    Attributes:
        country: ISO code.
        deduction: what is deducted from the measured speed.
        rule: where the deduction stands, as the case and the report name it.
        bands: provisions by excess, lowest first; empty where the profile names none.
        sources: where that was read.
        unit: what the law counts in.
    """

    country: str
    deduction: Deduction
    rule: str
    bands: tuple[Band, ...] = ()
    sources: tuple[str, ...] = ()
    unit: SpeedUnit = SpeedUnit.KMH


def assess(measured_kmh: float, limit_kmh: float, profile: Profile) -> Assessment:
    """Return what *profile* makes of a speed of *measured_kmh* where *limit_kmh* is allowed.

    The driver was too fast where the excess is above zero.

    Raises:
        ValueError: a speed is negative or not a number.
    """
    if not (measured_kmh >= 0 and limit_kmh >= 0):
        raise ValueError("a speed is not negative")
    measured = Decimal(repr(float(measured_kmh))).quantize(TENTH, ROUND_FLOOR)
    limit = Decimal(repr(float(limit_kmh)))
    deduction = min(profile.deduction.of(measured), measured)
    remaining = measured - deduction
    excess = max(_excess(remaining, limit, profile.unit), Decimal(0))
    provision = ""
    for band in profile.bands:
        if excess > band.above_kmh:
            provision = band.provision
    return Assessment(
        measured_kmh=float(measured),
        deduction_kmh=float(deduction),
        remaining_kmh=float(remaining),
        limit_kmh=float(limit),
        excess_kmh=float(excess),
        rule=profile.rule,
        provision=provision,
    )


def _excess(remaining: Decimal, limit: Decimal, unit: SpeedUnit) -> Decimal:
    """By how many km/h *remaining* is above *limit*, negative if it is not; compared in *unit*."""
    if unit is SpeedUnit.KMH:
        return remaining - limit
    miles = Decimal(repr(in_unit(float(remaining), unit))) - limit / KM_OF_A_MILE
    return miles * KM_OF_A_MILE
