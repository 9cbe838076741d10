"""How often a country's plates say a text, and what that tells of the country."""

from __future__ import annotations

import math

import pytest

from edge.identify.format_table import FORMATS
from edge.identify.frequencies import OTHER_PART, log_frequency
from edge.identify.origin import country_shares, origin, posterior


def test_the_texts_of_a_series_share_the_plates_of_their_country() -> None:
    total = sum(math.exp(log_frequency("LI", f"FL{number}")) for number in range(1, 100_000))
    assert 1 - OTHER_PART < total < 1.0


@pytest.mark.parametrize(
    ("text", "code", "other"),
    [("OWV991G", "GB", "SE"),  # a suffix of 1968 is no Swedish plate
     ("AB1234", "LU", "FR"),  # a word in France
     ("EUR1234", "BE", "DE"), ("KO041234", "DE", "CH"), ("AB123CD", "FR", "ES")],
)  # fmt: skip
def test_a_text_of_a_series_speaks_against_countries_that_have_none_like_it(text: str, code: str, other: str) -> None:
    assert log_frequency(code, text) - log_frequency(other, text) > math.log(10)


def test_a_series_of_few_texts_says_each_of_them_oftener() -> None:
    assert log_frequency("LU", "12345") > log_frequency("FR", "AB123CD")


def test_where_no_format_is_written_down_any_text_is_as_likely_as_any_word_there() -> None:
    assert "MX" not in FORMATS
    assert log_frequency("MX", "AB123CD") == log_frequency("MX", "123ABCD") == log_frequency("AU", "AB123CD")
    assert log_frequency("MX", "RICCARDO") > log_frequency("IT", "RICCARDO")


def test_an_unusual_text_takes_no_country_away_and_a_rare_series_tells_one() -> None:
    sure = origin({"DE": 0.99999, "FR": 0.00001}, "AB123CD")
    assert sure is not None
    assert sure.code == "DE"
    seen = {"SE": 0.5, "GB": 0.5}
    assert posterior(seen, "OWV991G")["GB"] < 0.6  # the penalty of a series that has ended is that of none
    told = origin(seen, "OWV991G")
    assert told is not None
    assert told.code == "GB"


def test_shares_of_all_countries_add_up_however_unlikely_they_look() -> None:
    shares = country_shares({"IT": 1.0, "FR": 0.0, "BE": 1e-12}, "EUR1234")
    assert sum(shares.values()) == pytest.approx(1.0)
    assert min(shares.values()) > 0.0
