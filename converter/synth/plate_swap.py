"""Plate swap: drawn plates of other countries, or letters on the body, where the plates of a photo hang."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.labels import PlateBox
from converter.synth import colour
from converter.synth.fonts import FontShelf
from converter.synth.texts import random_text

Pixels = NDArray[np.uint8]

BARE = 0.06
"""How often letters are stuck onto the body instead of a plate."""
LEANING = 0.12
"""How often a plate is seen so much from the side that its lines may climb or fall steeply."""
STEEPEST = 0.5
"""The steepest lines: rise over run."""
FADED = 0.15
"""How often a plate is so worn that its ink is little darker or lighter than its paper."""


def swap_plates(
    image: Pixels, boxes: Sequence[PlateBox], shelf: FontShelf, rng: random.Random
) -> tuple[Pixels, list[PlateBox]]:
    """Exchange most plates of a photo for drawn ones, or for letters on the body; return the photo and all boxes.

    The new plates hang in a slight perspective and in the light of the place.

    Args:
        image: the photo (H, W, 3) RGB; it is not changed.
        boxes: the plates of the photo.
        shelf: the alphabets.
        rng: decides everything.
    """
    image = image.copy()
    placed: list[PlateBox] = []
    for box in boxes:
        if box.width < 16 or box.height < 6 or box.width > 0.6 * image.shape[1] or rng.random() < 0.2:
            placed.append(box)
            continue
        if rng.random() < BARE:
            placed.append(stick_letters(image, box, shelf, rng))
            continue
        plate = colour.colour_plate(shelf, rng)
        ratio = plate.shape[1] / plate.shape[0]
        area = box.width * box.height * rng.uniform(0.9, 1.5)
        half_w, half_h = math.sqrt(area * ratio) / 2, math.sqrt(area / ratio) / 2
        cx, cy = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
        spread = 0.3 if rng.random() < LEANING else 0.06
        lean = min(max(rng.gauss(0, spread), -STEEPEST), STEEPEST) * half_w
        jitter = [(rng.gauss(0, 0.04) * half_w, rng.gauss(0, 0.06) * half_h) for _ in range(4)]
        corners = [
            (-half_w, -half_h - lean),
            (half_w, -half_h + lean),
            (half_w, half_h + lean),
            (-half_w, half_h - lean),
        ]
        quad = np.array([(cx + x + dx, cy + y + dy) for (x, y), (dx, dy) in zip(corners, jitter, strict=True)])
        inside = (quad >= 0).all() and (quad[:, 0] < image.shape[1]).all() and (quad[:, 1] < image.shape[0]).all()
        if not inside:
            placed.append(box)
            continue
        paste(image, plate, quad, box, rng)
        placed.append(PlateBox(*quad.min(axis=0).tolist(), *quad.max(axis=0).tolist()))
    return image, placed


def paste(image: Pixels, plate: Pixels, quad: NDArray[np.float64], old: PlateBox, rng: random.Random) -> None:
    """Warp *plate* onto the quadrilateral *quad* (4, 2), clockwise from top left, as bright as the *old* plate was."""
    x1, y1 = np.floor(np.minimum(quad.min(axis=0), (old.x1, old.y1))).astype(int)
    x2, y2 = np.ceil(np.maximum(quad.max(axis=0), (old.x2, old.y2))).astype(int)
    x1, y1, x2, y2 = max(x1, 0), max(y1, 0), min(x2, image.shape[1]), min(y2, image.shape[0])
    region = image[y1:y2, x1:x2]
    was = region.reshape(-1, 3).astype(np.float32)
    bright, cast = np.percentile(was, 85), was.mean(axis=0) / max(float(was.mean()), 1.0)
    shrink = max(1, round(plate.shape[1] / max(float(np.ptp(quad[:, 0])), 1.0)))
    plate = np.asarray(cv2.resize(plate, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < FADED:
        kept = rng.uniform(0.25, 0.6)
        plate = np.asarray(plate * kept + np.median(plate, axis=(0, 1)) * (1 - kept), np.uint8)
    height, width = plate.shape[:2]
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    warp = cv2.getPerspectiveTransform(source, (quad - (x1, y1)).astype(np.float32))
    size = (int(x2 - x1), int(y2 - y1))
    new = cv2.warpPerspective(plate, warp, size, flags=cv2.INTER_LINEAR).astype(np.float32)
    alpha = cv2.warpPerspective(np.ones((height, width), np.float32), warp, size, flags=cv2.INTER_LINEAR)[..., None]
    new *= max(0.25, float(bright) / 235.0 * rng.uniform(0.85, 1.15)) * (0.4 + 0.6 * cast)
    under = _smoothed_over(image, old, (int(x1), int(y1), int(x2), int(y2)))
    region[:] = np.clip(under * (1 - alpha) + new * alpha, 0, 255).astype(np.uint8)


def stick_letters(image: Pixels, old: PlateBox, shelf: FontShelf, rng: random.Random) -> PlateBox:
    """Write letters without a plate where the *old* plate was; return the box around them."""
    x1, y1, x2, y2 = (round(v) for v in (old.x1, old.y1, old.x2, old.y2))
    spot = image[y1:y2, x1:x2]
    spot[:] = np.clip(_smoothed_over(image, old, (x1, y1, x2, y2)), 0, 255).astype(np.uint8)
    rows = 2 if old.width < 2.5 * old.height else 1
    pattern = rng.choice(("AA 99/9999", "AAA/9999", "AA 99 A/9999") if rows == 2 else ("AA 99 A 9999", "AAA 9999"))
    dark_ink = float(spot.mean()) > 110
    ink = np.array([rng.randint(0, 50) if dark_ink else rng.randint(190, 255) for _ in range(3)], np.float32)
    tall = spot.shape[0] // rows
    gap = max(1, round(0.08 * tall))
    room = (max(spot.shape[1] - 2 * gap, 1), max(tall - 2 * gap, 1))
    for row, text in enumerate(random_text(pattern, rng).split("/")):
        ink_there = cv2.resize(shelf.caption(text, tall, rng), room, interpolation=cv2.INTER_AREA) / 255.0
        alpha = np.zeros((tall, spot.shape[1]), np.float32)
        alpha[gap : gap + room[1], gap : gap + room[0]] = ink_there
        part = spot[row * tall : (row + 1) * tall]
        part[:] = (part * (1 - alpha[..., None]) + ink * alpha[..., None]).astype(np.uint8)
    return PlateBox(x1, y1, x2, y2)


def _smoothed_over(image: Pixels, old: PlateBox, region: tuple[int, int, int, int]) -> NDArray[np.float32]:
    """Return the region without the old plate: rows are interpolated between the pixels left and right of the plate."""
    x1, y1, x2, y2 = region
    left, right = max(math.floor(old.x1) - 2, 0), min(math.ceil(old.x2) + 2, image.shape[1] - 1)
    top, bottom = max(math.floor(old.y1) - 1, 0), min(math.ceil(old.y2) + 1, image.shape[0])
    ramp = np.linspace(0, 1, max(right - left, 1), dtype=np.float32)[None, :, None]
    rows = image[top:bottom].astype(np.float32)
    patched = image[y1:y2, x1:x2].astype(np.float32)
    bridge = rows[:, left, None] * (1 - ramp) + rows[:, right, None] * ramp
    a, b, c, d = max(top, y1), min(bottom, y2), max(left, x1), min(right, x2)
    patched[a - y1 : b - y1, c - x1 : d - x1] = bridge[a - top : b - top, c - left : d - left]
    return patched
