"""Decorations: what is on and around a plate beside its characters: bands, stickers, small print, frames, dirt.

All functions draw into a grey picture in place; nothing of it belongs to the text.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.synth.canvas import Grey, disc, paste
from converter.synth.fonts import FontShelf
from converter.synth.provinces import right_strip

VIENNA = 0.35
"""How often large arms are Vienna's."""
_WORDS = (
    "CALIFORNIA", "TEXAS", "NEW YORK", "FLORIDA", "OHIO", "VIRGINIA", "Georgia", "Illinois", "Arizona", "WASHINGTON",
    "Colorado", "Nevada", "OREGON", "MICHIGAN", "Pennsylvania", "NORTH CAROLINA", "New Jersey", "MARYLAND", "Indiana",
    "SUNSHINE STATE", "dmv.ca.gov", "Land of Lincoln", "Grand Canyon State", "Lone Star State", "visit us online",
    "BRASIL", "SP-SAO PAULO", "RJ-RIO DE JANEIRO", "PR-CURITIBA", "MG-BELO HORIZONTE", "RS-PORTO ALEGRE", "BA-SALVADOR",
    "REPUBLICA ARGENTINA", "ARGENTINA", "autohaus", "www.garage.com", "AUTO SALON", "concessionaria", "Motors Ltd",
    "dealer 01 234 567", "GARAGE CENTRAL", "ALL INDIA PERMIT", "EXEMPT", "VETERAN", "taxi", "CAR SALES 0800 123",
)  # fmt: skip


def words(rng: random.Random) -> str:
    """Return small print: a word of the list, or letters that mean nothing."""
    if rng.random() < 0.6:
        return rng.choice(_WORDS)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.- "
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(4, 18))).strip() or "auto"


def caption(canvas: Grey, text: str, box: tuple[float, float, float, float], grey: float, shelf: FontShelf,
            rng: random.Random) -> None:  # fmt: skip
    """Write small print centred in *box* (x0, y0, x1, y1), as high as the box, squeezed to its width."""
    x0, y0, x1, y1 = box
    height, room = round(y1 - y0), round(x1 - x0)
    if height < 3 or room < 6:
        return
    mask = shelf.caption(text, height, rng)
    width = min(room, round(mask.shape[1] * rng.uniform(0.9, 1.5)))
    mask = np.asarray(cv2.resize(mask, (max(width, 1), height), interpolation=cv2.INTER_AREA), np.uint8)
    paste(canvas, mask, x0 + (room - width) * rng.choice((0.5, 0.5, 0.1, 0.9)), y0, grey)


def band(
    canvas: Grey, x0: float, x1: float, country: str, shelf: FontShelf, rng: random.Random, *, right: bool,
    ground: float | None = None,
) -> None:  # fmt: skip
    """Draw a coloured strip between the columns *x0* and *x1*: stars and country letters, or year and province.

    *ground* is its tone; one is drawn where none is given.
    """
    height, width = canvas.shape[0], x1 - x0
    drawn = rng.choice((rng.uniform(25, 130), rng.uniform(60, 180)))
    ground = drawn if ground is None else ground
    canvas[:, round(x0) : round(x1)] = ground
    ink = ground + rng.choice((1, 1, 1, -0.5)) * rng.uniform(50, 130)
    middle = (x0 + x1) / 2
    if right and rng.random() < 0.85:
        if rng.random() < 0.6:
            disc(canvas, middle, height * 0.28, width * 0.3, ink, rng.choice((1, 2, -1)))
        for i, line in enumerate(right_strip(country, rng)):
            mask = _narrowed(shelf.caption(line, max(6, round(height * rng.uniform(0.16, 0.27))), rng), width * 0.9)
            paste(canvas, mask, middle - mask.shape[1] / 2, height * (0.62 - 0.4 * i), ink)
        return
    if rng.random() < 0.75:
        radius = width * rng.uniform(0.24, 0.36)
        for k in range(12):
            angle = k * math.pi / 6
            at_x, at_y = middle + radius * math.cos(angle), height * 0.3 + radius * math.sin(angle)
            disc(canvas, at_x, at_y, width * 0.045, ink)
    elif rng.random() < 0.7:  # a flag instead of the stars
        for k in range(3):
            top = height * (0.15 + 0.1 * k)
            canvas[round(top) : round(top + height * 0.1), round(x0 + width * 0.15) : round(x1 - width * 0.15)] = (
                rng.uniform(30, 230)
            )
    if country and rng.random() < 0.9:
        mask = _narrowed(shelf.caption(country, max(6, round(height * rng.uniform(0.15, 0.27))), rng), width * 0.86)
        paste(canvas, mask, middle - mask.shape[1] / 2, height * rng.uniform(0.58, 0.7), ink)


