"""Series of authorities, diplomats, dealers and trailers: they speak for a country, and for nothing else."""

from __future__ import annotations

import pytest

from edge.identify.format_table import FORMATS
from edge.identify.formats import Formats
from edge.identify.origin import country_shares, decisive, format_of, origin, posterior
from edge.identify.special_series import SPECIAL_SERIES, is_special


@pytest.mark.parametrize(
    ("code", "text"),
    [("DE", "KO041234"), ("DE", "M06123"), ("DE", "THW81234"), ("HU", "Z12345"), ("HU", "XB1234"), ("BE", "EUR1234"),
     ("BE", "CDAB123"), ("IE", "ZZ12345"), ("SI", "12ABLJ"), ("SI", "A123MB"), ("LU", "A1234"), ("RO", "MAI12345"),
     ("ES", "P1234BCD"), ("SK", "P12345"), ("BG", "123B456")],
)  # fmt: skip
def test_a_text_of_a_special_series_speaks_for_its_country(code: str, text: str) -> None:
    assert is_special(code, text)
    even = {code: 0.5, "MT": 0.5}
    assert country_shares(even, text)[code] > max(posterior(even, text)[code], 0.8)


@pytest.mark.parametrize(
    ("code", "text"),
    [("DE", "KO081234"), ("ES", "P1234AEI"), ("SI", "12ABXY"), ("IE", "ZY12345"), ("IT", "Z12345"), ("DE", "")],
)
def test_another_text_or_country_is_none(code: str, text: str) -> None:
    assert not is_special(code, text)


def test_what_is_read_and_who_is_identified_does_not_rest_on_them() -> None:
    seen = {"DE": 0.7, "MT": 0.3}
    told = origin(seen, "KO041234")
    assert told is not None
    assert told.code == "DE"
    assert decisive(seen, "KO041234") == {}
    assert format_of("KO041234", "DE") is None
    assert not Formats(("DE",)).usual("KO041234")


def test_each_series_is_of_a_country_with_formats() -> None:
    assert set(SPECIAL_SERIES) <= set(FORMATS)
