"""A labelled photo: its size, where it comes from, and the boxes of its plates.

Boxes are pixels of the upright photo, (x1, y1) top left, (x2, y2) bottom right, floats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from converter.errors import LabelError
from edge.vision.images import load_image, upright_size

_OVERHANG_PX = 3.0
"""Labelling tools round outwards; a box that sticks out further is a mistake."""


@dataclass(frozen=True, slots=True)
class PlateBox:
    """One plate: its box in pixels, its text where known, and whether it is left out of training and measuring."""

    x1: float
    y1: float
    x2: float
    y2: float
    text: str = ""
    ignore: bool = False

    @property
    def width(self) -> float:
        """Pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Pixels."""
        return self.y2 - self.y1


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, its size in pixels, its source, and its plates.

    ``origin`` is the file name that the photo had in its source: it shows augmented copies and frames of one clip.
    """

    path: Path
    width: int
    height: int
    source: str = ""
    origin: str = ""
    boxes: tuple[PlateBox, ...] = field(default=())


def checked(box: PlateBox, width: int, height: int, path: Path, line: int | str) -> PlateBox:
    """Return *box* clipped to its photo of *width* x *height* pixels.

    Raises:
        LabelError: the box is not finite, inverted, or further outside of the photo than rounding explains.
    """
    corners = (box.x1, box.y1, box.x2, box.y2)
    shown = ", ".join(f"{c:g}" for c in corners)
    if not all(math.isfinite(c) for c in corners):
        raise LabelError(path, line, f"the box ({shown}) has a coordinate that is no number", "correct the box")
    if box.x2 <= box.x1 or box.y2 <= box.y1:
        raise LabelError(path, line, f"the box ({shown}) is empty or inverted", "give x1 < x2 and y1 < y2")
    low, right, bottom = -_OVERHANG_PX, width + _OVERHANG_PX, height + _OVERHANG_PX
    if box.x1 < low or box.y1 < low or box.x2 > right or box.y2 > bottom:
        cause = f"the box ({shown}) lies outside of its photo of {width}x{height} pixels"
        raise LabelError(path, line, cause, "give the corners in pixels of the upright photo")
    return replace(
        box, x1=max(0.0, box.x1), y1=max(0.0, box.y1), x2=min(float(width), box.x2), y2=min(float(height), box.y2)
    )


def photo_size(path: Path, label: Path, line: int | str) -> tuple[int, int]:
    """Return width and height of the upright photo at *path*, which *label* names in *line*.

    Raises:
        LabelError: the photo is missing or no picture.
    """
    try:
        with Image.open(path) as photo:
            return upright_size(photo)
    except FileNotFoundError:
        raise LabelError(label, line, f"the photo {path} does not exist", "give the folder with --images") from None
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, Image.DecompressionBombError):
        cause = f"the photo {path} cannot be read as a picture"
        raise LabelError(label, line, cause, "replace the photo, or remove its labels") from None


def load_photo(photo: Photo) -> NDArray[np.uint8]:
    """Return the photo's pixels, upright RGB (H, W, 3).

    Raises:
        ImageError: the photo is damaged.
    """
    return load_image(photo.path)