def _narrowed(mask: NDArray[np.uint8], room: float) -> NDArray[np.uint8]:
    """*mask*, squeezed to at most *room* pixels of width."""
    width = max(2, min(mask.shape[1], round(room)))
    return np.asarray(cv2.resize(mask, (width, mask.shape[0])), np.uint8)


def mark_left(canvas: Grey, x0: float, country: str, ink: float, shelf: FontShelf, rng: random.Random) -> float:
    """Draw a country's mark on the plate's own ground right of column *x0*; return the column where text may begin.

    A flag or arms over the letters with a line beside them, as on Hungarian and Slovak plates, or a block of stars that
    keeps off the edges.
    """
    height: int = canvas.shape[0]
    width = height * rng.uniform(0.2, 0.34)
    left, right = x0 + height * 0.05, x0 + height * 0.05 + width
    if rng.random() < 0.6:
        if rng.random() < 0.4:
            picture, shape = emblem(round(width), rng, lambda share: ink + (200 - ink) * share, ("shield",))
            spot = canvas[round(height * 0.15) :, round(left) :][: picture.shape[0], : picture.shape[1]]
            spot += (picture - spot) * (shape.astype(np.float32) / 255)
        else:
            for k in range(3):
                top = height * (0.2 + 0.09 * k)
                canvas[round(top) : round(top + height * 0.09), round(left) : round(right)] = rng.uniform(20, 240)
        high = max(6, round(height * rng.uniform(0.2, 0.32)))
        mask = _narrowed(shelf.caption(country or rng.choice("HAMBDILFRSE"), high, rng), width)
        paste(canvas, mask, (left + right - mask.shape[1]) / 2, height * 0.55, ink)
    else:
        right = left + height * rng.uniform(0.5, 0.95)
        block = np.full((round(height * rng.uniform(0.55, 0.8)), round(right - left)), rng.uniform(20, 130), np.float32)
        for k in range(12):
            x = block.shape[1] / 2 + block.shape[0] * 0.32 * math.cos(k * math.pi / 6)
            y = block.shape[0] / 2 + block.shape[0] * 0.32 * math.sin(k * math.pi / 6)
            disc(block, x, y, height * 0.03, rng.uniform(170, 250))
        top = (height - block.shape[0]) // 2
        spot = canvas[top : top + block.shape[0], round(left) : round(left) + block.shape[1]]
        spot[:] = block[:, : spot.shape[1]]
    if rng.random() < 0.7:
        line = round(right + height * 0.05)
        canvas[round(height * 0.08) : round(height * 0.92), line : line + max(1, round(height * 0.02))] = ink
    return right + height * 0.12


