"""Frames of clips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.errors import MissingError


def frames_of(clip: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames of *clip*, (H, W, 3) RGB.

    Raises:
        MissingError: the clip is missing or no video.
    """
    capture = cv2.VideoCapture(str(clip))
    if not capture.isOpened():
        raise MissingError(f"{clip} cannot be read", "fetch the data again")
    while True:
        there, frame = capture.read()
        if not there:
            break
        yield np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
    capture.release()
