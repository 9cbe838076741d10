"""The camera of the renderer: seen from aside, cut a little wrong, blurred, lit, compressed."""

from __future__ import annotations

import math
import random

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.synth.render import PLATE_BOX, RenderedPlate

Grey = NDArray[np.uint8]
_Points = NDArray[np.float32]

CLIPPED = 0.12
"""How often one side of the cut lies at the first or last character: from a tenth of one beside it to a quarter in."""
TWO_LINES = 2.2
"""Plates that are less wide than this, in heights, may have two lines."""
LOOSE = 0.2
"""How often the cut is far too wide, whatever the difficulty: up to two fifths of the plate on a side."""
STEEP = 0.08
"""How often a plate is seen from far aside, 50 degrees and more."""
SMALL, SMALL_DIFFICULTY = 0.16, 0.45
"""How often a plate is smaller than the difficulty alone would have it, and the most difficulty that it then gets."""
TRIMMED = 0.05
"""How often the cut goes through the heads or feet of a line, at most an eighth of its height."""


def photograph(
    plate: RenderedPlate,
    background: Grey,
    tilt: float,
    difficulty: float,
    rng: random.Random,
    width: float | None = None,
) -> Grey:
    """Return *plate* as a detector would cut it out of a photo: grey, uint8 (H, W), as small as such crops are.

    *background* fills what the base picture does not cover; *tilt* and *difficulty*, 0 to 1, scale how the plate is
    turned, and how it is cut, blurred and disturbed. *width* is that of the plate in pixels, drawn where it is None.
    """
    aspect = plate.aspect
    x0, y0, x1, y1 = plate.extent
    corners = np.array([(0, 0), (aspect, 0), (aspect, 1), (0, 1)], np.float32)
    written = np.array([(x0 * aspect, y0), (x1 * aspect, y0), (x1 * aspect, y1), (x0 * aspect, y1)], np.float32)
    pose = _pose(aspect, tilt, rng)
    quad, text = _apply(pose, corners), _apply(pose, written)
    (left, top), (right, bottom) = _cut(quad, text, len(plate.text), difficulty, rng, one_line=aspect > TWO_LINES)
    # Few pixels a character is what makes a real crop hard.
    characters = max(len(plate.text), 4) * (1.0 if aspect > TWO_LINES else 0.75)
    least = characters * (11 - 4.2 * difficulty)
    wide = math.exp(rng.uniform(math.log(least), math.log(max(260.0, least + 1))))
    if width is not None:
        wide = width * (right - left) / float(np.ptp(quad[:, 0]))
    elif rng.random() < SMALL:
        wide, difficulty = least * rng.uniform(0.55, 1.0), min(difficulty, SMALL_DIFFICULTY)
    height = min(max(wide * (bottom - top) / (right - left), 12.0), 200.0)
    fine_w, fine_h = max(192, round(wide)), max(96, round(height))
    bx0, by0, bx1, by1 = PLATE_BOX
    source = np.array([(bx0, by0), (bx1, by0), (bx1, by1), (bx0, by1)], np.float32)
    target = (quad - (left, top)) * (fine_w / (right - left), fine_h / (bottom - top))
    matrix = cv2.getPerspectiveTransform(source, target.astype(np.float32))
    view = np.ascontiguousarray(cv2.resize(background, (fine_w, fine_h), interpolation=cv2.INTER_LINEAR))
    cv2.warpPerspective(
        plate.picture, matrix, (fine_w, fine_h), view, cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
    )
    small = cv2.resize(view, (max(8, round(wide)), max(8, round(height))), interpolation=cv2.INTER_AREA)
    return degrade(np.asarray(small, np.uint8), difficulty, rng)


