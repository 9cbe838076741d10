"""Both networks together: a photo in, its plates out. Importing this takes seconds and hundreds of megabytes."""

from __future__ import annotations

import time
from pathlib import Path

from edge.vision.detector import Detector
from edge.vision.image import load_image
from edge.vision.reader import PlateReader
from edge.vision.worker import PhotoRead


class Recogniser:
    """Detector and reader together: a photo in, plate reads out."""

    def __init__(self, models_dir: Path) -> None:
        """Load both models from *models_dir*; a file of another checksum raises ModelError."""
        self._detector = Detector(models_dir)
        self._reader = PlateReader(models_dir)

    def read(self, photo: Path) -> PhotoRead:
        """Find and read every plate of the encoded photo at *photo*; raises ImageError."""
        started = time.perf_counter()
        image = load_image(photo)
        decoded = time.perf_counter()
        detections = self._detector.detect(image)
        detected = time.perf_counter()
        plates = self._reader.read(image, detections)
        ended = time.perf_counter()
        return PhotoRead(plates, (detected - decoded) * 1e3, (ended - detected) * 1e3, (ended - started) * 1e3)
