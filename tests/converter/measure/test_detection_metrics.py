"""Average precision, recall and false alarms against cases counted by hand."""

from __future__ import annotations

import pytest

from converter.labels.photo import PlateBox
from converter.measure.metrics import Outcome, average_precision, curve, match, summarise
from edge.model import Box, Detection
from edge.vision.refiner import iou


def plate(x: float = 0, ignore: bool = False) -> PlateBox:
    return PlateBox(x, 0, x + 40, 10, ignore=ignore)


def found(x: float, confidence: float, width: float = 40) -> Detection:
    return Detection(Box(x, 0, x + width, 10), confidence)


def test_iou() -> None:
    assert iou(plate(), plate()) == 1.0
    assert iou(plate(0), plate(20)) == pytest.approx(1 / 3)
    assert iou(plate(0), plate(40)) == 0.0
    assert iou(Box(0, 0, 2, 2), Box(1, 1, 3, 3)) == pytest.approx(1 / 7)


def test_everything_right_is_one() -> None:
    outcomes = [Outcome((plate(), plate(100)), (found(0, 0.9), found(100, 0.8)))]
    summary = summarise(outcomes, 0.5)
    assert (summary.ap50, summary.ap75, summary.ap, summary.recall, summary.false_alarms) == (1, 1, 1, 1, 0)


def test_a_plate_found_twice_is_one_hit_and_one_false_alarm() -> None:
    verdicts, taken = match(Outcome((plate(),), (found(0, 0.9), found(2, 0.8))), 0.5)
    assert (verdicts, taken) == ([True, False], [True])


def test_average_precision_by_hand() -> None:
    # Ranked: right, wrong, right; two plates. Precision 1 up to recall .5, then 2/3: 51 points of 1, 50 of 2/3.
    outcomes = [Outcome((plate(),), (found(0, 0.9), found(200, 0.8))), Outcome((plate(),), (found(0, 0.7),))]
    assert average_precision(outcomes, 0.5) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_missed_plate_lowers_recall_and_average_precision() -> None:
    outcomes = [Outcome((plate(),), (found(0, 0.9),)), Outcome((plate(),), ())]
    assert summarise(outcomes, 0.5).recall == 0.5
    assert average_precision(outcomes, 0.5) == pytest.approx(51 / 101)


def test_a_loose_box_counts_at_half_and_not_at_three_quarters() -> None:
    outcomes = [Outcome((plate(),), (found(0, 0.9, width=60),))]
    assert average_precision(outcomes, 0.5) == 1.0
    assert average_precision(outcomes, 0.75) == 0.0


def test_an_ignored_plate_neither_counts_nor_harms() -> None:
    outcomes = [Outcome((plate(), plate(100, ignore=True)), (found(100, 0.95), found(0, 0.9)))]
    summary = summarise(outcomes, 0.5)
    assert (summary.plates, summary.ap50, summary.recall, summary.false_alarms) == (1, 1.0, 1.0, 0.0)


def test_the_working_threshold_divides_recall_from_false_alarms() -> None:
    outcomes = [Outcome((plate(),), (found(0, 0.6), found(300, 0.4)))]
    assert summarise(outcomes, 0.3).false_alarms == 1.0
    assert summarise(outcomes, 0.5).false_alarms == 0.0
    assert summarise(outcomes, 0.7).recall == 0.0


def test_the_curve_falls_with_the_threshold() -> None:
    outcomes = [Outcome((plate(),), (found(0, 0.9), found(200, 0.5))), Outcome((plate(),), (found(0, 0.3),))]
    points = curve(outcomes, 0.5)
    assert list(points.scores) == [0.9, 0.5, 0.3]
    assert list(points.recall) == [0.5, 0.5, 1.0]
    assert list(points.precision) == pytest.approx([1, 0.5, 2 / 3])
