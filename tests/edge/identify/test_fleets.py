"""How often plates of a country are met counts where nothing else tells it, and a sure picture outweighs it."""

from __future__ import annotations

import pytest

from converter.reader.countries import COUNTRIES
from edge.identify import met
from edge.identify.fleets import OVERSEAS


def test_of_two_that_look_alike_the_one_with_more_vehicles_is_likelier() -> None:
    told = met({"GB": 0.4, "MT": 0.4, "AU": 0.2})
    assert sum(told.values()) == pytest.approx(1)
    assert told["GB"] > 1.5 * told["MT"] > 1.5 * told["AU"]


@pytest.mark.parametrize("code", COUNTRIES)
def test_a_sure_picture_outweighs_it(code: str) -> None:
    others = [other for other in COUNTRIES if other != code]
    told = met({code: 0.999, **dict.fromkeys(others, 0.001 / len(others))})
    assert max(told, key=told.__getitem__) == code
    assert told[code] > 0.97


def test_every_country_that_is_told_has_a_weight_and_nothing_stays_nothing() -> None:
    assert set(COUNTRIES) >= OVERSEAS
    assert all(share > 0 for share in met(dict.fromkeys(COUNTRIES, 1 / len(COUNTRIES))).values())
    assert met({}) == {}
    assert met({"IT": 0.0}) == {"IT": 0.0}
