"""Detection metrics: average precision as COCO defines it (101 recall points), recall and false alarms.

A true box may be marked ``ignore``, such as one too small to count: a detection on it is neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from converter.labels import PlateBox
from edge.model import Detection
from edge.vision.refiner import iou

IOUS = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
RECALL_POINTS = np.linspace(0, 1, 101)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One photo: its true boxes and what was found, best first. `source` groups the tables."""

    truth: tuple[PlateBox, ...]
    found: tuple[Detection, ...]
    source: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall as the threshold falls."""

    scores: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    average_precision: float = field(default=float("nan"))


def match(outcome: Outcome, threshold: float) -> tuple[list[bool | None], list[bool]]:
    """Match detections and true boxes greedily, best detection first.

    Returns:
        For each detection True (right), False (false alarm) or None (an ignored plate); for each true box, whether it
        was found.
    """
    taken = [False] * len(outcome.truth)
    verdicts: list[bool | None] = []
    for detection in outcome.found:
        overlaps = [
            (iou(detection.box, box), i) for i, box in enumerate(outcome.truth) if not taken[i] and not box.ignore
        ]
        best, index = max(overlaps, default=(0.0, -1))
        if best >= threshold:
            taken[index] = True
            verdicts.append(True)
        elif any(box.ignore and iou(detection.box, box) >= min(threshold, 0.5) for box in outcome.truth):
            verdicts.append(None)
        else:
            verdicts.append(False)
    return verdicts, taken


def curve(outcomes: Sequence[Outcome], threshold: float) -> Curve:
    """Return precision against recall at one IoU threshold, over all photos."""
    rows = []
    for outcome in outcomes:
        verdicts, _ = match(outcome, threshold)
        rows += [(d.confidence, v) for d, v in zip(outcome.found, verdicts, strict=True) if v is not None]
    total = sum(not box.ignore for outcome in outcomes for box in outcome.truth)
    rows.sort(key=lambda row: -row[0])
    right = np.array([bool(v) for _, v in rows], dtype=np.float64)
    hits, misses = np.cumsum(right), np.cumsum(1 - right)
    precision = hits / np.maximum(hits + misses, 1)
    recall = hits / max(total, 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, RECALL_POINTS, side="left")
    reached = np.append(envelope, 0.0)[np.minimum(at, len(envelope))]
    average = float(reached.mean()) if total else float("nan")
    return Curve(np.array([score for score, _ in rows]), precision, recall, average)


def average_precision(outcomes: Sequence[Outcome], threshold: float) -> float:
    """Return the average precision at one IoU threshold."""
    return curve(outcomes, threshold).average_precision


@dataclass(frozen=True, slots=True)
class Summary:
    """The metrics of the tables; rates are fractions, false alarms are counted a photo."""

    photos: int
    plates: int
    ap50: float
    ap75: float
    ap: float
    recall: float
    false_alarms: float


def summarise(outcomes: Sequence[Outcome], working_threshold: float) -> Summary:
    """Return all metrics; recall and false alarms at the working threshold and IoU 0.5."""
    kept = [
        Outcome(o.truth, tuple(d for d in o.found if d.confidence >= working_threshold), o.source, o.name)
        for o in outcomes
    ]
    matched = [match(o, 0.5) for o in kept]
    plates = sum(not b.ignore for o in outcomes for b in o.truth)
    found = sum(sum(taken) for _, taken in matched)
    alarms = sum(verdict is False for verdicts, _ in matched for verdict in verdicts)
    every = [average_precision(outcomes, threshold) for threshold in IOUS]
    return Summary(
        photos=len(outcomes),
        plates=plates,
        ap50=every[0],
        ap75=every[IOUS.index(0.75)],
        ap=float(np.mean(every)),
        recall=found / plates if plates else float("nan"),
        false_alarms=alarms / len(outcomes) if outcomes else float("nan"),
    )
