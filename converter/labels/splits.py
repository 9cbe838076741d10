"""The list of the photos of a data set, by split: ``dataset.json``."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np

from converter.errors import MissingError
from converter.labels.photo import Photo, PlateBox

SPLITS_FILE = "dataset.json"
Split = Literal["training", "validation"]


def write_splits(folder: Path, training: Sequence[Photo], validation: Sequence[Photo]) -> None:
    """Write the photos of both splits into *folder*."""
    content = {"training": [_entry(p) for p in training], "validation": [_entry(p) for p in validation]}
    (folder / SPLITS_FILE).write_text(json.dumps(content), encoding="utf-8")


def _entry(photo: Photo) -> dict[str, object]:
    return {**asdict(photo), "path": str(photo.path.resolve())}


def read_split(folder: Path, part: Split) -> list[Photo]:
    """Return the photos of one split of the data set in *folder*.

    Raises:
        MissingError: the folder holds no data set.
    """
    try:
        entries = json.loads((folder / SPLITS_FILE).read_text(encoding="utf-8"))[part]
    except (OSError, ValueError, KeyError):
        raise MissingError(f"{folder} holds no data set", "make one with `autovelox-convert dataset`") from None
    return [
        Photo(
            Path(e["path"]), e["width"], e["height"], e["source"], e["origin"], tuple(PlateBox(**b) for b in e["boxes"])
        )
        for e in entries
    ]


def photo_table(photos: Sequence[Photo]) -> str:
    """Return a table of the photos by source: photos, plates, photos without a plate, and the widths of the plates."""
    rows: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        rows[photo.source or "-"].append(photo)
    lines = [f"{'source':24s}{'photos':>8s}{'plates':>8s}{'none':>6s}   plate width in px: 5 %, half, 95 %"]
    for source, members in sorted(rows.items()):
        widths = [box.width for photo in members for box in photo.boxes]
        spread = "{:.0f}, {:.0f}, {:.0f}".format(*np.percentile(widths, (5, 50, 95))) if widths else "-"
        empty = sum(not photo.boxes for photo in members)
        lines.append(f"{source:24s}{len(members):8d}{len(widths):8d}{empty:6d}   {spread}")
    return "\n".join(lines)
