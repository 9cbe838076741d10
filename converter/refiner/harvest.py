"""Close-ups to learn from: what the detector proposes on training scenes, and true plates framed a little wrong.

The proposals are the very ones that the refiner has to judge on the unit: plates, and what looks like one to the
detector. A proposal that covers enough of a plate is to be moved onto it; one that covers none is to be refused.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from converter.labels import Photo, PlateBox
from converter.progress import Progress
from converter.refiner.store import HEIGHT, MARGINS, WIDTH, Target
from converter.synth import JPEG_QUALITIES, Recipe, Studio, compressed
from edge.model import Box
from edge.vision.detector import Detector
from edge.vision.refiner import close_up, edges_of, frame_of, iou

RECIPE = Recipe(width=640, height=480, plate_px=(16.0, 384.0), distractors=0.6)
"""Scenes as large as photos are."""
PLATE, NOTHING = 0.35, 0.15
"""IoU from which a proposal means the plate, and up to which it means none; what lies between teaches nothing."""
PROPOSED = 0.05
MOST_PLATE, MOST_OTHER = 3, 4
"""Proposals a scene that are kept, of each plate and of none."""
FRAMED_WRONG = 2
"""Close-ups of each plate besides."""


def judged(frames: Sequence[Box], truth: Sequence[PlateBox], boxes: Sequence[Box]) -> list[tuple[Box, PlateBox | None]]:
    """Each box's frame with the plate that it means, None if none; boxes that could be either are left out."""
    pairs: list[tuple[Box, PlateBox | None]] = []
    for frame, box in zip(frames, boxes, strict=True):
        best = max(truth, key=lambda plate: iou(box, plate), default=None)
        overlap = iou(box, best) if best is not None else 0.0
        if overlap >= PLATE:
            pairs.append((frame, best))
        elif overlap <= NOTHING:
            pairs.append((frame, None))
    return pairs


def framed_wrong(plate: PlateBox, rng: random.Random) -> Box:
    """The plate's box as a detector may see it: shifted, and of another size."""
    half_w = plate.width / 2 * math.exp(rng.gauss(0, 0.15))
    half_h = plate.height / 2 * math.exp(rng.gauss(0, 0.2))
    x = (plate.x1 + plate.x2) / 2 + rng.gauss(0, 0.08) * plate.width
    y = (plate.y1 + plate.y2) / 2 + rng.gauss(0, 0.12) * plate.height
    return Box(x - half_w, y - half_h, x + half_w, y + half_h)


def somewhere(width: int, height: int, rng: random.Random) -> Box:
    """A box of a plate's proportions anywhere in a scene of this size."""
    w = math.exp(rng.uniform(math.log(16), math.log(width / 2)))
    h = w / rng.uniform(1.2, 5.0)
    x, y = rng.uniform(0, width - w), rng.uniform(0, max(height - h, 1))
    return Box(x, y, x + w, y + h)


def target(frame: Box, plate: PlateBox | None) -> Target:
    """What is to be learnt of a close-up."""
    if plate is None:
        return 0.0, *edges_of(MARGINS)
    return (
        1.0,
        (plate.x1 - frame.x1) / frame.width,
        (plate.y1 - frame.y1) / frame.height,
        (plate.x2 - frame.x1) / frame.width,
        (plate.y2 - frame.y1) / frame.height,
    )


def of_scene(
    image: NDArray[np.uint8], truth: Sequence[PlateBox], detector: Detector, rng: random.Random
) -> list[tuple[Box, PlateBox | None]]:
    """The frames of one scene to learn from, with the plate that each means."""
    height, width = image.shape[:2]
    proposals = [found.box for found in detector.proposals(image, PROPOSED)]
    chosen: list[tuple[Box, PlateBox | None]] = []
    counts: dict[PlateBox | None, int] = {}
    for frame, plate in judged([frame_of(box, MARGINS) for box in proposals], truth, proposals):
        counts[plate] = counts.get(plate, 0) + 1
        if counts[plate] <= (MOST_OTHER if plate is None else MOST_PLATE):
            chosen.append((frame, plate))
    extra = [framed_wrong(plate, rng) for plate in truth for _ in range(FRAMED_WRONG)] + [somewhere(width, height, rng)]
    return chosen + judged([frame_of(box, MARGINS) for box in extra], truth, extra)


def harvest(
    groups: Sequence[Sequence[Photo]], detector: Detector, studio: Studio, scenes: int
) -> Iterator[tuple[NDArray[np.uint8], Target]]:
    """Close-ups of the detector's proposals on so many new scenes of these groups of photos, and their targets."""
    rng, count = studio.rng, 0
    with Progress("scenes", scenes) as progress:
        for _ in range(scenes):
            image, truth = studio.scene(groups)
            image = compressed(image, rng.choice(JPEG_QUALITIES))
            for frame, plate in of_scene(image, truth, detector, rng):
                yield close_up(image, frame, WIDTH, HEIGHT), target(frame, plate)
                count += 1
            progress.step(f"{count} close-ups")
