"""Detector and reader together: what ``autovelox read`` reports of labelled photos."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from converter.labels import Photo
from converter.measure.metrics import Outcome, summarise
from edge.identify.verdict import listed
from edge.vision.images import load_image
from edge.vision.pipeline import Recogniser


def together(models: Path, photos: Sequence[Photo], *, height_min: float) -> str:
    """Return one line: recall at IoU 0.5, false alarms a photo and CPU milliseconds, one thread.

    Args:
        models: folder of all models, as the unit has it.
        photos: labelled photos.
        height_min: plates lower than this, in pixels, are ignored.
    """
    recogniser = Recogniser(models)
    outcomes, times = [], []
    for photo in photos:
        image = load_image(photo.path)
        begin = time.process_time()
        found = tuple(read.detection for read in listed(recogniser.plates(image)))
        times.append(time.process_time() - begin)
        truth = tuple(replace(box, ignore=box.ignore or box.height < height_min) for box in photo.boxes)
        outcomes.append(Outcome(truth, found, photo.source, photo.path.name))
    summary = summarise(outcomes, 0.0)
    return (
        f"detector and reader together, as `autovelox read` reports: recall {summary.recall:.4f},"
        f" {summary.false_alarms:.4f} false alarms a photo, {1000 * np.mean(times):.1f} ms of CPU a photo"
    )
