"""Where the law counts in miles per hour: exact conversion, nothing is rounded up, a limit stays what was written."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import Settings, load
from edge.daemon.rules import rules_of
from edge.delivery.orders import configured as ordered
from edge.errors import ConfigError, DeliveryError
from edge.identify import ANY_FORMAT, Thresholds
from edge.law import PROFILES, assess, in_unit, limit_words, speed_words, to_kmh
from edge.model import Basis, SpeedUnit, Trigger

MPH, KMH = SpeedUnit.MPH, SpeedUnit.KMH
MILE = Fraction("1.609344")


def plain(value: float, digits: int) -> str:
    return f"{value:.{digits}f}"


@given(tenths=st.integers(0, 5500))
def test_a_speed_is_cut_to_a_tenth_of_a_mile_per_hour(tenths: int) -> None:
    kmh = tenths / 10
    exact, told = Fraction(tenths, 10) / MILE, Fraction(repr(in_unit(kmh, MPH)))
    assert told <= exact < told + Fraction(1, 10)
    assert in_unit(kmh, KMH) == kmh


@given(kmh=st.floats(0, 1e9))
def test_no_speed_is_ever_rounded_up(kmh: float) -> None:
    told = Fraction(repr(in_unit(kmh, MPH)))
    assert told <= Fraction(repr(kmh)) / MILE < told + Fraction(1, 10)


@given(mph=st.integers(1, 186))
def test_a_limit_in_mph_comes_back_as_it_was_written(mph: int) -> None:
    kmh = json.loads(json.dumps(to_kmh(mph, MPH)))  # as a manifest keeps it
    assert Decimal(repr(kmh)) == mph * Decimal("1.609344")
    assert limit_words(kmh, MPH, plain) == f"{mph} mph"


@given(tenths=st.integers(0, 4000), limit=st.sampled_from([20, 30, 40, 50, 60, 70]))
def test_what_is_printed_is_what_was_compared(tenths: int, limit: int) -> None:
    found = assess(tenths / 10, to_kmh(limit, MPH), PROFILES["GB"])
    measured, remaining = in_unit(found.measured_kmh, MPH), in_unit(found.remaining_kmh, MPH)
    excess = in_unit(found.excess_kmh, MPH)
    assert found.deduction_kmh == 0 and measured == remaining
    assert excess == round(max(remaining - limit, 0), 1)
    assert (found.excess_kmh > 0) == (excess > 0) == bool(found.provision)


@pytest.mark.parametrize(
    ("kmh", "said", "excess"),
    [
        (48.2, "29.9 mph", "0.0 mph"),
        (48.3, "30.0 mph", "0.0 mph"),  # 30.01 mph: the tenth that would make it an infringement is not there
        (48.4, "30.0 mph", "0.0 mph"),
        (48.5, "30.1 mph", "0.1 mph"),
        (51.9, "32.2 mph", "2.2 mph"),
        (72.4, "44.9 mph", "14.9 mph"),
    ],
)
def test_thirty_miles_per_hour(kmh: float, said: str, excess: str) -> None:
    found = assess(kmh, to_kmh(30, MPH), PROFILES["GB"])
    assert speed_words(found.remaining_kmh, MPH, plain) == said
    assert speed_words(found.excess_kmh, MPH, plain) == excess
    assert found.rule.startswith("RTRA 1984, s. 89: no deduction")


def test_km_per_hour_stand_beside_it_only_where_they_are_another_unit() -> None:
    assert speed_words(72.4, MPH, plain, beside=True) == "44.9 mph (72.4 km/h)"
    assert limit_words(to_kmh(30, MPH), MPH, plain, beside=True) == "30 mph (48.2 km/h)"
    assert speed_words(72.4, KMH, plain, beside=True) == "72.4 km/h"
    assert limit_words(50.0, KMH, plain) == "50 km/h" and limit_words(37.5, KMH, plain) == "37.5 km/h"


def configured(folder: Path, *lines: str) -> Path:
    path = folder / "autovelox.toml"
    path.write_text("\n".join(["[speed]", *lines]))
    return path


@pytest.mark.parametrize(
    ("lines", "remedy"),
    [
        (('law = "GB"',), "write limit_mph, as 30"),
        (('law = "GB"', "limit_kmh = 50"), "write limit_mph, as 30"),
        (('law = "GB"', "limit_mph = 30", "limit_kmh = 50"), "no limit_kmh"),
        (('law = "GB"', "limit_mph = 30", "tolerance_kmh = 3"), "no tolerance_kmh"),
        (("limit_mph = 30",), "write limit_kmh and tolerance_kmh, or set law to GB"),
        (('law = "none"', "tolerance_mph = 2"), "write limit_kmh and tolerance_kmh, or set law to GB"),
    ],
)
def test_a_limit_in_the_wrong_unit_is_refused(tmp_path: Path, lines: tuple[str, ...], remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(configured(tmp_path, *lines))
    assert remedy in refused.value.remedy


def test_headquarters_may_set_it_all_at_once_or_another_limit_alone(tmp_path: Path) -> None:
    british = ordered(Settings(), {"speed.law": "GB", "speed.limit_mph": 30, "speed.tolerance_mph": 4.9})
    assert (british.speed.law, british.speed.limit_mph) == ("GB", 30)
    assert ordered(british, {"speed.limit_mph": 40}).speed.limit_mph == 40
    with pytest.raises(DeliveryError, match="counts in miles per hour"):
        ordered(Settings(), {"speed.law": "GB"})
    with pytest.raises(DeliveryError, match="counts in miles per hour"):
        ordered(british, {"speed.limit_kmh": 50})
    in_the_file = load(configured(tmp_path, "limit_kmh = 50"))
    with pytest.raises(DeliveryError, match="counts in miles per hour"):
        ordered(in_the_file, {"speed.law": "GB", "speed.limit_mph": 30})


@pytest.mark.parametrize(
    ("tolerance", "kmh", "basis"),
    [
        (0, 48.5, Basis.MEASURED),
        (0, 48.4, None),
        (5, 56.4, None),  # 35.0 mph: as far over as is left
        (5, 56.5, Basis.MEASURED),  # 35.1 mph
    ],
)
def test_the_unit_acts_above_limit_and_tolerance_in_mph(
    tmp_path: Path, tolerance: int, kmh: float, basis: Basis | None
) -> None:
    settings = load(configured(tmp_path, 'law = "GB"', "limit_mph = 30", f"tolerance_mph = {tolerance}"))
    rules = rules_of(settings, ANY_FORMAT, Thresholds(0.9, 3.0, 1.0, 0.0))
    assert rules.basis(Trigger(0.0, 0, kmh, "gpio")) is basis
    assert rules.limit_kmh == 48.28032
