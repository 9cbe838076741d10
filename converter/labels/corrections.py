"""Corrections of public labels by eye: ``converter/data/labels_*.csv`` for training, ``truth_boxes.csv`` for measuring.

Columns: file, box_index, text, quality, x1, y1, x2, y2, note. ``file`` begins with folders where the name alone is not
unique. ``box_index`` counts the boxes of a file from 0, in the order of boxes.csv, or is ``new`` for a plate that had
no box. Corners are given only where the box was changed. The text replaces the public one, even if it is empty.
Qualities: ``not_a_plate`` drops the box; ``unreadable`` keeps it, for the detector has to find it all the same;
``ignore`` means that the plate need not be found, and that finding it is no false alarm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from converter.errors import LabelError
from converter.labels.photo import Photo, PlateBox, checked
from converter.labels.tables import CORNERS, csv_rows


def apply_corrections(photos: Sequence[Photo], path: Path) -> list[Photo]:
    """Return the photos with the corrections of the file *path*; rows about other photos are skipped.

    Raises:
        LabelError: a row names a box that is not there, or a box that cannot be.
    """
    by_name: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        by_name[photo.path.name].append(photo)
    boxes: dict[Path, dict[int, PlateBox | None]] = {photo.path: dict(enumerate(photo.boxes)) for photo in photos}
    for line, row in csv_rows(path, ("file", "box_index")):
        parts = PurePath(row["file"]).parts
        named = [photo for photo in by_name[parts[-1] if parts else ""] if photo.path.parts[-len(parts) :] == parts]
        if len(named) > 1:
            raise LabelError(path, line, f"{row['file']} names {len(named)} photos", "write their folder, too")
        if named:
            _apply_row(named[0], boxes[named[0].path], row, path, line)
    return [
        replace(photo, boxes=tuple(box for box in boxes[photo.path].values() if box is not None)) for photo in photos
    ]


def _apply_row(photo: Photo, boxes: dict[int, PlateBox | None], row: dict[str, str], path: Path, line: int) -> None:
    box = _corrected(photo, row, path, line)
    if row["box_index"] == "new":
        if box is None:
            raise LabelError(path, line, "a new box has no corners", "write its four corners")
        boxes[max(boxes, default=-1) + 1] = replace(box, ignore=row.get("quality") == "ignore")
        return
    index = int(row["box_index"]) if row["box_index"].isdigit() else -1
    if index not in boxes:
        raise LabelError(path, line, f"{photo.path.name} has no box {row['box_index']!r}", "count its boxes from 0")
    if row.get("quality") == "not_a_plate":
        boxes[index] = None
    elif (box := box or boxes[index]) is not None:
        boxes[index] = replace(box, text=row.get("text") or "", ignore=row.get("quality") == "ignore")


def _corrected(photo: Photo, row: dict[str, str], path: Path, line: int) -> PlateBox | None:
    """Return the box that the row gives, None if it gives none."""
    corners = [row.get(key) or "" for key in CORNERS]
    if not any(corners):
        return None
    try:
        x1, y1, x2, y2 = (float(corner) for corner in corners)
    except ValueError:
        raise LabelError(path, line, "a corner is missing or no number", "write all four corners or none") from None
    return checked(PlateBox(x1, y1, x2, y2, row.get("text") or ""), photo.width, photo.height, path, line)
