"""How small a plate the detector finds: its recall by the plate's width in the network's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from converter.labels import Photo
from converter.measure.metrics import Outcome, match
from converter.progress import Progress
from edge.vision.detector import Detector
from edge.vision.images import PADDING_GREY, load_image

WIDTHS_PX = (9, 12, 15, 18, 20, 22, 25)
"""Widths of a plate in the network's input, in pixels."""
WIDTH_MIN_PX, ASPECT_MIN = 40, 2.0
"""Only plates as wide as this in the photo and as wide in proportion to their height: they are legible."""
EVERY = 4
"""One in so many photos is looked at."""
MOST_PIXELS = 30_000_000


def recall_by_width(detector: Detector, photos: Sequence[Photo]) -> dict[int, tuple[int, int]]:
    """How many plates are found at each of :data:`WIDTHS_PX`, and of how many.

    Each photo is put in the middle of a grey one so large that its first plate becomes so wide in the network's input.
    """
    found = dict.fromkeys(WIDTHS_PX, (0, 0))
    chosen = photos[::EVERY]
    with Progress("small plates", len(chosen)) as progress:
        for photo in chosen:
            progress.step()
            plates = [box for box in photo.boxes if not box.ignore and box.width >= WIDTH_MIN_PX]
            if not plates or plates[0].width < ASPECT_MIN * plates[0].height:
                continue
            image, plate = load_image(photo.path), plates[0]
            for target in WIDTHS_PX:
                width, height = (int(side * plate.width / target) for side in (detector.width, detector.height))
                left, top = (width - photo.width) // 2, (height - photo.height) // 2
                if min(left, top) < 0 or width * height > MOST_PIXELS:
                    continue
                canvas = np.full((height, width, 3), PADDING_GREY, np.uint8)
                canvas[top : top + photo.height, left : left + photo.width] = image
                box = replace(plate, x1=plate.x1 + left, x2=plate.x2 + left, y1=plate.y1 + top, y2=plate.y2 + top)
                seen = detector.look(canvas)
                hits, of = found[target]
                found[target] = hits + match(Outcome((box,), seen), 0.5)[1][0], of + 1
    return found


def width_table(found: dict[int, tuple[int, int]]) -> str:
    """Lines of text, one a width."""
    lines = [f"{'plate width in the input':<28}{'plates':>7}{'recall':>9}   (one look)"]
    lines += [f"{f'{width} px':<28}{of:>7}{hits / of:>9.3f}" for width, (hits, of) in found.items() if of]
    return "\n".join(lines)
