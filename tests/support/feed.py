"""A real frame of the demo's feed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

import edge.demo

ROUNDABOUT = Path(edge.demo.__file__).parent / "feed" / "roundabout.mp4"


def roundabout(number: int = 30) -> np.ndarray:
    """Frame *number* of the roundabout clip (H, W, 3) RGB: a car with the legible plate LS15EBC."""
    clip = cv2.VideoCapture(str(ROUNDABOUT))
    clip.set(cv2.CAP_PROP_POS_FRAMES, number)
    ok, image = clip.read()
    clip.release()
    assert ok
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
