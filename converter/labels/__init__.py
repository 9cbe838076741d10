"""Labelled photos, crops and clips: read, corrected, grouped."""

from converter.labels.clips import frames_of
from converter.labels.groups import group_photos, split_groups
from converter.labels.photo import Photo, PlateBox, load_photo
from converter.labels.splits import photo_table, read_split, write_splits
from converter.labels.tables import (
    CORNERS,
    FEED,
    READING,
    Corners,
    boxes_by_file,
    corners,
    csv_rows,
    parse_number,
    table_of,
)
from converter.labels.truth import TruthCrop, load_truth

__all__ = [
    "CORNERS",
    "FEED",
    "READING",
    "Corners",
    "Photo",
    "PlateBox",
    "TruthCrop",
    "boxes_by_file",
    "corners",
    "csv_rows",
    "frames_of",
    "group_photos",
    "load_photo",
    "load_truth",
    "parse_number",
    "photo_table",
    "read_split",
    "split_groups",
    "table_of",
    "write_splits",
]
