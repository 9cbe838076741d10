"""Which wishes of a centre a unit takes: none that its store could not even be asked for."""

from __future__ import annotations

import pytest

from edge.delivery.wire import MAX_WISHES, wishes_in

WISH = {"case": 7, "place": 0, "sha256": "ab" * 32}


def test_a_wish_as_a_centre_writes_it_is_taken() -> None:
    assert wishes_in({"wishes": [WISH, {**WISH, "place": -1}]}) == [(7, 0, "ab" * 32), (7, -1, "ab" * 32)]
    assert len(wishes_in({"wishes": [WISH] * (MAX_WISHES + 1)})) == MAX_WISHES


@pytest.mark.parametrize(
    "wrong",
    [
        {"case": 0},
        {"case": 1 << 63},
        {"case": True},
        {"case": 7.0},
        {"place": -2},
        {"place": 1 << 63},
        {"place": None},
        {"sha256": 5},
    ],
    ids=str,
)
def test_another_is_left_out_and_the_rest_is_delivered(wrong: dict[str, object]) -> None:
    assert wishes_in({"wishes": [WISH | wrong, "no wish", WISH]}) == [(7, 0, "ab" * 32)]


@pytest.mark.parametrize("answer", [{}, {"wishes": None}, {"wishes": {"case": 7}}], ids=str)
def test_no_list_is_no_wish(answer: dict[str, object]) -> None:
    assert wishes_in(answer) == []
