"""Everything in a photo that may be a plate, for whoever has to hide plates: too many proposals do no harm there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.model import Box
from edge.vision.detector import Detector

LEAST_CONFIDENCE = 0.05
"""Lower ones add boxes on grilles and lamps, and found no more plates on the photos with more than one."""


def propose_plates(models: Path) -> Callable[[NDArray[np.uint8]], tuple[Box, ...]]:
    """A function that proposes plates in an image, uint8 of shape (H, W, 3), RGB, with the detector in *models*.

    Raises:
        ModelError: the detector is missing or altered.
    """
    detector = Detector(models)

    def propose(image: NDArray[np.uint8]) -> tuple[Box, ...]:
        judged = detector.detect(image, LEAST_CONFIDENCE)
        return tuple(each.box for each in (*judged, *detector.proposals(image, LEAST_CONFIDENCE)))

    return propose
