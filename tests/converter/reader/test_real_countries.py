"""Real crops of known country: the table, and the crops that know theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.labels import csv_rows
from converter.reader.commands import LABELS, PLATE_COUNTRIES
from converter.reader.countries import COUNTRIES
from converter.reader.real import load_real

DATA = Path("../shared/data")


def test_every_country_of_the_table_is_one_that_the_network_tells() -> None:
    rows = [row for _, row in csv_rows(PLATE_COUNTRIES, ("source", "text", "country"))]
    assert {row["country"] for row in rows} <= set(COUNTRIES)
    keys = [(row["source"], row["text"]) for row in rows]
    assert len(keys) == len(set(keys))


@pytest.mark.skipif(not DATA.is_dir(), reason="the training data is not here")
def test_crops_of_the_table_know_their_country_and_others_none() -> None:
    labels = sorted(LABELS.glob("labels_*.csv"))
    crops = load_real(DATA, labels, PLATE_COUNTRIES)
    assert {crop.country for crop in crops if crop.text == "GN64OTP"} == {"GB"}
    assert sum(crop.country == "RO" for crop in crops) > 500
    assert not any(crop.country for crop in load_real(DATA, labels))
