"""What the colours of a plate say of its country."""

from __future__ import annotations

import pytest

from edge.identify.colours import RED_SHARES, YELLOW_SHARES, Colour, share, weighed


@pytest.mark.parametrize("code", sorted({*YELLOW_SHARES, *RED_SHARES, "IT", "ZZ"}))
def test_the_colours_of_a_country_are_all_its_plates(code: str) -> None:
    told = [share(code, colour) for colour in Colour if colour is not Colour.UNKNOWN]
    assert sum(told) == pytest.approx(1.0)
    assert min(told) > 0


def test_yellow_ground_and_red_characters_choose_between_neighbours() -> None:
    seen = {"NL": 0.3, "PT": 0.4, "BE": 0.3}
    assert weighed(seen, Colour.YELLOW)["NL"] > 0.9
    assert weighed(seen, Colour.RED)["BE"] > 0.9
    assert weighed(seen, Colour.OTHER)["PT"] > 0.8
    assert weighed(seen, Colour.UNKNOWN) == pytest.approx(seen)


def test_nothing_is_made_of_no_countries() -> None:
    assert weighed({}, Colour.YELLOW) == {}
