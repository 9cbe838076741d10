"""The deduction, the remaining speed and the provision, for each country that has a profile."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config import SpeedSettings
from edge.errors import ConfigError
from edge.law import PROFILES, STATED, assess, profile_of


@pytest.mark.parametrize(
    ("measured", "limit", "deduction", "remaining", "excess", "comma"),
    [
        (64.0, 50, 5.0, 59.0, 9.0, "comma 7"),
        (148.0, 130, 7.4, 140.6, 10.6, "comma 8"),  # Comune di Genova's example
        (116.0, 70, 5.8, 110.2, 40.2, "comma 9"),
        (115.5, 110, 5.8, 109.7, 0.0, ""),  # a flat tolerance of 5 km/h would have filed it
        (55.0, 50, 5.0, 50.0, 0.0, ""),
        (55.1, 50, 5.0, 50.1, 0.1, "comma 7"),
        (65.0, 50, 5.0, 60.0, 10.0, "comma 7"),
        (65.1, 50, 5.0, 60.1, 10.1, "comma 8"),
        (95.0, 50, 5.0, 90.0, 40.0, "comma 8"),
        (115.7, 50, 5.8, 109.9, 59.9, "comma 9"),
        (116.0, 50, 5.8, 110.2, 60.2, "comma 9-bis"),
        (100.0, 50, 5.0, 95.0, 45.0, "comma 9"),
        (3.0, 50, 3.0, 0.0, 0.0, ""),
    ],
)
def test_italy_deducts_five_per_cent_and_at_least_five(
    measured: float, limit: float, deduction: float, remaining: float, excess: float, comma: str
) -> None:
    found = assess(measured, limit, PROFILES["IT"])
    assert (found.deduction_kmh, found.remaining_kmh, found.excess_kmh) == (deduction, remaining, excess)
    assert found.provision == (f"art. 142, {comma}, C.d.S." if comma else "")
    assert "art. 345" in found.rule


@pytest.mark.parametrize(
    ("country", "measured", "remaining"),
    [
        ("AT", 100.0, 95.0),
        ("AT", 123.0, 116.8),  # 116.85 exactly; never more than that
        ("DE", 100.0, 97.0),
        ("DE", 104.0, 100.0),  # 3.12 km/h are rounded up to 4
        ("FR", 56.0, 51.0),
        ("FR", 120.0, 114.0),
        ("none", 64.0, 64.0),
    ],
)
def test_other_countries_deduct_as_their_profiles_say(country: str, measured: float, remaining: float) -> None:
    assert assess(measured, 50, profile_of(country)).remaining_kmh == remaining


@given(
    country=st.sampled_from(sorted({*PROFILES} - {"GB"})),  # test_miles.py is about that one
    measured=st.floats(0, 400),
    limit=st.sampled_from([30, 50, 70, 90, 110, 130]),
)
def test_figures_add_up_and_favour_the_driver(country: str, measured: float, limit: float) -> None:
    found = assess(measured, limit, PROFILES[country])
    exact = Decimal(repr(measured))
    figures = [Decimal(repr(value)) for value in (found.measured_kmh, found.deduction_kmh, found.remaining_kmh)]
    assert figures[0] - figures[1] == figures[2]
    assert all(figure == round(figure, 1) for figure in figures), "what is printed is what was compared"
    assert figures[0] <= exact
    assert figures[1] >= min(figures[0], PROFILES[country].deduction.minimum_kmh)
    assert (found.excess_kmh > 0) == (found.remaining_kmh > limit)
    assert bool(found.provision) <= (found.excess_kmh > 0)


def test_every_profile_names_its_sources() -> None:
    assert all(profile.sources and profile.rule for profile in (*PROFILES.values(), *STATED.values()))


def test_a_country_without_a_profile_is_named() -> None:
    with pytest.raises(ConfigError, match="no legal profile CH") as failed:
        profile_of("CH")
    assert "AT, DE, FR, GB, IT, SI" in failed.value.remedy


@pytest.mark.parametrize(("measured", "limit"), [(-1.0, 50.0), (float("nan"), 50.0), (60.0, -50.0)])
def test_what_is_no_speed_is_refused(measured: float, limit: float) -> None:
    with pytest.raises(ValueError, match="not negative"):
        assess(measured, limit, PROFILES["IT"])


def test_the_configuration_knows_the_profiles() -> None:
    assert {*get_args(SpeedSettings.model_fields["law"].annotation)} == {*PROFILES, *STATED, "none"}
    assert SpeedSettings().law == "IT"
