"""A camera's focal length in pixels, from photos of a printed board or of a plate at a known distance.

The board is OpenCV's: a chequered pattern whose inner corners are found to parts of a pixel. Its size does not matter:
how the lines of a plane run together in several views tells the focal length (Zhang, 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ImageError
from edge.identify import width_noise_px
from edge.model import Box

FEWEST_VIEWS: Final = 5
"""Photos of the board that are needed at least."""
LARGEST_ERROR: Final = 0.02
"""Standard deviation of the focal length, as a share of it, above which the photos do not tell it."""
LEAST_TILT: Final = 0.2
"""Angle in radians by which one view of the board at least must be tilted."""
FLAGS: Final = (
    cv2.CALIB_FIX_PRINCIPAL_POINT
    | cv2.CALIB_FIX_ASPECT_RATIO
    | cv2.CALIB_ZERO_TANGENT_DIST
    | cv2.CALIB_FIX_K2
    | cv2.CALIB_FIX_K3
)
"""What one lens before a whole sensor has: its axis in the middle, square pixels, distortion by the radius' square."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FocalLength:
    """A focal length, and how well it is known.

    Attributes:
        px: in pixels of a photo ``size`` large.
        error_px: its standard deviation.
        size: width and height of the photos.
        used: how many of the photos told something.
        distortion: by how much of its distance from the middle the lens displaces a photo's corner; None if not told.
    """

    px: float
    error_px: float
    size: tuple[int, int]
    used: int
    distortion: float | None = None

    def for_width(self, width: int, height: int) -> float:
        """The focal length in pixels of a photo *width* by *height*, of the same part of the scene.

        Raises:
            ImageError: such a photo shows another part of the scene.
        """
        if abs(width * self.size[1] / (height * self.size[0]) - 1) > 0.01:
            raise ImageError(
                f"the photos are {self.size[0]} x {self.size[1]}, and the unit takes {width} x {height}",
                "take them with the unit's own camera, by --take",
            )
        return self.px * width / self.size[0]


def from_board(pictures: Sequence[Picture], corners: tuple[int, int]) -> FocalLength:
    """The focal length by *pictures*, uint8 (H, W, 3), of a board with *corners* inner corners across and down.

    Raises:
        ImageError: too few pictures show the whole board, their sizes differ, or they do not tell the focal length.
    """
    size = _size(pictures)
    views = [found for each in pictures if (found := _corners(each, corners)) is not None]
    if len(views) < FEWEST_VIEWS:
        raise ImageError(
            f"{len(views)} of {len(pictures)} photos show a board of {corners[0]} x {corners[1]} inner corners",
            f"give at least {FEWEST_VIEWS} sharp photos of the whole board, tilted each time another way",
        )
    flat = np.zeros((corners[0] * corners[1], 3), np.float32)
    flat[:, :2] = np.mgrid[: corners[0], : corners[1]].T.reshape(-1, 2)
    guess = np.array([[size[0], 0, (size[0] - 1) / 2], [0, size[0], (size[1] - 1) / 2], [0, 0, 1]], np.float64)
    _, matrix, distortion, turns, _, errors, _, _ = cv2.calibrateCameraExtended(
        [flat] * len(views), views, size, guess, np.zeros(5), flags=FLAGS | cv2.CALIB_USE_INTRINSIC_GUESS
    )
    focal, error = float(matrix[0, 0]), float(errors[1, 0])  # fx follows fy, whose error is told
    tilts = [np.arccos(np.clip(cv2.Rodrigues(turn)[0][2, 2], -1.0, 1.0)) for turn in turns]
    # A board that always faces the camera fits any focal length, and the equations then tell no error.
    if not focal > 0 or not 0 < error <= LARGEST_ERROR * focal or max(tilts) < LEAST_TILT:
        raise ImageError("the photos do not tell the focal length", "tilt the board more, by 30 degrees or so")
    radius = float(np.hypot(*size)) / 2 / focal
    return FocalLength(focal, error, size, len(views), float(distortion.ravel()[0]) * radius**2)


def from_plates(
    pictures: Sequence[Picture], boxes: Sequence[Box | None], plate_mm: float, distance_m: float
) -> FocalLength:
    """The focal length by *pictures* of a plate *plate_mm* wide that faces the camera *distance_m* metres before it.

    *boxes* has the plate's box in each picture, None where there is none. The error has no part of *distance_m*.

    Raises:
        ImageError: no picture shows a plate, or their sizes differ.
    """
    size = _size(pictures)
    widths = np.array([box.width for box in boxes if box is not None])
    if not len(widths):
        raise ImageError("no photo shows a plate", "give photos of one car, from the front or from behind")
    focal = widths * distance_m / (plate_mm / 1e3)
    noise = [width_noise_px(width) / width for width in widths]
    error = float(focal.mean() * max(np.mean(noise), widths.std() / widths.mean()) / np.sqrt(len(widths)))
    return FocalLength(float(focal.mean()), error, size, len(widths))


def _size(pictures: Sequence[Picture]) -> tuple[int, int]:
    sizes = {(each.shape[1], each.shape[0]) for each in pictures}
    if len(sizes) != 1:
        raise ImageError(
            "the photos are of several sizes" if sizes else "there are no photos", "give photos of one size"
        )
    return sizes.pop()


def _corners(picture: Picture, corners: tuple[int, int]) -> NDArray[np.float32] | None:
    """The board's inner corners in *picture*, pixels (N, 1, 2), None where the whole board is not found."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    found, places = cv2.findChessboardCornersSB(grey, corners, flags=cv2.CALIB_CB_NORMALIZE_IMAGE)
    return np.asarray(places, np.float32).reshape(-1, 1, 2) if found else None
