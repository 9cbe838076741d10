"""Plate formats: real shapes of each country are taken, impossible ones are not."""

from __future__ import annotations

import re

import pytest

from edge.errors import ConfigError
from edge.identify.format_table import FORMATS, VEHICLES
from edge.identify.formats import Formats, licence_pattern, plate_pattern

EUROPE = (
    "AD AL AT BA BE BG BY CH CY CZ DE DK EE ES FI FR GB GE GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL PT RO "
    "RS RU SE SI SK SM TR UA VA XK"
)


@pytest.mark.parametrize(
    ("country", "plates"),
    [
        ("AT", "W12345A GU123AB ZE248KJ STKT1"),
        ("BE", "1ABC234 ABC123"),
        ("BG", "CA1234AB B1234TX"),
        ("BR", "ABC1D23 ABC1234"),
        ("CH", "ZH123456 TI1"),
        ("CZ", "1A23456 5AB1234"),
        ("DE", "BAB1234 MX1 FFBAM483 SE123E MH12H"),
        ("ES", "1234BCD M1234AB"),
        ("FR", "AB123CD 1234AB75 12AB2A"),
        ("GB", "LS15EBC A123BCD ABC123D AIZ1234"),
        ("GR", "IKA1234"),
        ("HR", "ZG1234AB"),
        ("HU", "ABC123 AABB123"),
        ("IE", "08D12345 131KY1234"),
        ("IT", "AB123CD AB12345 MI123456"),
        ("NL", "XSNB23 98THD4 GBB01B"),
        ("PL", "WA12345 WPR1A23 SK878XE"),
        ("PT", "AB12CD 12AB34 1234AB 00479L"),
        ("RO", "CJ12ABC B123ABC"),
        ("SE", "ABC123 ABC12A"),
        ("SI", "LJAB123"),
        ("SK", "BA123AB"),
        ("TR", "34ABC123 06A1234"),
        ("VN", "34A23126"),
    ],
)
def test_plates_of_the_country_fit(country: str, plates: str) -> None:
    formats = Formats([country])
    assert [plate for plate in plates.split() if not formats.possible(plate)] == []


@pytest.mark.parametrize(
    ("country", "plate"),
    [
        ("IT", "AO123CD"),  # no O since 1994
        ("IT", "AB123C0"),
        ("ES", "1234ABC"),  # no vowels
        ("FR", "AI123CD"),
        ("NL", "XSNA23"),
        ("SE", "ABQ123"),
        ("PL", "WA1234B"),  # B stands for the district only
        ("CH", "XX1234"),  # no such canton
        ("RO", "C123ABC"),  # one letter only for Bucharest
        ("DE", "FFBAB4831"),  # nine characters
        ("BR", "AB12345"),
        ("GB", "E059CLU"),  # no leading zero
        ("IN", "GJ0TMW7581"),  # no district 0
    ],
)
def test_what_the_country_never_issues_does_not_fit(country: str, plate: str) -> None:
    assert not Formats([country]).possible(plate)


def test_all_of_europe_is_there_and_every_format_has_its_source() -> None:
    assert set(FORMATS) >= {*EUROPE.split(), "BR"}
    assert all(entry.source and entry.series for entry in FORMATS.values())


@pytest.mark.parametrize("country", sorted(FORMATS))
def test_slots_and_expression_say_the_same(country: str) -> None:
    formats = Formats([country])
    for length in range(1, 12):
        for slots in formats.slots(length):
            assert all(slots), f"a place of {country} can hold nothing"
            for which in (0, -1):
                text = "".join(place[which] for place in slots)
                assert formats.usual(text)
                assert formats.possible(text) or country == "ANY"


def test_any_takes_two_to_ten_characters() -> None:
    formats = Formats(["ANY"])
    assert formats.possible("A1")
    assert formats.possible("A123456789")
    assert not formats.possible("A")
    assert not formats.possible("A1234567890")
    assert not formats.possible("AB-12")


def test_where_any_plate_is_possible_those_of_some_country_are_usual() -> None:
    formats = Formats(["ANY"])
    assert formats.usual("AB123CD")
    assert formats.usual("ABC1D23")
    assert not formats.usual("A0B1C2D3")
    assert formats.possible("A0B1C2D3")


def test_own_expression_adds_to_the_countries() -> None:
    formats = Formats(["IT"], own="CD[0-9]{3}")
    assert formats.possible("CD123")
    assert formats.possible("AB123CD")
    assert not formats.possible("XCD123")
    assert formats.usual("AB123CD")
    assert not formats.usual("CD123")


def test_mistakes_are_named() -> None:
    with pytest.raises(ConfigError, match="no format for 'ZZ'"):
        plate_pattern(["ZZ"])
    with pytest.raises(ConfigError, match="plate_pattern is not a regular expression"):
        plate_pattern(["IT"], own="[")
    with pytest.raises(ConfigError, match="plate_countries is empty"):
        plate_pattern([])
    with pytest.raises(ConfigError, match="licence_pattern is not"):
        licence_pattern("(")


def test_patterns_take_plain_letters_only() -> None:
    assert plate_pattern(["IT"]).flags & re.ASCII
    assert not Formats(["ANY"]).possible("ÄB123")
    assert not Formats(["IT"]).possible("AB１２３CD")


def test_a_format_weighs_as_many_vehicles_as_have_it() -> None:
    anywhere, near = Formats(["ANY"]), Formats(["IT", "SI"])
    assert anywhere.vehicles("ABO1234") > 4 * anywhere.vehicles("AB01234") > 0
    assert near.vehicles("AB123CD") > 5 * near.vehicles("LJAB123") > 0
    assert near.fleet == VEHICLES["IT"] + VEHICLES["SI"]
    assert near.vehicles("ABO1234") == 0


def test_every_country_has_its_vehicles() -> None:
    assert set(VEHICLES) == set(FORMATS) - {"ANY"}
    for country, entry in FORMATS.items():
        assert all(0 < series.share <= 1 for series in entry.series), country


@pytest.mark.parametrize(
    ("plate", "country"), [("KL1OAV6633", "IN"), ("XX10AV6633", "IN"), ("FST84I", "SI"), ("AB01234", "DK")]
)
def test_what_a_country_never_issues_is_not_usual(plate: str, country: str) -> None:
    assert not Formats([country]).usual(plate)


@pytest.mark.parametrize("country", sorted(VEHICLES))
def test_no_plate_fits_more_vehicles_than_there_are(country: str) -> None:
    formats = Formats([country])
    for length in range(1, 12):
        for slots in formats.slots(length):
            assert formats.vehicles("".join(place[-1] for place in slots)) <= formats.fleet * 1.001
