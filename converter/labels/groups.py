"""Groups of near-duplicate photos: a split never divides a group.

Three ties make a group: the same origin (augmented copies of one photo, frames within half a minute of one clip), a
64-bit difference hash (dHash) at most 5 bits apart, and the same plate text of five or more characters.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from converter.labels.photo import Photo

HASH_DISTANCE = 5
CLIP_SECONDS = 30
_AUGMENTED = re.compile(r"^(?P<name>.+?)(?:_(?:jpg|jpeg|png))?\.rf\.[0-9a-f]{16,}")
_CLIP = re.compile(r"^(?P<clip>.+)#t=(?P<second>\d+)")


def difference_hash(photo: Photo) -> int:
    """Return the dHash: 64 bits, set where a pixel of the 9x8 grey thumbnail is brighter than its right neighbour."""
    with Image.open(photo.path) as picture:
        grey = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = (grey[:, :-1] > grey[:, 1:]).ravel()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def origin_key(origin: str) -> str:
    """Return a key that copies of one photo, or frames of half a minute of one clip, have in common; empty if none."""
    name = origin.rsplit("/", 1)[-1]
    if match := _AUGMENTED.match(name):
        return match["name"]
    if match := _CLIP.match(name):
        return f"{match['clip']}#{int(match['second']) // CLIP_SECONDS}"
    return ""


def group_photos(photos: Sequence[Photo]) -> list[list[Photo]]:
    """Return the photos in groups of near-duplicates, in the order of their first photo."""
    parent = list(range(len(photos)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, photo in enumerate(photos):
        keys = [f"text {b.text}" for b in photo.boxes if len(b.text) >= 5]
        if key := origin_key(photo.origin):
            keys.append(f"origin {photo.source} {key}")
        for key in keys:
            parent[root(i)] = root(first.setdefault(key, i))
    for i, j in _close_pairs(np.array([difference_hash(p) for p in photos], dtype=np.uint64)):
        parent[root(i)] = root(j)
    groups: dict[int, list[Photo]] = defaultdict(list)
    for i, photo in enumerate(photos):
        groups[root(i)].append(photo)
    return list(groups.values())


def _close_pairs(hashes: NDArray[np.uint64]) -> Iterable[tuple[int, int]]:
    """Yield pairs of indices whose hashes differ in at most :data:`HASH_DISTANCE` bits."""
    for i in range(len(hashes) - 1):
        difference = np.ascontiguousarray(hashes[i + 1 :] ^ hashes[i]).view(np.uint8).reshape(-1, 8)
        distance = np.unpackbits(difference, axis=1).sum(axis=1)
        for j in np.flatnonzero(distance <= HASH_DISTANCE):
            yield i, i + 1 + int(j)


def split_groups(groups: Sequence[list[Photo]], validation_share: float, seed: int) -> tuple[list[Photo], list[Photo]]:
    """Return training and validation photos, whole groups; at least *validation_share* of the photos validate."""
    order = list(groups)
    random.Random(seed).shuffle(order)  # noqa: S311
    wanted = validation_share * sum(len(g) for g in groups)
    training: list[Photo] = []
    validation: list[Photo] = []
    for group in order:
        (validation if len(validation) < wanted else training).extend(group)
    return training, validation
