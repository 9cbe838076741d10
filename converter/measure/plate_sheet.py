"""``autovelox-convert reader sheet``: a picture of plates of the demo's feed and what the reader makes of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.labels import frames_of
from converter.measure.contact_sheet import write_sheet
from converter.progress import Progress
from edge.demo.cast import load_cast
from edge.identify.candidates import reading
from edge.identify.verdict import ANY_FORMAT, listed
from edge.model import PlateRead
from edge.sensors.feed_manifest import load_feed_manifest
from edge.vision.deskew import cut
from edge.vision.pipeline import Recogniser

COLUMNS, CELL, CAPTION = 4, (240, 64), 26
"""Cells a row, (width, height) of a plate in pixels, and height of the line below it."""
EVERY = 4
"""Of a clip's frames, one in this many is read."""
PAPER, INK, WRONG = (255, 255, 255), (40, 40, 40), (30, 30, 200)
Pixels = NDArray[np.uint8]


def draw_feed_plates(models: Path, feed: Path, out: Path) -> tuple[int, int]:
    """Write two plates a clip of *feed* to *out*: the one read most surely and the least sure one, wrong ones in red.

    Returns how many frames with a plate were read, and how many of them rightly.
    """
    recogniser = Recogniser(models)
    clips = list(zip(load_feed_manifest(feed / "manifest.toml").clip, load_cast().scene, strict=True))
    cells: list[Pixels] = []
    seen = right = 0
    with Progress("read", len(clips)) as progress:
        for clip, scene in clips:
            reads: list[tuple[PlateRead, Pixels]] = []
            for frame in list(frames_of(feed / clip.file))[::EVERY]:
                plates = listed(recogniser.plates(frame))
                reads += [(plate, cut(frame, plate.detection.box, 0.04, 0.06)) for plate in plates[:1] if plate.text]
            reads.sort(key=lambda pair: pair[0].confidence)
            seen += len(reads)
            right += sum(reading(plate, ANY_FORMAT) == scene.plate for plate, _ in reads)
            cells += [_cell(plate, crop, scene.plate) for plate, crop in (reads[-1:] + reads[:1])]
            progress.step()
    write_sheet([np.ascontiguousarray(cell[..., ::-1]) for cell in cells], COLUMNS, out, fill=255)
    return seen, right


def _cell(plate: PlateRead, crop: Pixels, truth: str) -> Pixels:
    width, height = CELL
    bgr = cv2.cvtColor(crop, cv2.COLOR_RGB2BGR)
    scale = min(width / bgr.shape[1], height / bgr.shape[0])
    size = (max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale)))
    cell = np.full((height + CAPTION + 6, width + 8, 3), PAPER, np.uint8)
    left, top = 4 + (width - size[0]) // 2, 4 + (height - size[1]) // 2
    cell[top : top + size[1], left : left + size[0]] = cv2.resize(bgr, size, interpolation=cv2.INTER_CUBIC)
    text = reading(plate, ANY_FORMAT)
    label = f"{text}  {plate.confidence:.0%}  {round(crop.shape[1] / 1.08)} px"
    colour = INK if text == truth else WRONG
    cv2.putText(cell, label, (8, height + 23), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
    return cell