def mark_right(canvas: Grey, x1: float, ink: float, shelf: FontShelf, rng: random.Random) -> float:
    """Draw what stands behind the text left of column *x1*; return the column where text has to end.

    A year on its side, a figure behind a line (a horse, a tower), or the oval or square sticker of a country.
    """
    height: int = canvas.shape[0]
    kind = rng.choice(("year", "figure", "sticker"))
    if kind == "year":
        mask = shelf.caption(rng.choice(("2000", "1999", "2012", "ANNO", "DRIVE")), max(6, round(height * 0.16)), rng)
        mask = np.ascontiguousarray(np.rot90(mask, rng.choice((1, 3))))[: round(height * 0.9)]
        left: float = x1 - mask.shape[1] - height * 0.04
        paste(canvas, mask, left, (height - mask.shape[0]) / 2, ink)
        return left - height * 0.06
    width = height * rng.uniform(0.4, 0.7)
    left = x1 - width
    if kind == "figure":
        points = [(rng.uniform(0.15, 0.9), rng.uniform(0.12, 0.9)) for _ in range(rng.randint(6, 11))]
        outline = np.array([(left + x * width, y * height) for x, y in points]).astype(np.int32)
        cv2.polylines(canvas, [outline], rng.random() < 0.7, (ink,), max(1, round(height * 0.025)), cv2.LINE_AA)
        if rng.random() < 0.7:
            canvas[round(height * 0.06) : round(height * 0.94), round(left) : round(left + height * 0.025)] = ink
    else:
        canvas[:, round(left) : round(x1)] = rng.uniform(5, 110)  # what is seen between plate and sticker
        paper = rng.uniform(150, 250)
        centre, axes = (round(left + width * 0.55), height // 2), (round(width * 0.44), round(height * 0.42))
        if rng.random() < 0.5:
            cv2.ellipse(canvas, centre, axes, 0, 0, 360, (paper,), -1, cv2.LINE_AA)
        else:
            canvas[centre[1] - axes[1] : centre[1] + axes[1], centre[0] - axes[0] : centre[0] + axes[0]] = paper
        mask = shelf.caption(rng.choice(("B", "D", "I", "F", "NL", "A", "GB", "E", "H")), round(height * 0.55), rng)
        wide = min(mask.shape[1], round(axes[0] * 1.6))
        mask = np.asarray(cv2.resize(mask, (wide, mask.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
        paste(canvas, mask, centre[0] - wide / 2, (height - mask.shape[0]) / 2, rng.uniform(5, 70))
    return left - height * 0.08


def field(canvas: Grey, frame: float, ink: float, shelf: FontShelf, rng: random.Random
          ) -> tuple[float, float, float, float]:  # fmt: skip
    """Paint a *frame* around the plate's ground, its small print in *ink*; return the box of the field that is left.

    Argentine plates of 1995 to 2016 have light characters on a dark field within a light frame, broad above and below.
    """
    height, width = canvas.shape
    left, right = round(width * rng.uniform(0.015, 0.07)), round(width * rng.uniform(0.93, 0.985))
    top, bottom = round(height * rng.uniform(0.12, 0.24)), round(height * rng.uniform(0.76, 0.9))
    ground = canvas[top:bottom, left:right].copy()
    canvas[:] = frame
    canvas[top:bottom, left:right] = ground
    if rng.random() < 0.6:
        caption(canvas, words(rng), (width * 0.15, height * 0.03, width * 0.85, top * 0.9), ink, shelf, rng)
    return left, top, right, bottom


def arms(height: int, rng: random.Random, paint: Callable[[float], float], shelf: FontShelf
         ) -> tuple[Grey, NDArray[np.uint8]]:  # fmt: skip
    """Return picture and mask of a coat of arms with the name of its land beneath, as on Austrian plates.

    Both are *height* pixels high; *paint* maps 0 to 1 to a grey.
    """
    small = max(3, round(height * rng.uniform(0.1, 0.18)))
    high = height - small - 1
    shield, outline = _vienna(high, rng, paint) if rng.random() < VIENNA else emblem(high, rng, paint, ("shield",))
    picture = np.full((height, shield.shape[1]), paint(rng.uniform(0.5, 1.0)), np.float32)
    mask = np.zeros(picture.shape, np.uint8)
    picture[: len(shield)], mask[: len(shield)] = shield, outline
    mask[-small:] = cv2.resize(shelf.caption(words(rng).split()[0], small, rng), (picture.shape[1], small))
    return picture, mask


def _vienna(height: int, rng: random.Random, paint: Callable[[float], float]) -> tuple[Grey, NDArray[np.uint8]]:
    """Return picture and mask of Vienna's arms, a light cross on a darker shield: what is left of it looks like a V."""
    width = max(3, round(height * rng.uniform(0.75, 0.95)))
    picture = np.full((height, width), paint(rng.uniform(0.3, 0.8)), np.float32)
    cross, thick = (paint(rng.uniform(-0.1, 0.1)),), max(1, round(width * rng.uniform(0.14, 0.3)))
    middle = round(height * rng.uniform(0.36, 0.48))
    cv2.line(picture, (width // 2, 0), (width // 2, height), cross, thick)
    cv2.line(picture, (0, middle), (width, middle), cross, thick)
    shield = _shield(width, height)
    if rng.random() < 0.5:
        cv2.polylines(picture, [shield], True, (paint(rng.uniform(0.3, 1.0)),), max(1, width // 16))
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [shield], (255,))
    return picture, mask


def _shield(width: int, height: int) -> NDArray[np.int32]:
    """Corners of a shield that fills *width* and *height*."""
    low = height * 0.6
    return np.array([(0, 0), (width - 1, 0), (width - 1, low), (width / 2, height - 1), (0, low)]).astype(np.int32)


def emblem(
    height: int,
    rng: random.Random,
    paint: Callable[[float], float],
    shapes: Sequence[str] = ("circle", "two", "shield", "square"),
) -> tuple[Grey, NDArray[np.uint8]]:
    """Return picture and mask of a sticker, seal or coat of arms, *height* pixels high; *paint* maps 0..1 to grey.

    Shields and squares may bear a cross or a bar.
    """
    shape = rng.choice(shapes)
    width = {"circle": height, "two": height // 2, "shield": round(height * 0.85), "square": height}[shape]
    width = max(width, 3)
    picture = np.full((height, width), paint(rng.random()), np.float32)
    mask = np.zeros((height, width), np.uint8)
    if shape == "two":
        for centre in (0.25, 0.75):
            disc(mask, width / 2, height * centre, height * 0.22, 255)
            disc(picture, width / 2, height * centre, height * 0.12, paint(rng.random()))
    elif shape == "circle":
        disc(mask, width / 2, height / 2, height / 2 - 1, 255)
    else:
        square = np.array([(0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)], np.int32)
        points = _shield(width, height) if shape == "shield" else square
        cv2.fillPoly(mask, [points], (255,))
        charge = rng.choice(("none", "cross", "pale", "fess", "bend"))
        thick = max(1, round(width * rng.uniform(0.1, 0.3)))
        middle, grey = (width // 2, round(height * rng.uniform(0.4, 0.5))), (paint(rng.random()),)
        if charge in {"cross", "pale"}:
            cv2.line(picture, (middle[0], 0), (middle[0], height), grey, thick)
        if charge in {"cross", "fess"}:
            cv2.line(picture, (0, middle[1]), (width, middle[1]), grey, thick)
        if charge == "bend":
            cv2.line(picture, (0, 0), (width, height), grey, thick)
        if rng.random() < 0.5:
            cv2.polylines(picture, [points], True, (paint(rng.random()),), max(1, width // 12))
    for _ in range(rng.randint(0, 5)):
        x, y = rng.randrange(width), rng.randrange(height)
        disc(picture, x, y, height * rng.uniform(0.05, 0.25), paint(rng.random()), rng.choice((1, -1)))
    return picture, mask


def graphics(canvas: Grey, rng: random.Random, noise: np.random.Generator) -> None:
    """Lay a faint picture under the characters: ramps, hills, blobs, a photo-like texture."""
    height, width = canvas.shape
    strength = rng.uniform(8, 45)
    canvas += np.linspace(-strength, strength, height, dtype=np.float32)[:, None] * rng.choice((-1, 1))
    small = noise.normal(0, 1, (rng.randint(2, 7), rng.randint(3, 12))).astype(np.float32)
    canvas += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * strength * 0.6
    for _ in range(rng.randint(0, 3)):
        shade = float(canvas.mean() + rng.uniform(-60, 60))
        layer = canvas.copy()
        centre = (rng.randrange(width), rng.randrange(height))
        axes = (max(2, round(width * rng.uniform(0.03, 0.3))), max(2, round(height * rng.uniform(0.05, 0.4))))
        cv2.ellipse(layer, centre, axes, rng.uniform(0, 180), 0, 360, (shade,), -1, cv2.LINE_AA)
        canvas += (layer - canvas) * rng.uniform(0.2, 0.7)


def dirt(canvas: Grey, rng: random.Random, noise: np.random.Generator) -> None:
    """Stain the plate: soft clouds, specks, and screws."""
    height, width = canvas.shape
    if rng.random() < 0.4:
        small = noise.normal(0, 1, (rng.randint(2, 6), rng.randint(3, 10))).astype(np.float32)
        canvas += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * rng.uniform(3, 22)
    for _ in range(rng.choice((0, 0, 0, 2, 2, 4))):
        x, y = width * rng.uniform(0.05, 0.95), height * rng.choice((0.08, 0.12, 0.5, 0.88, 0.92))
        disc(canvas, x, y, height * rng.uniform(0.02, 0.05), rng.uniform(10, 235))
    for _ in range(rng.choice((0, 0, 0, 1, 3, 12))):
        x, y = rng.randrange(width), rng.randrange(height)
        disc(canvas, x, y, rng.uniform(1, max(1, height / 40)), rng.uniform(20, 230))
