"""``autovelox-convert photos``: what ``autovelox read`` makes of whole photos, tall ones and ones upside down included.

Tall photos are made of wide ones: a crop of 9:16 as high as the photo around its first plate, and portrait frames of
720 pixels of width with three photos one above the other. What is found is matched with the boxes at IoU 0.5.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.labels import Photo, PlateBox
from converter.measure import goals
from converter.measure.goals import Figure
from converter.measure.metrics import Outcome, Summary, match, summarise
from converter.measure.small_plates import recall_by_width, width_table
from converter.progress import Progress
from edge.identify import listed
from edge.vision.detector import Detector, letterbox
from edge.vision.images import load_image
from edge.vision.pipeline import Recogniser, SeenPlates
from edge.vision.upside_down import half_turn

Picture = NDArray[np.uint8]
WIDE, TALL = 1.3, 9 / 16
"""Width over height from which a photo counts as wide, and of the crops."""
ROOM = 0.95
"""A plate that is wider than this share of the crop is left out: it would be cut off."""
PORTRAIT_WIDTH_PX, STACKED = 720, 3
SURELY_READ, SURELY_READ_CHARACTERS = 0.9, 5
"""Confidence (0 to 1) and length of a text from which a photo should be recognised upside down."""
TIMED, TIMED_SIZE = 240, (1280, 720)
"""Photos on which the time is taken, and what they are letterboxed to."""


def figures(models: Path, float32: Path, photos: Sequence[Photo], *, height_min: float) -> tuple[list[Figure], str]:
    """Measure everything; returns the rows of the table and lines of what has no goal.

    Args:
        models: folder of all models, as the unit has it.
        float32: the detector before quantization, whose time the CPU is compared with.
        photos: labelled photos, their labels mended.
        height_min: plates lower than this, in pixels, are ignored.
    """
    recogniser = Recogniser(models)
    counted = [_counted(photo, height_min) for photo in photos]
    upright = _seen(recogniser, counted)
    shown = summarise([_outcome(photo, seen) for photo, seen in upright], 0.0)
    crops = tall_crops(recogniser, counted)
    wide, tall = crops.wide, crops.tall
    portrait = summarise(list(portrait_frames(recogniser, counted)), 0.0)
    alone = summarise([_outcome(photo, seen) for photo, seen in upright if _is_wide(photo)], 0.0)
    turned, of = recognised_upside_down(recogniser, upright)
    rows = [
        Figure("reports beside labels a photo", shown.false_alarms, goals.REPORTS_BESIDE),
        Figure("recall on 9:16 crops less that on the wide photos", tall - wide, goals.TALL_RECALL_LOST),
        Figure(
            "recall on portrait frames less that on their photos",
            portrait.recall - alone.recall,
            goals.PORTRAIT_RECALL_LOST,
        ),
        Figure("upright photos turned", sum(seen.upside_down for _, seen in upright), goals.UPRIGHT_TURNED, digits=0),
        Figure("CPU of a 1280x720 photo over a float32 look", cpu_ratio(recogniser, float32, photos), goals.PHOTO_CPU),
    ]
    return rows, "\n".join(
        [
            f"{len(photos)} photos: recall {shown.recall:.4f} as listed, {_found(upright).recall:.4f} with --all",
            f"9:16 crops: recall {tall:.4f}, the same plates in the wide photos {wide:.4f}",
            f"found in the wide photo only: {_names(crops.lost)}; in the crop only: {_names(crops.gained)}",
            f"portrait frames: recall {portrait.recall:.4f}, their photos {alone.recall:.4f};"
            f" {portrait.false_alarms / STACKED:.4f} reports beside labels for each of their photos",
            f"upside down: {turned} of {of} photos that are read surely when upright are recognised",
            width_table(recall_by_width(Detector(models), counted)),
        ]
    )


@dataclass(frozen=True, slots=True)
class TallCrops:
    """The first plate of each wide photo, in the whole photo and in a crop of 9:16 around it.

    ``lost`` names the photos whose plate was found in the whole photo only, ``gained`` those where it was the reverse.
    """

    plates: int
    found_wide: int
    lost: tuple[str, ...]
    gained: tuple[str, ...]

    @property
    def wide(self) -> float:
        """Recall in the whole photos."""
        return self.found_wide / max(self.plates, 1)

    @property
    def tall(self) -> float:
        """Recall in the crops."""
        return (self.found_wide - len(self.lost) + len(self.gained)) / max(self.plates, 1)


def tall_crops(recogniser: Recogniser, photos: Sequence[Photo]) -> TallCrops:
    """Look for the first plate of each wide photo: in the whole photo, and in a crop of 9:16 around the plate."""
    lost: list[str] = []
    gained: list[str] = []
    plates = found_wide = 0
    wide = [photo for photo in photos if _is_wide(photo)]
    with Progress("tall crops", len(wide)) as progress:
        for photo in wide:
            progress.step()
            width = round(photo.height * TALL)
            plate = next((box for box in photo.boxes if not box.ignore and box.width <= ROOM * width), None)
            if plate is None:
                continue
            image = load_image(photo.path)
            left = int(min(max((plate.x1 + plate.x2 - width) / 2, 0), photo.width - width))
            moved = replace(plate, x1=plate.x1 - left, x2=plate.x2 - left)
            plates += 1
            in_wide = _is_found(plate, recogniser.see(image))
            in_tall = _is_found(moved, recogniser.see(image[:, left : left + width]))
            found_wide += in_wide
            lost += [photo.path.name] if in_wide and not in_tall else []
            gained += [photo.path.name] if in_tall and not in_wide else []
    return TallCrops(plates, found_wide, tuple(lost), tuple(gained))


def portrait_frames(recogniser: Recogniser, photos: Sequence[Photo]) -> Iterator[Outcome]:
    """What is listed of portrait frames, each made of three wide photos."""
    wide = [photo for photo in photos if _is_wide(photo)]
    groups = [wide[start : start + STACKED] for start in range(0, len(wide) - STACKED + 1, STACKED)]
    with Progress("portrait frames", len(groups)) as progress:
        for group in groups:
            yield _outcome(*_stacked(recogniser, group))
            progress.step()


def _stacked(recogniser: Recogniser, group: Sequence[Photo]) -> tuple[Photo, SeenPlates]:
    shown: list[Picture] = []
    boxes: list[PlateBox] = []
    down = 0
    for photo in group:
        scale = PORTRAIT_WIDTH_PX / photo.width
        size = (PORTRAIT_WIDTH_PX, round(photo.height * scale))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        shown.append(np.asarray(cv2.resize(load_image(photo.path), size, interpolation=method), np.uint8))
        for box in photo.boxes:
            x1, y1, x2, y2 = (scale * edge for edge in (box.x1, box.y1, box.x2, box.y2))
            boxes.append(replace(box, x1=x1, y1=y1 + down, x2=x2, y2=y2 + down))
        down += size[1]
    frame = replace(group[0], width=PORTRAIT_WIDTH_PX, height=down, boxes=tuple(boxes))
    return frame, recogniser.see(np.vstack(shown))


def recognised_upside_down(recogniser: Recogniser, upright: Sequence[tuple[Photo, SeenPlates]]) -> tuple[int, int]:
    """How many photos are recognised when they are turned, and how many were turned: those read surely *upright*."""
    sure = [
        photo
        for photo, seen in upright
        if any(read.confidence >= SURELY_READ and len(read.text) >= SURELY_READ_CHARACTERS for read in seen.plates)
    ]
    turned = 0
    with Progress("upside down", len(sure)) as progress:
        for photo in sure:
            turned += recogniser.see(half_turn(load_image(photo.path))).upside_down
            progress.step()
    return turned, len(sure)


def cpu_ratio(recogniser: Recogniser, float32: Path, photos: Sequence[Photo]) -> float:
    """CPU time of a 1280x720 photo over that of one look of the detector before quantization, photo by photo."""
    reference = Detector(float32)
    ours = theirs = 0.0
    for place in np.linspace(0, len(photos) - 1, min(TIMED, len(photos))).astype(int):
        image, _ = letterbox(load_image(photos[place].path), *TIMED_SIZE)
        begun = time.process_time()
        recogniser.see(image)
        between = time.process_time()
        reference.proposals(image, 0.5)
        ours, theirs = ours + between - begun, theirs + time.process_time() - between
    return ours / theirs


def _names(photos: Sequence[str]) -> str:
    return ", ".join(photos) or "none"


def _is_wide(photo: Photo) -> bool:
    return photo.width >= WIDE * photo.height


def _seen(recogniser: Recogniser, photos: Sequence[Photo]) -> list[tuple[Photo, SeenPlates]]:
    found = []
    with Progress("photos", len(photos)) as progress:
        for photo in photos:
            found.append((photo, recogniser.see(load_image(photo.path))))
            progress.step()
    return found


def _counted(photo: Photo, height_min: float) -> Photo:
    return replace(photo, boxes=tuple(replace(b, ignore=b.ignore or b.height < height_min) for b in photo.boxes))


def _outcome(photo: Photo, seen: SeenPlates) -> Outcome:
    return Outcome(photo.boxes, tuple(read.detection for read in listed(seen.plates)), photo.source, photo.path.name)


def _found(upright: Sequence[tuple[Photo, SeenPlates]]) -> Summary:
    rows = [
        Outcome(photo.boxes, tuple(read.detection for read in seen.plates), photo.source, photo.path.name)
        for photo, seen in upright
    ]
    return summarise(rows, 0.0)


def _is_found(box: PlateBox, seen: SeenPlates) -> bool:
    return match(Outcome((box,), tuple(read.detection for read in listed(seen.plates))), 0.5)[1][0]
