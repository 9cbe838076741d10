"""What is named of the plates that a person can read: each row for its group, and G and C apart."""

from __future__ import annotations

import numpy as np
import pytest

from converter.errors import LabelError
from converter.labels import TruthCrop
from converter.measure.by_eye import Sample
from converter.measure.drawn import DrawnPlate
from converter.verdict.legible import table, tells_pair


def plate(file: str, text: str, width: int = 50) -> DrawnPlate:
    return DrawnPlate(TruthCrop(np.zeros((2, 2), np.uint8), text, "", file), "IT", width)


PLATES = [plate("a", "GA111AA"), plate("b", "BB222BB"), plate("c", "AC333DD"), plate("d", "DD444DD", 70)]
SAMPLES = [
    Sample("a", "GA111AA", "misread", 20, "GA111AB"),
    Sample("b", "BB222BB", "read", 60, "BB222BB"),
    Sample("c", "AC333DD", "read", 60, "AG333DD"),
    Sample("d", "DD444DD", "read", 80, ""),
]


def test_each_plate_counts_for_what_it_stands_for_in_its_width_and_in_all() -> None:
    found = table(PLATES, {"a": 1.0, "b": 0.5, "c": 0.0, "d": 1.0}, SAMPLES)
    rows = [" ".join(line.split()) for line in found.splitlines()]
    # At 50 px the three stand for 20, 30 and 30. The person reads b alone, and tells the G of a, not the C of c.
    assert rows[1:] == [
        "50 px wide 0.438 of 3 0.500 of 1 0.500 of 1 1.000 of 1 0.000 of 1",
        "70 px wide 1.000 of 1 - - - -",
        "all widths 0.719 of 4 0.500 of 1 0.500 of 1 1.000 of 1 0.000 of 1",
    ]


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ("GA111CA", True),
        ("GX777CX", True),
        ("GA111GA", False),
        ("CA111CA", False),
        ("GC111CA", False),
        ("GA111C", False),
        ("", False),
    ],
)
def test_a_person_tells_g_and_c_where_each_stands_at_its_place_and_no_other_does(reading: str, told: bool) -> None:
    assert tells_pair("GA111CA", reading) is told


def test_a_set_drawn_otherwise_is_refused() -> None:
    with pytest.raises(LabelError, match="others now"):
        table([plate("a", "GA111AB")], {"a": 1.0}, SAMPLES[:1])
