"""Cases with a known plate for the verdict's trials: photos read exactly as the unit reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.labels import FEED, TruthCrop, csv_rows, frames_of, parse_number, table_of
from converter.verdict.trials import DEGRADED, KnownCase
from edge.model import Box, Detection
from edge.vision.pipeline import Recogniser
from edge.vision.reader import PlateReader

FRAMES_PER_CASE = 3
WIDTH_MIN_PX = 45.0
"""Plates of the feed that are labelled less wide than this, in pixels, are too far away to be a trigger's."""
WHOLE_CLIP = ("delft/",)
"""Clips of one car whose label, of one frame, holds for the text of all; cases begin at every sixth frame."""


def crop_cases(reader: PlateReader, crops: Sequence[TruthCrop]) -> Iterator[KnownCase]:
    """One case a crop: its whole picture is the plate."""
    for crop in crops:
        height, width = crop.picture.shape[:2]
        found = Detection(Box(0.0, 0.0, float(width), float(height)), 1.0)
        yield KnownCase(crop.file, crop.source, crop.text, (reader.read(crop.picture, [found]),), crop.picture)


def degraded(crops: Sequence[TruthCrop], seed: int = 1) -> list[TruthCrop]:
    """The crops as a worse camera would give them: far away, out of focus, dark, noisy."""
    rng = np.random.default_rng(seed)
    return [TruthCrop(_worse(crop.picture, rng), crop.text, DEGRADED + crop.source, crop.file) for crop in crops]


def _worse(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = min(1.0, rng.uniform(45, 110) / width)
    small = cv2.resize(
        picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    soft = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.2, 1.2))).astype(np.float32)
    dark = soft * rng.uniform(0.3, 1.0) + rng.uniform(0, 40)
    return np.asarray(np.clip(dark + rng.normal(0, rng.uniform(1, 8), soft.shape), 0, 255), np.uint8)


def feed_cases(recogniser: Recogniser, feed: Path) -> Iterator[KnownCase]:
    """Cases of the clips in *feed* (``truth.csv`` says which): each labelled frame and the frames after it.

    Raises:
        MissingError: the table or a clip is absent.
    """
    for file, starts in _starts(feed).items():
        yield from clip_cases(recogniser, feed / file, starts)


def clip_cases(recogniser: Recogniser, clip: Path, starts: Mapping[int, str]) -> Iterator[KnownCase]:
    """Cases of one *clip*: *starts* maps the first frame of each to what the plate says.

    Raises:
        MissingError: the clip is absent.
    """
    frames: list[NDArray[np.uint8]] = list(frames_of(clip))
    for start, truth in sorted(starts.items()):
        shown = frames[start : start + FRAMES_PER_CASE]
        if shown:
            reads = tuple(recogniser.plates(image) for image in shown)
            yield KnownCase(f"{clip.name}:{start}", "feed", truth, reads, shown[0])


def _starts(feed: Path) -> dict[str, dict[int, str]]:
    """The text of the largest labelled plate, by clip and first frame."""
    table = table_of(feed, Path(FEED.name))
    largest: dict[tuple[str, int], tuple[float, str]] = {}
    for line, row in csv_rows(table, ("file", "frame", "text", "x1", "x2")):
        width = parse_number(row["x2"], table, line, "x2") - parse_number(row["x1"], table, line, "x1")
        key = row["file"], int(parse_number(row["frame"], table, line, "frame"))
        if width >= WIDTH_MIN_PX:
            largest[key] = max(largest.get(key, (0.0, "")), (width, row["text"]))
    starts: dict[str, dict[int, str]] = {}
    for (file, frame), (_, text) in largest.items():
        numbers = range(0, 33, 6) if file.startswith(WHOLE_CLIP) else [frame]
        starts.setdefault(file, {}).update(dict.fromkeys(numbers, text))
    return starts
