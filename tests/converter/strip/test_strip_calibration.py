"""How far reader and strip count for the country: the fit finds what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from converter.reader.countries import COUNTRIES
from converter.strip.batches import CLASSES, PRIORS
from edge.identify import Colour, met
from tests.support.lazy import lazy

calibrate = lazy("converter.strip.calibrate")
PRIOR = dict(zip(CLASSES, PRIORS, strict=True))
HOMES = ("IT", "FR", "DE", "ES", "NL", "SI")


def evidence(count: int, reader_wrong: float, strip_wrong: float, strength: float = 12.0) -> list[Any]:
    """Plates of six countries of a text that fits none; each network is as sure where it errs as where it is right."""
    dice = np.random.default_rng(7)
    made = []
    for number in range(count):
        home = HOMES[number % len(HOMES)]
        reader, strip = np.zeros(len(COUNTRIES), np.float32), np.zeros(len(CLASSES), np.float32)
        other = HOMES[(number + 1 + int(dice.integers(len(HOMES) - 1))) % len(HOMES)]
        reader[COUNTRIES.index(other if dice.random() < reader_wrong else home)] = strength
        strip[CLASSES.index(other if dice.random() < strip_wrong else home)] = strength
        made.append(calibrate.Evidence(reader, strip, Colour.UNKNOWN, "0", home))
    return made


@pytest.mark.parametrize("wrong", [0.3, 0.1], ids=str)
def test_a_reader_that_errs_surely_is_believed_as_often_as_it_is_right(wrong: float) -> None:
    seen = [replace(each, strip=np.zeros(len(CLASSES), np.float32)) for each in evidence(60, wrong, 0.0)]
    told, _ = calibrate.fit(seen, COUNTRIES, PRIOR)
    right = sum(HOMES[number % len(HOMES)] == COUNTRIES[int(each.reader.argmax())] for number, each in enumerate(seen))
    promised = [
        max(met(dict(zip(COUNTRIES, told.shares(each.reader).tolist(), strict=True))).values()) for each in seen
    ]
    assert sum(promised) / len(seen) == pytest.approx(right / len(seen), abs=0.06)


def test_a_strip_network_that_errs_surely_counts_less() -> None:
    steep, flat = (calibrate.fit(evidence(60, 0.1, share), COUNTRIES, PRIOR)[1] for share in (0.0, 0.3))
    assert flat < steep
