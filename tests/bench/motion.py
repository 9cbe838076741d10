"""How well two exposures tell a car's speed (edge/identify/motion.py): ``motion.py [CLIP ...]``.

First a table: passings of 20 to 200 km/h, boxes with noise like the detector's, three exposures. Then what the flow
asks (edge/identify/plausibility.py), which does not know how wide the plate is: with the right speed, alone and beside
another car, and with the speed of that other car. Exits 1 for more than one false alarm in a hundred. With clips, how
much the detector's boxes tremble in them: the standard deviation against a parabola through each five successive
frames.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from edge.config import models_dir
from edge.identify.motion import TimedBox, compare, motion
from edge.identify.plausibility import plausibility
from edge.model import Box, PlateRead, SpeedAgreement
from edge.vision.detector import Detector
from edge.vision.refiner import iou
from tests.support.passing import LENS, PLATE_M, drawn_by_lot, noisy
from tests.support.reads import plate_read

PASSINGS = 20_000
SPANS_S = (2 / 30, 0.2, 0.3)
DISTANCES_M = (3.0, 8.0, 15.0, 25.0)
RADAR_ERROR = 0.015
CASES, MOST_FALSE_ALARMS = 1000, 0.01
TEXTS = ("AB123CD", "XY987ZW")
WRONG = (0.5, 1.8)
"""Another car's speed, as a multiple of this one's."""


def table() -> None:
    """Print what is said of the right radar speed and of another car's."""
    print(
        "| seconds | metres | passings | error, km/h | radar right: agrees | false alarm | wrong car: told | agrees |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for span_s in SPANS_S:
        times = (0.0, span_s / 2, span_s)
        luck = np.random.default_rng(1)
        said: dict[float, Counter[str]] = {near: Counter() for near in DISTANCES_M[:-1]}
        errors: dict[float, list[float]] = {near: [] for near in DISTANCES_M[:-1]}
        for _ in range(PASSINGS):
            passing = drawn_by_lot(luck)
            if not passing.is_seen(times):
                continue
            near = max(near for near in said if passing.distance_m >= near)
            seen = [TimedBox(noisy(passing.box(at_s), luck), round(at_s * 1e9)) for at_s in times]
            found = motion(seen, LENS, PLATE_M[0])
            if found is None:
                continue
            errors[near].append(abs(found.speed_kmh - passing.speed_kmh))
            said[near][compare(found, [], passing.speed_kmh * luck.normal(1, RADAR_ERROR))] += 1
            said[near]["wrong " + compare(found, [], passing.speed_kmh * luck.choice(WRONG))] += 1
        for near, far in pairwise(DISTANCES_M):
            count, of = len(errors[near]), said[near]
            shares = [
                of[key] / count
                for key in (
                    SpeedAgreement.AGREES,
                    SpeedAgreement.CONTRADICTS,
                    "wrong " + SpeedAgreement.CONTRADICTS,
                    "wrong " + SpeedAgreement.AGREES,
                )
            ]
            cells = " | ".join(f"{share:.1%}" for share in shares)
            print(f"| {span_s:.2f} | {near:.0f}-{far:.0f} | {count} | {np.mean(errors[near]):.0f} | {cells} |")


def cases() -> bool:
    """Print what becomes of whole cases; returns whether false alarms are rare enough."""
    print("\n| seconds | cases | said | borne out | tells nothing | contradicted | other fits |")
    print("|---:|---:|---|---:|---:|---:|---:|")
    worst = 0.0
    for span_s in SPANS_S:
        times = (0.0, span_s / 2, span_s)
        luck = np.random.default_rng(2)
        said = {what: Counter[str]() for what in ("right, alone", "right, beside another", "the other car's")}
        while said["right, alone"].total() < CASES:
            own, other = drawn_by_lot(luck), drawn_by_lot(luck)
            # The radar sees the nearest car best, and so does the verdict.
            if not (own.is_seen(times) and other.is_seen(times) and own.distance_m < other.distance_m):
                continue
            mirrored = replace(other, side_m=-other.side_m, yaw=own.yaw)
            if not mirrored.is_seen(times):
                continue
            told = own.speed_kmh * luck.normal(1, RADAR_ERROR)
            for what, radar_kmh in zip(said, (told, told, other.speed_kmh), strict=True):
                cars = (own,) if what == "right, alone" else (own, mirrored)
                photos = [[read(noisy(car.box(at_s), luck), TEXTS[n]) for n, car in enumerate(cars)] for at_s in times]
                exposed = [round(at_s * 1e9) for at_s in times]
                said[what][plausibility(photos, exposed, photos[0][0], LENS, radar_kmh).agreement] += 1
        for what, of in said.items():
            alarms = (of[SpeedAgreement.CONTRADICTS] + of[SpeedAgreement.OTHER_FITS]) / CASES
            worst = max(worst, alarms) if what.startswith("right") else worst
            order = (
                SpeedAgreement.AGREES,
                SpeedAgreement.TELLS_NOTHING,
                SpeedAgreement.CONTRADICTS,
                SpeedAgreement.OTHER_FITS,
            )
            cells = " | ".join(f"{of[each] / CASES:.1%}" for each in order)
            print(f"| {span_s:.2f} | {CASES} | {what} | {cells} |")
    print(f"\nfalse alarms: {worst:.2%} at most ({MOST_FALSE_ALARMS:.0%} allowed)")
    return worst <= MOST_FALSE_ALARMS


def read(box: Box, text: str) -> PlateRead:
    """A plate surely read in *box*."""
    drawn = plate_read(text)
    return replace(drawn, detection=replace(drawn.detection, box=box))


def trembling(clip: Path, detector: Detector) -> str:
    """How much the boxes of the plate in *clip* tremble."""
    film = cv2.VideoCapture(str(clip))
    boxes: list[Box | None] = []
    before: Box | None = None
    while (frame := film.read())[0]:
        image = np.asarray(cv2.cvtColor(frame[1], cv2.COLOR_BGR2RGB), np.uint8)
        found = [one.box for one in detector.detect(image)]
        if before is not None:
            found = [box for box in sorted(found, key=lambda box: -iou(box, before)) if iou(box, before) > 0.3]
        boxes.append(found[0] if found else None)
        before = found[0] if found else before
    runs = [run for start in range(len(boxes) - 4) if None not in (run := boxes[start : start + 5])]
    values = np.array(
        [[(box.width, (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2) for box in run if box is not None] for run in runs]
    )
    if not len(values):
        return f"{clip.name}: no plate in five successive frames"
    width, across, down = _deviations(values)
    return f"{clip.name}: width {values[..., 0].mean():.0f} px +- {width:.2f}, centre +- {across:.2f}, {down:.2f}"


def _deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The standard deviation from a parabola, of *values* (runs, 5, 3), for each of the three."""
    at = np.arange(-2.0, 3.0)
    basis = np.stack([np.ones(5), at, at**2], axis=1)
    rest = np.eye(5) - basis @ np.linalg.pinv(basis)
    return np.asarray(np.sqrt((np.einsum("ij,njk->nik", rest, values) ** 2).sum(axis=1).mean(axis=0) / 2), np.float64)


if __name__ == "__main__":
    table()
    rare = cases()
    if sys.argv[1:]:
        network = Detector(models_dir())
        for name in sys.argv[1:]:
            print(trembling(Path(name), network))
    sys.exit(not rare)
