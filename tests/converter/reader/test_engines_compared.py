"""The comparison of the reader's engines finds every way in which one may read otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from converter.labels.truth import TruthCrop
from converter.reader.engines import compare, table
from edge.model import PlateRead
from tests.support.reads import plate_read


class Always:
    """A reader that reads the same in every crop."""

    def __init__(self, read: PlateRead) -> None:
        self._read = read

    def read(self, _image: np.ndarray, _detections: Sequence[Any]) -> tuple[PlateRead, ...]:
        return (self._read,)


CROPS = [TruthCrop(np.full((20, 60), 80, np.uint8), text, "drawn", f"{text}.jpg") for text in ("AB1", "CD2")]
FIRST = plate_read("AB1")


@pytest.mark.parametrize(
    ("second", "same"),
    [
        (FIRST, True),
        (replace(FIRST, text="AB7"), False),
        (replace(FIRST, second_pass=plate_read("AB7")), False),
        (replace(FIRST, log_probs=np.log(np.exp(FIRST.log_probs) * 0.9995)), True),
        (plate_read("AB1", {1: ("8", 0.002)}), False),
    ],
)
def test_another_text_pass_or_probability_is_seen(second: PlateRead, same: bool) -> None:
    rows = compare({"first": Always(FIRST), "second": Always(second)}, CROPS)  # type: ignore[dict-item]
    assert [row.same for row in rows] == [True, same]
    assert [row.exact for row in rows] == [1, int(second.text == "AB1")]


def test_the_table_has_a_line_a_reader() -> None:
    rows = compare({"first": Always(FIRST), "second": Always(plate_read("AB7"))}, CROPS)  # type: ignore[dict-item]
    head, *lines = table(rows, len(CROPS)).splitlines()
    assert head.startswith("2 crops")
    assert [line.split()[:2] for line in lines] == [["first", "1"], ["second", "0"]]
    assert [line.split()[3] for line in lines] == ["0", "2"]
