"""Crops of training photos whose text was read by eye."""

from __future__ import annotations

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
from converter.labels import CORNERS, Corners, boxes_by_file, corners, csv_rows
from converter.synth import degrade

_MARGIN = 0.5


@dataclass(frozen=True, slots=True)
class RealCrop:
    """A plate with its surroundings: grey picture, the plate's box in it, text, and how often it is drawn.

    ``country`` is the ISO code of where the plate comes from, empty where it is not known.
    """

    picture: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    text: str
    weight: float
    country: str = ""


def load_real(data: Path, labels: Sequence[Path], countries: Path | None = None) -> list[RealCrop]:
    """Cut the plates that *labels* (CSV: file, box_index, text, quality, x1, y1, x2, y2, note) give a text.

    Boxes come from ``detect/boxes.csv`` in *data* unless a label corrects them. Plates that occur several times share
    the weight of one and a half. *countries* (CSV: source, text, country) says where some of the plates come from.

    Raises:
        MissingError: the table or a photo is absent.
        LabelError: a label cannot be.
    """
    boxes = boxes_by_file(data)
    columns = ("source", "text", "country")
    homes = {(r["source"], r["text"]): r["country"] for _, r in (csv_rows(countries, columns) if countries else ())}
    wanted: list[tuple[str, Corners, str]] = []
    for path in labels:
        for line, row in csv_rows(path, ("file", "box_index", "text", "quality", *CORNERS)):
            text = row["text"].strip()
            if not text or row["quality"] not in ("good", "poor"):
                continue
            if not (text.isascii() and text.isalnum() and text == text.upper()):
                raise LabelError(path, line, f"the text is {text!r}", "write A to Z and 0 to 9 only")
            wanted.append((row["file"], _box(row, boxes, path, line), text))
    counts = Counter(text for _, _, text in wanted)
    crops = []
    for name, box, text in wanted:
        photo = cv2.imread(str(data / "detect" / "images" / name), cv2.IMREAD_GRAYSCALE)
        if photo is None:
            raise MissingError(f"the photo {name} cannot be read", "fetch the data again")
        home = homes.get((name.rpartition("_")[0], text), "")
        crops.append(_surround(np.asarray(photo, np.uint8), box, text, 1.0 / counts[text] ** 0.65, home))
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


def _box(row: dict[str, str], boxes: dict[str, list[Corners]], path: Path, line: int) -> Corners:
    if all(row[name] for name in CORNERS):
        return corners(row, path, line)
    try:
        return boxes[row["file"]][int(row["box_index"])]
    except (KeyError, ValueError, IndexError):
        cause = f"{row['file']} has no box {row['box_index']!r}"
        raise LabelError(path, line, cause, "count its boxes from 0, or write all four corners") from None


def _surround(photo: NDArray[np.uint8], box: Corners, text: str, weight: float, country: str) -> RealCrop:
    """Cut *box* with half its size around it; at the photo's edge the last pixels are repeated."""
    x1, y1, x2, y2 = box
    pad_x, pad_y = math.ceil((x2 - x1) * _MARGIN), math.ceil((y2 - y1) * _MARGIN)
    padded = cv2.copyMakeBorder(photo, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_REPLICATE)
    left, top = max(0, math.floor(x1)), max(0, math.floor(y1))
    cut = padded[top : math.ceil(y2) + 2 * pad_y, left : math.ceil(x2) + 2 * pad_x].copy()
    at_x, at_y = pad_x - left, pad_y - top
    return RealCrop(np.asarray(cut, np.uint8), (x1 + at_x, y1 + at_y, x2 + at_x, y2 + at_y), text, weight, country)
