"""Drawing on grey pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
"""A grey picture (H, W), 0 to 255."""


def paste(canvas: Grey, mask: NDArray[np.uint8], x: float, y: float, grey: float, opacity: float = 1.0) -> None:
    """Blend *grey* through *mask* with its top left corner at *x*, *y*; what lies outside is cut off."""
    left, top = round(x), round(y)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + mask.shape[1], canvas.shape[1]), min(top + mask.shape[0], canvas.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    alpha = mask[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32) * (opacity / 255)
    region = canvas[y0:y1, x0:x1]
    region += (grey - region) * alpha


def disc(picture: NDArray[Any], x: float, y: float, radius: float, grey: float, thickness: int = -1) -> None:
    """Draw a disc, or a ring of *thickness* pixels, of *radius* pixels around *x*, *y*."""
    cv2.circle(picture, (round(x), round(y)), max(1, round(radius)), (grey,), thickness, cv2.LINE_AA)
