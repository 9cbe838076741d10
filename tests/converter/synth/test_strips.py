"""Drawn ends of plates: every country has designs, and a drawing shows the one it was asked for."""

from __future__ import annotations

import random

import numpy as np
import pytest

from converter.reader.countries import COUNTRIES
from converter.strip.batches import CLASSES, PRIORS, batches, view
from converter.synth import FontShelf
from converter.synth.strip_designs import STRIP_DESIGNS
from converter.synth.strips import AROUND, draw_end
from edge.identify.strips import NO_STRIP, STRIP_SHARES
from edge.vision.strip import SIDE


def test_every_country_with_strips_has_designs_and_the_reader_knows_it() -> None:
    assert set(STRIP_DESIGNS) == set(STRIP_SHARES) <= set(COUNTRIES)
    assert all(0 < share < 1 for share in STRIP_SHARES.values())
    assert sum(PRIORS) == pytest.approx(1)
    assert CLASSES[-1] == NO_STRIP


@pytest.mark.parametrize("country", CLASSES, ids=lambda code: code or "none")
def test_every_kind_of_end_can_be_drawn_and_seen(country: str) -> None:
    rng = random.Random(3)
    for _ in range(6):
        end = draw_end(country, FontShelf(), rng)
        assert end.country == country
        assert view(end, rng).shape == (SIDE, SIDE, 3)


def test_a_french_end_is_blue_where_a_bare_one_is_not() -> None:
    def blue(country: str) -> float:
        rng = random.Random(5)
        found = 0
        for _ in range(40):
            picture = draw_end(country, FontShelf(), rng).picture.astype(int)
            strip = picture[AROUND + 4 : -AROUND - 4, AROUND + 4 : AROUND + 14].reshape(-1, 3).mean(axis=0)
            found += bool(strip[2] > strip[0] + 40)
        return found / 40

    assert blue("FR") > 0.7 > 0.35 > blue(NO_STRIP)


def test_batches_are_reproducible_and_hold_every_class() -> None:
    first, again = (batches(FontShelf(), 32, 7) for _ in range(2))
    seen: set[int] = set()
    for _ in range(6):
        (pictures, classes), (same, alike) = next(first), next(again)
        assert np.array_equal(pictures, same)
        assert np.array_equal(classes, alike)
        assert pictures.shape == (32, SIDE, SIDE, 3)
        seen |= set(classes.tolist())
    assert len(seen) > len(CLASSES) / 3
