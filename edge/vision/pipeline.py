"""The way of a photo: decode it, find its plates, read them, keep what detector and reader together call a plate."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.config import Engine
from edge.model import Detection, PhotoRead, PlateRead
from edge.vision.detector import Detector
from edge.vision.images import load_image
from edge.vision.reader import PlateReader

MAX_READS_PER_PHOTO = 5
"""The most detections of a photo that are read, the surest ones: one read costs about as much as the detector."""
MIN_CHARACTERS, MIN_MEAN_CONFIDENCE = 4, 0.8
"""A detection below the detector's threshold is a plate where the reader sees this many characters, with this mean
confidence (0 to 1)."""


class Recogniser:
    """Detector and reader together; not to be shared between threads."""

    def __init__(self, models_dir: Path, engine: Engine = "easyocr") -> None:
        """Load all models from *models_dir*, the reader's into *engine*.

        Raises:
            ModelError: a file is missing or altered, or *engine* is not installed.
        """
        self._detector = Detector(models_dir)
        self._reader = PlateReader(models_dir, engine)

    def read(self, photo: Path) -> PhotoRead:
        """Find and read every plate of the encoded photo at *photo*.

        Raises:
            ImageError: the file is not a picture.
        """
        started = time.perf_counter()
        image = load_image(photo)
        decoded = time.perf_counter()
        detections = self._detect(image)
        detected = time.perf_counter()
        plates = self._read_plates(image, detections)
        ended = time.perf_counter()
        return PhotoRead(plates, (detected - decoded) * 1e3, (ended - detected) * 1e3, (ended - started) * 1e3)

    def plates(self, image: NDArray[np.uint8]) -> tuple[PlateRead, ...]:
        """Return the plates of *image*, uint8 of shape (H, W, 3), RGB; best detection first."""
        return self._read_plates(image, self._detect(image))

    def _detect(self, image: NDArray[np.uint8]) -> tuple[Detection, ...]:
        return self._detector.detect(image, min_confidence=self._detector.low_threshold)[:MAX_READS_PER_PHOTO]

    def _read_plates(self, image: NDArray[np.uint8], detections: tuple[Detection, ...]) -> tuple[PlateRead, ...]:
        reads = self._reader.read(image, detections)
        return tuple(read for read in reads if is_plate(read, self._detector.threshold))


def is_plate(read: PlateRead, threshold: float) -> bool:
    """Whether *read* is of a plate: the detection reaches *threshold* (0 to 1), or the characters are clear."""
    if read.detection.confidence >= threshold:
        return True
    characters = read.characters
    return len(characters) >= MIN_CHARACTERS and sum(characters) / len(characters) >= MIN_MEAN_CONFIDENCE
