"""The way of a photo: decode it, find its plates, read them, keep what detector and reader together call a plate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.config import Area, Engine
from edge.identify import MIN_CHARACTERS, Likeness, is_clear, likeness
from edge.model import Box, Detection, PhotoRead, PlateRead
from edge.vision.detector import Detector
from edge.vision.images import load_image
from edge.vision.reader import PlateReader
from edge.vision.upside_down import doubted, half_turn, is_upside_down, turned_back, turned_box

MAX_PLATES = 20
"""The most detections of a photo that are read, the surest ones: one read costs about as much as the detector."""
MAX_WITH_DOUBTFUL = 5
"""Detections below the detector's threshold are read up to this many in all: few of them are plates."""
MIN_DOUBTFUL_WIDTH_PX, MIN_DOUBTFUL_RATIO = 40, 1.2
"""A detection below the threshold is not read where it is less wide, or less wide in proportion to its height: nothing
is read clearly in such a one."""
CAPTION_SHARE = 0.5
"""Share of a box that lies in a caption's area, from which the box is part of the caption."""


@dataclass(frozen=True, slots=True)
class SeenPlates:
    """The plates of a picture, best detection first; see :class:`edge.model.PhotoRead`."""

    plates: tuple[PlateRead, ...]
    left: int = 0
    upside_down: bool = False
    detected_at: float = 0.0
    """``time.perf_counter()`` after the detector."""


class Recogniser:
    """Detector and reader together; not to be shared between threads."""

    def __init__(self, models_dir: Path, engine: Engine = "easyocr", captions: Sequence[Area] = ()) -> None:
        """Load all models from *models_dir*, the reader's into *engine*; *captions* are the areas burnt into photos.

        Raises:
            ModelError: a file is missing or altered, or *engine* is not installed.
        """
        self._detector = Detector(models_dir)
        self._reader = PlateReader(models_dir, engine)
        self._captions = tuple(captions)

    def read(self, photo: Path) -> PhotoRead:
        """Find and read every plate of the encoded photo at *photo*.

        Raises:
            ImageError: the file is not a picture.
        """
        started = time.perf_counter()
        image = load_image(photo)
        decoded = time.perf_counter()
        seen = self.see(image)
        ended = time.perf_counter()
        return PhotoRead(
            seen.plates,
            detect_ms=(seen.detected_at - decoded) * 1e3,
            read_ms=(ended - seen.detected_at) * 1e3,
            total_ms=(ended - started) * 1e3,
            left=seen.left,
            upside_down=seen.upside_down,
        )

    def plates(self, image: NDArray[np.uint8]) -> tuple[PlateRead, ...]:
        """Return the plates of *image*, uint8 of shape (H, W, 3), RGB; best detection first."""
        return self.see(image).plates

    def see(self, image: NDArray[np.uint8]) -> SeenPlates:
        """Return the plates of *image*, uint8 of shape (H, W, 3), RGB, turned where it is upside down.

        Boxes are pixels of *image* as it is given.
        """
        height, width = image.shape[:2]
        chosen, left = self._chosen(image)
        detected_at = time.perf_counter()
        reads = self._reader.read(image, chosen)
        upright = SeenPlates(self._plates(reads), left, detected_at=detected_at)
        if (doubt := doubted(reads, self._detector.threshold)) is None or not self._is_upside_down(image, doubt):
            return upright
        turned = half_turn(image)
        chosen, left = self._chosen(turned, turned=True)
        # A plate with characters covered may read better turned; the detector sees which way up the car stands.
        if not any(found.confidence >= self._detector.threshold for found in chosen):
            return upright
        reads = tuple(turned_back(read, width, height) for read in self._reader.read(turned, chosen))
        return SeenPlates(self._plates(reads), left, upside_down=True, detected_at=detected_at)

    def _chosen(self, image: NDArray[np.uint8], *, turned: bool = False) -> tuple[list[Detection], int]:
        """The detections to read, best first, and how many plates are left unread."""
        height, width = image.shape[:2]
        found = [
            each
            for each in self._detector.detect(image, min_confidence=self._detector.low_threshold)
            if not self._in_caption(turned_box(each.box, width, height) if turned else each.box, width, height)
        ]
        sure = [each for each in found if each.confidence >= self._detector.threshold]
        doubtful = [
            each
            for each in found[len(sure) :]
            if each.box.width >= max(MIN_DOUBTFUL_WIDTH_PX, MIN_DOUBTFUL_RATIO * each.box.height)
        ]
        read = [*sure[:MAX_PLATES], *doubtful[: max(0, MAX_WITH_DOUBTFUL - len(sure))]]
        return read, max(0, len(sure) - MAX_PLATES)

    def _in_caption(self, box: Box, width: int, height: int) -> bool:
        return any(
            box.common(Box(left * width, top * height, right * width, bottom * height))
            >= CAPTION_SHARE * box.width * box.height
            for left, top, right, bottom in self._captions
        )

    def _is_upside_down(self, image: NDArray[np.uint8], doubt: PlateRead) -> bool:
        """Whether the plate of *doubt* is read surely after a half turn; one more read."""
        height, width = image.shape[:2]
        box = doubt.detection.box
        x0, y0 = max(0, int(box.x1 - box.width)), max(0, int(box.y1 - box.height))
        around = image[y0 : min(height, int(box.y2 + box.height) + 1), x0 : min(width, int(box.x2 + box.width) + 1)]
        inside = Box(box.x1 - x0, box.y1 - y0, box.x2 - x0, box.y2 - y0)
        turned = Detection(turned_box(inside, around.shape[1], around.shape[0]), doubt.detection.confidence)
        return is_upside_down(doubt, self._reader.read_once(half_turn(around), turned))

    def _plates(self, reads: Sequence[PlateRead]) -> tuple[PlateRead, ...]:
        return tuple(read for read in reads if is_plate(read, self._detector.threshold))


def is_plate(read: PlateRead, threshold: float) -> bool:
    """Whether *read* is of a plate: the detection reaches *threshold* (0 to 1), or the text is clear and a plate's."""
    if read.detection.confidence >= threshold:
        return True
    return len(read.text) >= MIN_CHARACTERS and is_clear(read) and likeness(read) is Likeness.PLATE
