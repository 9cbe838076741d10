"""Grey patches of training photos: bodywork around rendered plates, and crops that hold no plate."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.errors import MissingError
from converter.labels import Corners, boxes_by_file

PATCH_SHAPE = (96, 192)
"""Rows and columns of a patch."""


def plate_free_patches(data: Path, count: int, rng: random.Random) -> NDArray[np.uint8]:
    """Cut *count* patches (uint8, (count, *PATCH_SHAPE)) that touch no plate out of the ``use=train`` photos.

    Args:
        data: the folder with ``detect/boxes.csv``.
        count: how many patches.
        rng: chooses photos and places.

    Raises:
        MissingError: the table or a photo is absent.
        LabelError: the table cannot be read.
    """
    boxes = boxes_by_file(data, use="train")
    files = sorted(boxes)
    patches: list[NDArray[np.uint8]] = []
    while len(patches) < count:
        name = rng.choice(files)
        photo = cv2.imread(str(data / "detect" / "images" / name), cv2.IMREAD_GRAYSCALE)
        if photo is None:
            raise MissingError(f"the photo {name} cannot be read", "fetch the data again")
        for _ in range(4):
            patch = _cut(np.asarray(photo, np.uint8), boxes[name], rng)
            if patch is not None:
                patches.append(patch)
    return np.stack(patches[:count])


def _cut(photo: NDArray[np.uint8], plates: list[Corners], rng: random.Random) -> NDArray[np.uint8] | None:
    rows, columns = photo.shape
    width = round(columns * rng.uniform(0.08, 0.6))
    height = min(round(width / rng.uniform(1.2, 5)), rows - 1)
    x, y = rng.randrange(columns - width), rng.randrange(rows - height)
    for x1, y1, x2, y2 in plates:
        if x < x2 and x + width > x1 and y < y2 and y + height > y1:
            return None
    cut = photo[y : y + height, x : x + width]
    return np.asarray(cv2.resize(cut, PATCH_SHAPE[::-1], interpolation=cv2.INTER_AREA), np.uint8)