def degrade(picture: Grey, difficulty: float, rng: random.Random) -> Grey:
    """Light, blur, add noise to and compress a small grey picture."""
    noise = np.random.default_rng(rng.getrandbits(32))
    rows, columns = picture.shape
    light = picture.astype(np.float32)
    if rng.random() < 0.06:
        light = 255 - light
    if rng.random() < 0.3:
        light = _weigh(light, rng)
    if rng.random() < 0.6 * difficulty:  # uneven light: a ramp, a hard shadow or a lamp
        kind = rng.choice(("ramp", "ramp", "shadow", "lamp"))
        x, y = np.meshgrid(np.linspace(-1, 1, columns, dtype=np.float32), np.linspace(-1, 1, rows, dtype=np.float32))
        angle = rng.uniform(0, 2 * math.pi)
        along = x * math.cos(angle) + y * math.sin(angle)
        if kind == "ramp":
            light *= 1 + along * rng.uniform(0, 0.6)
        elif kind == "shadow":
            light *= np.where(along > rng.uniform(-0.7, 0.7), 1.0, rng.uniform(0.35, 0.85))
        else:
            distance = (x - rng.uniform(-1, 1)) ** 2 + (y - rng.uniform(-1.2, 1.2)) ** 2
            light += np.exp(-distance / rng.uniform(0.05, 0.6)) * rng.uniform(20, 140)
    if rng.random() < 0.5:
        light = np.asarray(255 * np.clip(light / 255, 0, 1) ** rng.uniform(0.5, 1.9), np.float32)
    if rng.random() < 0.25 * difficulty:
        light = _glow(light, rng)
    light = light * rng.uniform(0.25, 1.1) + rng.uniform(-10, 60)
    blur = rng.random()
    if blur < 0.6 * difficulty:
        sigma = (rng.uniform(0.3, 0.95) if rng.random() < 0.8 else rng.uniform(0.9, 1.4)) * max(rows, 16) / 26
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), np.float32)
    elif blur > 1 - 0.2 * difficulty:
        light = np.asarray(cv2.filter2D(light, -1, _motion(rng, max(3, columns // 26))), np.float32)
    if rng.random() < 0.15:
        light += (light - np.asarray(cv2.GaussianBlur(light, (0, 0), 1.0), np.float32)) * rng.uniform(0.5, 1.6)
    if rng.random() < 0.75:  # in proportion to the contrast: noise that drowns the plate teaches nothing
        contrast = float(light.std()) * 2
        grain = contrast * rng.uniform(0.01, 0.03 + 0.15 * difficulty * rng.random())
        light += noise.normal(0, max(grain, 0.5), light.shape).astype(np.float32)
    result = np.clip(light, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = round(rng.uniform(95 - 60 * difficulty, 97))
        encoded = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        result = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)
    return result


def _weigh(light: NDArray[np.float32], rng: random.Random) -> NDArray[np.float32]:
    """Make dark strokes bolder or thinner: embossing, paint and exposure change them, whatever the alphabet."""
    reach = max(2, round(light.shape[0] / 24))
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    other = (cv2.erode if rng.random() < 0.5 else cv2.dilate)(light, shape)
    share = rng.uniform(0.3, 1.0)
    return np.asarray(light * (1 - share) + other * share, np.float32)


def _glow(light: NDArray[np.float32], rng: random.Random) -> NDArray[np.float32]:
    """Let what is bright outshine its surroundings, as reflecting paint does under a lamp at night."""
    low, high = np.percentile(light, (30, 97))
    shine = np.clip(light - (low + high) / 2, 0, None)
    spread = rng.uniform(0.04, 0.14) * max(light.shape[0], 16)
    return np.asarray(light + rng.uniform(0.5, 2.0) * cv2.GaussianBlur(shine, (0, 0), spread), np.float32)


def _pose(aspect: float, tilt: float, rng: random.Random) -> NDArray[np.float64]:
    """Return a homography: turned, sheared and seen in perspective."""
    spread = rng.choices((2.0, 6.0, 12.0), (0.45, 0.3, 0.25))[0] * tilt
    roll = math.radians(max(-22.0, min(22.0, rng.gauss(0, spread))))
    rise = math.tan(math.radians(max(-18.0, min(18.0, rng.gauss(0, spread * 0.7)))))
    lean = math.tan(math.radians(max(-30.0, min(30.0, rng.gauss(0, 8 * tilt)))))
    squeeze = rng.uniform(1 - 0.4 * tilt, 1.0) if rng.random() < 0.35 else rng.uniform(0.95, 1.08)
    nearer = rng.gauss(0, 0.06 * tilt)
    if rng.random() < STEEP:
        squeeze = 1 - tilt * rng.uniform(0.36, 0.7)
        rise = math.tan(math.radians(max(-50.0, min(50.0, rng.gauss(0, 20 * tilt)))))
        nearer = rng.choice((-1, 1)) * tilt * rng.uniform(0.05, 0.3)
    turn = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    shear = np.array([[1, lean, 0], [rise, 1, 0], [0, 0, 1]])
    narrow = np.diag([squeeze, 1.0, 1.0])
    away = np.eye(3)
    away[2, 0] = nearer / aspect
    away[2, 1] = rng.gauss(0, 0.04 * tilt)
    centre = np.array([[1, 0, -aspect / 2], [0, 1, -0.5], [0, 0, 1.0]])
    return np.asarray(away @ turn @ shear @ narrow @ centre, np.float64)


def _apply(matrix: NDArray[np.float64], points: _Points) -> _Points:
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0], np.float32)


def _cut(
    quad: _Points, text: _Points, characters: int, difficulty: float, rng: random.Random, *, one_line: bool
) -> tuple[_Points, _Points]:
    """Return the corners of the crop: the plate's box, cut wrong.

    At most a quarter of the width and an eighth of the height of a character are lost.
    """
    low, high = quad.min(axis=0), quad.max(axis=0)
    size = high - low
    loose = rng.choices((0.07, 0.14, 0.3), (0.6, 0.3, 0.1))[0] * difficulty
    if rng.random() < LOOSE:
        loose = rng.uniform(0.15, 0.4)
    slack = [rng.uniform(-0.5, 1.0) * loose for _ in range(2)] + [rng.uniform(-0.5, 1.6) * loose for _ in range(2)]
    low = low - (slack[0], slack[2]) * size
    high = high + (slack[1], slack[3]) * size
    edge = 0.015 * size
    first, last = text.min(axis=0), text.max(axis=0)
    low, high = np.minimum(low, first - edge * rng.uniform(-1, 1)), np.maximum(high, last + edge * rng.uniform(-1, 1))
    if rng.random() < CLIPPED:
        lost = float(last[0] - first[0]) / max(characters, 4) * rng.uniform(-0.1, 0.25)
        if rng.random() < 0.5:
            low[0] = first[0] + lost
        else:
            high[0] = last[0] - lost
    if rng.random() < TRIMMED:
        # The shorter end: tilted characters reach over more rows than they are high.
        tall = float(min(text[3, 1] - text[0, 1], text[2, 1] - text[1, 1]))
        lost = tall / (1 if one_line else 3) * rng.uniform(0.0, 0.125)
        if rng.random() < 0.5:
            low[1] = first[1] + lost
        else:
            high[1] = last[1] - lost
    return low, high


def _motion(rng: random.Random, longest: int) -> NDArray[np.float32]:
    length = rng.randint(2, max(longest, 3))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = rng.choice((0.0, 0.0, rng.uniform(0, math.pi)))
    dx, dy = math.cos(angle) * length / 2, math.sin(angle) * length / 2
    start, end = (round(length - dx), round(length - dy)), (round(length + dx), round(length + dy))
    cv2.line(kernel, start, end, (1.0,))
    return np.asarray(kernel / kernel.sum(), np.float32)
