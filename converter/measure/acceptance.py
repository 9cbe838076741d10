"""The figures of a detector beside those that it has to reach before it is shipped."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from converter.labels import Photo
from converter.measure import goals
from converter.measure.evaluate import Evaluation
from converter.measure.goals import Figure, goal_table
from edge.vision.detector import Detector, letterbox
from edge.vision.images import load_image

WIDTH, HEIGHT = 1280, 720
_ROUNDS = 60


def cpu_ms_side_by_side(detectors: Sequence[Detector], photos: Sequence[Photo]) -> list[float]:
    """Return the mean CPU milliseconds of a call on 1280x720; the detectors take turns on some of *photos*."""
    times: list[list[float]] = [[] for _ in detectors]
    chosen = [photos[i] for i in np.linspace(0, len(photos) - 1, _ROUNDS).astype(int)]
    for entry in chosen:
        photo, _ = letterbox(load_image(entry.path), WIDTH, HEIGHT)
        for detector, record in zip(detectors, times, strict=True):
            begin = time.process_time()
            detector.detect(photo)
            record.append(1000 * (time.process_time() - begin))
    return [float(np.mean(record)) for record in times]


def acceptance_table(evaluations: Sequence[Evaluation], photos: Sequence[Photo]) -> tuple[str, bool]:
    """Return the table, and whether every figure is reached.

    Args:
        evaluations: the shipped int8 model, then its float32 twin.
        photos: some of these are looked at for the time.
    """
    int8, float32 = (entry.summary for entry in evaluations)
    fast, slow = cpu_ms_side_by_side([Detector(entry.model) for entry in evaluations], photos)
    figures = [
        Figure("AP50, all sources together", int8.ap50, goals.DETECTOR_AP50),
        Figure("recall at IoU 0.5, working threshold", int8.recall, goals.DETECTOR_RECALL),
        Figure("false alarms a photo", int8.false_alarms, goals.DETECTOR_FALSE_ALARMS),
        Figure("AP50 lost by int8 against float32", float32.ap50 - int8.ap50, goals.DETECTOR_AP50_LOST),
        Figure("times as fast as float32 (CPU)", slow / fast, goals.DETECTOR_SPEED_RATIO, digits=2),
        Figure("AP75", int8.ap75, goals.DETECTOR_AP75),
    ]
    time_of_photo = Figure("CPU ms per 1280x720 photo, one thread", fast, goals.DETECTOR_CPU_MS, digits=1, mark=" *")
    note = "* on a machine on which english_g2 reads one crop in 22 ms of CPU; not counted in the exit code"
    return f"{goal_table([*figures, time_of_photo])}\n{note}", all(figure.reached for figure in figures)
