"""A car that passes a camera at a known speed: where its plate is in the picture, and pictures of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.identify.motion import (
    CENTRE_NOISE_PX,
    CENTRE_NOISE_SHARE,
    WIDTH_NOISE_PX,
    WIDTH_NOISE_SHARE,
    Lens,
)
from edge.model import Box

LENS = Lens(1500.0, 1280, 720)
PLATE_M = (0.52, 0.11)
LEAST_WIDTH_PX = 20.0

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Passing:
    """A car on a straight road, seen from beside it.

    Attributes:
        speed_kmh: away from the camera.
        distance_m: along the road at time 0.
        side_m: how far the plate's way is beside the camera.
        below_m: how far the plate is below the camera.
        yaw: how far the camera is turned from the road towards the car, in radians.
        turn: how far the plate is turned from facing along the road, in radians.
    """

    speed_kmh: float
    distance_m: float
    side_m: float
    below_m: float
    yaw: float
    turn: float = 0.0

    def points(self, across: Points, down: Points, at_s: float) -> Points:
        """Points of the plate's plane, metres *across* and *down* from its centre, in pixels of the picture (N, 2)."""
        x = self.side_m + across * np.cos(self.turn)
        y = self.below_m + down
        z = self.distance_m + self.speed_kmh / 3.6 * at_s + across * np.sin(self.turn)
        right = x * np.cos(self.yaw) - z * np.sin(self.yaw)
        ahead = x * np.sin(self.yaw) + z * np.cos(self.yaw)
        return np.stack(
            [
                LENS.focal_length_px * right / ahead + LENS.width_px / 2,
                LENS.focal_length_px * y / ahead + LENS.height_px / 2,
            ],
            axis=1,
        )

    def box(self, at_s: float) -> Box:
        """The plate's box in the picture."""
        half_width, half_height = PLATE_M[0] / 2, PLATE_M[1] / 2
        across, down = np.array([-1, 1, -1, 1.0]) * half_width, np.array([-1, -1, 1, 1.0]) * half_height
        corners = self.points(across, down, at_s)
        return Box(*map(float, (*corners.min(axis=0), *corners.max(axis=0))))

    def is_seen(self, times: Sequence[float]) -> bool:
        """Whether the whole plate is in the picture, and not too small, at all *times*."""
        boxes = [self.box(at_s) for at_s in times]
        inside = all(box.x1 > 0 and box.x2 < LENS.width_px and box.y1 > 0 and box.y2 < LENS.height_px for box in boxes)
        return inside and min(box.width for box in boxes) > LEAST_WIDTH_PX

    def picture(self, photo: NDArray[np.uint8], plate: Box, at_s: float) -> NDArray[np.uint8]:
        """*photo*, whose plate is at *plate*, as if it were the car: a plane that moves with the plate."""
        height, width = photo.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        metres = PLATE_M[0] / plate.width
        across = (corners[:, 0] - (plate.x1 + plate.x2) / 2) * metres
        down = (corners[:, 1] - (plate.y1 + plate.y2) / 2) * metres
        there = self.points(across, down, at_s)
        shrunk, corners = _shrunk(photo, corners, np.linalg.norm(there[1] - there[0]) / width)
        warp = cv2.getPerspectiveTransform(corners.astype(np.float32), there.astype(np.float32))
        size = (LENS.width_px, LENS.height_px)
        return np.asarray(cv2.warpPerspective(shrunk, warp, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _shrunk(photo: NDArray[np.uint8], corners: Points, scale: float) -> tuple[NDArray[np.uint8], Points]:
    """*photo* made small first where it will be small: warping alone would skip pixels."""
    if scale >= 1:
        return photo, corners
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    factors = np.array([small.shape[1] / photo.shape[1], small.shape[0] / photo.shape[0]])
    return np.asarray(small, np.uint8), corners * factors


def drawn_by_lot(luck: np.random.Generator, nearest_m: float = 3.0, farthest_m: float = 25.0) -> Passing:
    """A passing of 20 to 200 km/h, beside a camera that looks at the road more or less."""
    distance, side = luck.uniform(nearest_m, farthest_m), luck.uniform(1.0, 4.0)
    return Passing(
        speed_kmh=luck.uniform(20, 200),
        distance_m=distance,
        side_m=side,
        below_m=luck.uniform(1.0, 3.0),
        yaw=float(np.arctan2(side, distance)) * luck.uniform(0.3, 1.0),
        turn=luck.uniform(-0.15, 0.15),
    )


def noisy(box: Box, luck: np.random.Generator) -> Box:
    """*box* as the detector might give it."""
    across, down = luck.normal(0, np.hypot(CENTRE_NOISE_PX, CENTRE_NOISE_SHARE * box.width), 2)
    wider = luck.normal(0, np.hypot(WIDTH_NOISE_PX, WIDTH_NOISE_SHARE * box.width))
    return Box(box.x1 + across - wider / 2, box.y1 + down, box.x2 + across + wider / 2, box.y2 + down)
