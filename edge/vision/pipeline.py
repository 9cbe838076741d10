"""Both networks together: a photo in, its plates out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.config import Engine
from edge.model import Detection, PlateRead
from edge.vision.detector import Detector
from edge.vision.images import load_image
from edge.vision.reader import PlateReader
from edge.vision.worker import PhotoRead

MOST_READ = 5
"""Detections of a photo that are read, the surest ones: reading one costs about as much as finding them all."""
CHARACTERS, CLEAR = 4, 0.8
"""A doubtful detection is a plate if the reader sees this many characters, with this mean confidence (0 to 1)."""


def is_plate(read: PlateRead, sure: float) -> bool:
    """Whether detector and reader together see a plate: the detector is *sure*, or the reader is by what it reads."""
    if read.detection.confidence >= sure:
        return True
    return len(read.characters) >= CHARACTERS and sum(read.characters) / len(read.characters) >= CLEAR


class Recogniser:
    """Detector and reader together: a photo in, plate reads out."""

    def __init__(self, models_dir: Path, engine: Engine = "easyocr") -> None:
        """Load all models from *models_dir*, the reader's into *engine*.

        Raises:
            ModelError: a file is missing or altered, or *engine* is not installed.
        """
        self._detector = Detector(models_dir)
        self._reader = PlateReader(models_dir, engine)

    def read(self, photo: Path) -> PhotoRead:
        """Find and read every plate of the encoded photo at *photo*; raises ImageError."""
        started = time.perf_counter()
        image = load_image(photo)
        decoded = time.perf_counter()
        detections = self._find(image)
        detected = time.perf_counter()
        plates = self._confirm(image, detections)
        ended = time.perf_counter()
        return PhotoRead(plates, (detected - decoded) * 1e3, (ended - detected) * 1e3, (ended - started) * 1e3)

    def plates(self, image: NDArray[np.uint8]) -> tuple[PlateRead, ...]:
        """The plates of *image* (H, W, 3) RGB, best detection first."""
        return self._confirm(image, self._find(image))

    def _find(self, image: NDArray[np.uint8]) -> tuple[Detection, ...]:
        return self._detector.detect(image, self._detector.doubtful)[:MOST_READ]

    def _confirm(self, image: NDArray[np.uint8], detections: Sequence[Detection]) -> tuple[PlateRead, ...]:
        reads = self._reader.read(image, detections)
        return tuple(read for read in reads if is_plate(read, self._detector.threshold))
