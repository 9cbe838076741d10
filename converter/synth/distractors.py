"""Distractors: badges of cars, captions and web addresses in photos, signs, bars, lamps.

They look like plates and are drawn onto training scenes as hard negatives.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.labels import PlateBox
from converter.synth.fonts import Font, ink_mask
from converter.synth.texts import random_text, word

Pixels = NDArray[np.uint8]

_ENDS = (".com", ".net", ".in", ".de", ".org", ".it", " cars", " auto", " motors", " blog")


def write(canvas: Pixels, boxes: Sequence[PlateBox], fonts: Sequence[Font], rng: random.Random) -> None:
    """Draw one to three distractors onto *canvas* (H, W, 3) RGB, away from the plates in *boxes*."""
    for _ in range(rng.randint(1, 3)):
        kind = rng.choices((_badge, _caption, _sign, _grille, _round), (4, 3, 2, 2, 2))[0]
        kind(canvas, boxes, fonts, rng)


def _badge(canvas: Pixels, boxes: Sequence[PlateBox], fonts: Sequence[Font], rng: random.Random) -> None:
    """A maker's or a model's name in metal, on the car a little above or below a plate."""
    text = word(rng) if rng.random() < 0.7 else f"{word(rng)} {rng.randint(1, 600)}"
    if rng.random() < 0.4:
        text = " ".join(text)
    height = rng.randint(5, max(6, canvas.shape[0] // 14))
    mask = _mask(text, rng.choice(fonts), height, canvas.shape[1])
    x, y = _near_a_plate(canvas, boxes, mask.shape, rng)
    if not _free(boxes, x, y, mask.shape):
        return
    light, dark = rng.randint(110, 255), rng.randint(0, 90)
    tint = [rng.randint(-25, 25) for _ in range(3)]
    if rng.random() < 0.7:
        _paint(canvas, mask, x + 1, y + 1, [dark] * 3)
    _paint(canvas, mask, x, y, [min(max((light if rng.random() < 0.9 else dark) + t, 0), 255) for t in tint])


def _caption(canvas: Pixels, boxes: Sequence[PlateBox], fonts: Sequence[Font], rng: random.Random) -> None:
    """An address or a date burnt into the photo, mostly along its edge."""
    text = rng.choice((word(rng) + rng.choice(_ENDS), word(rng), random_text("9999-99-99 99:99", rng)))
    height = rng.randint(6, max(7, canvas.shape[0] // 10))
    mask = _mask(text, rng.choice(fonts), height, canvas.shape[1])
    room_x, room_y = canvas.shape[1] - mask.shape[1], canvas.shape[0] - mask.shape[0]
    x = rng.choice((rng.randint(0, room_x), room_x // 2, room_x - rng.randint(0, min(8, room_x))))
    y = rng.choice((rng.randint(0, min(8, room_y)), room_y - rng.randint(0, min(8, room_y)), rng.randint(0, room_y)))
    if _free(boxes, x, y, mask.shape):
        _paint(canvas, mask, x, y, rng.choice(([255] * 3, [0] * 3, [rng.randint(0, 255) for _ in range(3)])))


def _sign(canvas: Pixels, boxes: Sequence[PlateBox], fonts: Sequence[Font], rng: random.Random) -> None:
    """Two or three lines on a board: a shop, a direction, a car for sale."""
    lines = [word(rng) if rng.random() < 0.7 else random_text("99 999 999", rng) for _ in range(rng.randint(2, 3))]
    height = rng.randint(5, max(6, canvas.shape[0] // 20))
    masks = [_mask(line, rng.choice(fonts), height, canvas.shape[1] // 2) for line in lines]
    pad = max(2, height // 3)
    wide = max(mask.shape[1] for mask in masks) + 2 * pad
    tall = sum(mask.shape[0] + pad for mask in masks) + pad
    if wide >= canvas.shape[1] or tall >= canvas.shape[0]:
        return
    x, y = rng.randint(0, canvas.shape[1] - wide), rng.randint(0, canvas.shape[0] - tall)
    if not _free(boxes, x, y, (tall, wide)):
        return
    paper = [rng.randint(0, 255) for _ in range(3)]
    ink = [255] * 3 if sum(paper) < 380 else [rng.randint(0, 60) for _ in range(3)]
    if rng.random() < 0.7:
        canvas[y : y + tall, x : x + wide] = paper
    row = y + pad
    for mask in masks:
        _paint(canvas, mask, x + (wide - mask.shape[1]) // 2, row, ink)
        row += mask.shape[0] + pad


def _grille(canvas: Pixels, boxes: Sequence[PlateBox], fonts: Sequence[Font], rng: random.Random) -> None:
    """A radiator's, a fence's or a window's bars."""
    tall = rng.randint(8, max(9, canvas.shape[0] // rng.choice((4, 8))))
    wide = round(tall * rng.uniform(1.5, 5))
    spot = _room(canvas, boxes, (tall, wide), rng)
    if spot is None:
        return
    step_x, step_y = rng.randint(3, 12), rng.choice((rng.randint(3, 8), tall))
    bars, between = rng.randint(90, 255), rng.randint(0, 80)
    if rng.random() < 0.4:
        bars, between = between, bars
    grid = np.full((tall, wide), between, np.uint8)
    grid[:, ::step_x] = bars
    grid[::step_y] = bars
    spot[:] = cv2.GaussianBlur(grid, (0, 0), rng.uniform(0.3, 1.0))[..., None]


def _round(canvas: Pixels, boxes: Sequence[PlateBox], fonts: Sequence[Font], rng: random.Random) -> None:
    """A lamp or a wheel: rings in two colours, a wheel's with spokes."""
    tall = rng.randint(6, max(7, canvas.shape[0] // 5))
    wide = round(tall * rng.uniform(0.8, 2.6))
    spot = _room(canvas, boxes, (tall, wide), rng)
    if spot is None:
        return
    drawn = np.ascontiguousarray(spot)
    centre, half = (wide // 2, tall // 2), (wide / 2, tall / 2)
    colours = [[rng.randint(0, 255)] * 3 for _ in range(2)]
    if rng.random() < 0.4:
        colours[1] = [rng.randint(0, 255) for _ in range(3)]
    turn = rng.uniform(-15, 15)
    rings = sorted((rng.uniform(0.3, 1.0) for _ in range(rng.randint(2, 4))), reverse=True)
    for ring, size in enumerate(rings):
        axes = (round(half[0] * size), round(half[1] * size))
        cv2.ellipse(drawn, centre, axes, turn, 0, 360, colours[ring % 2], -1, cv2.LINE_AA)
    spokes = rng.choice((0, 0, 5, 8, 10))
    for spoke in range(spokes):
        angle = 2 * np.pi * spoke / spokes
        reach = rings[0] * half[0] * np.cos(angle), rings[0] * half[1] * np.sin(angle)
        end = (round(centre[0] + reach[0]), round(centre[1] + reach[1]))
        cv2.line(drawn, centre, end, colours[0], max(1, tall // 16), cv2.LINE_AA)
    spot[:] = drawn


def _room(canvas: Pixels, boxes: Sequence[PlateBox], shape: tuple[int, int], rng: random.Random) -> Pixels | None:
    """A part of the canvas of this (height, width) to draw into, mostly by a plate; None where it would cover one."""
    height, width = shape
    if width >= canvas.shape[1]:
        return None
    x, y = _near_a_plate(canvas, boxes, shape, rng)
    return canvas[y : y + height, x : x + width] if _free(boxes, x, y, shape) else None


def _near_a_plate(
    canvas: Pixels, boxes: Sequence[PlateBox], shape: tuple[int, ...], rng: random.Random
) -> tuple[int, int]:
    """The left upper corner of something of this (height, width): by a plate, every third time anywhere."""
    height, width = shape
    room_x, room_y = canvas.shape[1] - width, canvas.shape[0] - height
    if not boxes or rng.random() < 0.33:
        return rng.randint(0, room_x), rng.randint(0, room_y)
    plate = rng.choice(boxes)
    x = (plate.x1 + plate.x2 - width) / 2 + rng.gauss(0, 0.6) * plate.width
    gap = rng.uniform(0.2, 2.5) * plate.height
    y = plate.y1 - gap - height if rng.random() < 0.7 else plate.y2 + gap
    return min(max(round(x), 0), room_x), min(max(round(y), 0), room_y)


def _free(boxes: Sequence[PlateBox], x: int, y: int, shape: tuple[int, ...]) -> bool:
    height, width = shape
    return not any(b.x1 < x + width + 2 and x - 2 < b.x2 and b.y1 < y + height + 2 and y - 2 < b.y2 for b in boxes)


def _mask(text: str, font: Font, height: int, widest: int) -> Pixels:
    """The text in this height in pixels, at most `widest` pixels wide: (H, W), 255 where there is ink."""
    mask = ink_mask(text, font)
    width = min(widest - 1, max(4, round(height * mask.shape[1] / mask.shape[0])))
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _paint(canvas: Pixels, mask: Pixels, x: int, y: int, ink: Sequence[int]) -> None:
    spot = canvas[y : y + mask.shape[0], x : x + mask.shape[1]]
    alpha = mask[: spot.shape[0], : spot.shape[1], None] / 255.0
    spot[:] = (spot * (1 - alpha) + np.array(ink) * alpha).astype(np.uint8)
