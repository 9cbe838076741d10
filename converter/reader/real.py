"""Crops of training photos whose text was read by eye."""

from __future__ import annotations

import csv
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.errors import LabelError, MissingError
from converter.synth.augment import degrade

_MARGIN = 0.5


@dataclass(frozen=True, slots=True)
class RealCrop:
    """A plate with its surroundings: grey picture, the plate's box in it, text, and how often it is drawn."""

    picture: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    text: str
    weight: float


def load_real(data: Path, labels: Sequence[Path]) -> list[RealCrop]:
    """Cut the plates that *labels* (CSV: file, box_index, text, quality, x1, y1, x2, y2, note) give a text.

    Boxes come from ``detect/boxes.csv`` in *data* unless a label corrects them. Plates that occur several times share
    the weight of one and a half. Raises :class:`MissingError` and :class:`LabelError`.
    """
    table = data / "detect" / "boxes.csv"
    if not table.is_file():
        raise MissingError(f"{table} is missing: give the folder of training data with --data")
    boxes: dict[str, list[dict[str, str]]] = {}
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            boxes.setdefault(row["file"], []).append(row)
    wanted: list[tuple[str, tuple[float, ...], str]] = []
    for path in labels:
        with path.open(newline="") as file:
            for line, row in enumerate(csv.DictReader(file), 2):
                text = row["text"].strip()
                if not text or row["quality"] not in ("good", "poor"):
                    continue
                if not (text.isascii() and text.isalnum() and text == text.upper()):
                    raise LabelError(path, line, "the text may hold A-Z and 0-9 only")
                wanted.append((row["file"], _box(row, boxes, path, line), text))
    counts = Counter(text for _, _, text in wanted)
    crops = []
    for name, box, text in wanted:
        photo = cv2.imread(str(data / "detect" / "images" / name), cv2.IMREAD_GRAYSCALE)
        if photo is None:
            raise MissingError(f"{name} cannot be read: fetch the training data again")
        crops.append(_surround(np.asarray(photo, np.uint8), box, text, 1.0 / counts[text] ** 0.65))
    return crops


def recrop(crop: RealCrop, difficulty: float, rng: random.Random) -> NDArray[np.uint8]:
    """Return *crop* (grey, uint8) cut anew, turned and sheared a little, sometimes degraded further."""
    x1, y1, x2, y2 = crop.box
    width, height = x2 - x1, y2 - y1
    loose = rng.choice((0.05, 0.08, 0.15)) * difficulty
    left, right = (rng.uniform(-0.3, 1.0) * loose * width for _ in range(2))
    top, bottom = (rng.uniform(-0.3, 1.2) * loose * height for _ in range(2))
    corners = np.array([(x1 - left, y1 - top), (x2 + right, y1 - top), (x2 + right, y2 + bottom)], np.float32)
    centre = corners[[0, 2]].mean(axis=0)
    angle = math.radians(rng.gauss(0, 2.5 * difficulty))
    turn = np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])
    lean = np.array([(1.0, rng.gauss(0, 0.08)), (rng.gauss(0, 0.025), 1.0)])
    corners = ((corners - centre) @ (turn @ lean).T + centre).astype(np.float32)
    scale = rng.choice((1.0, 1.0, rng.uniform(0.55, 1.0))) if width > 90 else 1.0
    size = (max(24, round((width + left + right) * scale)), max(10, round((height + top + bottom) * scale)))
    target = np.array([(0, 0), (size[0], 0), size], np.float32)
    view = cv2.warpAffine(crop.picture, cv2.getAffineTransform(corners, target), size, flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    picture = np.asarray(view, np.uint8)
    if rng.random() < 0.6:
        picture = degrade(picture, 0.45 * difficulty, rng)
    return picture


def _box(row: dict[str, str], boxes: dict[str, list[dict[str, str]]], path: Path, line: int) -> tuple[float, ...]:
    if all(row[k] for k in ("x1", "y1", "x2", "y2")):
        return tuple(float(row[k]) for k in ("x1", "y1", "x2", "y2"))
    try:
        known = boxes[row["file"]][int(row["box_index"])]
    except (KeyError, ValueError, IndexError):
        raise LabelError(path, line, "there is no such box, and the row brings none of its own") from None
    return tuple(float(known[k]) for k in ("x1", "y1", "x2", "y2"))


def _surround(photo: NDArray[np.uint8], box: tuple[float, ...], text: str, weight: float) -> RealCrop:
    """Cut *box* with half its size around it; at the photo's edge the last pixels are repeated."""
    x1, y1, x2, y2 = box
    pad_x, pad_y = math.ceil((x2 - x1) * _MARGIN), math.ceil((y2 - y1) * _MARGIN)
    padded = cv2.copyMakeBorder(photo, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_REPLICATE)
    left, top = max(0, math.floor(x1)), max(0, math.floor(y1))
    cut = padded[top : math.ceil(y2) + 2 * pad_y, left : math.ceil(x2) + 2 * pad_x].copy()
    at_x, at_y = pad_x - left, pad_y - top
    return RealCrop(np.asarray(cut, np.uint8), (x1 + at_x, y1 + at_y, x2 + at_x, y2 + at_y), text, weight)
