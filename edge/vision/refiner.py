"""The second look at what the detector proposes: each proposal close up, scored again, its box moved onto the plate.

The detector sees the whole photo on few pixels. The refiner sees each proposal in the photo's own resolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.model import Box, Detection
from edge.vision.checksums import REINSTALL
from edge.vision.images import PADDING_GREY
from edge.vision.tflite import checked_input, load_interpreter, read_description

SUPPRESSION_IOU = 0.45
"""Intersection over union from which two boxes are the same plate."""
REFINER_WEIGHT = 0.6
"""What the refiner's log-odds count beside the detector's. Both see the same pixels, so less than 1."""
MAX_LOG_ODDS = 9.0
"""The largest log-odds of either, before the refiner's are weighed: int8 rounds there."""
MAX_MARGIN = 10.0
"""A close-up shows less than this beside a proposal, in the proposal's own widths or heights."""

Margins = tuple[float, float]
"""What a close-up shows on each side of a box, as a share of the box's width and height."""


class Refiner:
    """One model in one interpreter; not to be shared between threads.

    Args:
        path: a ``.tflite`` file with its description beside it.
        threads: threads of one inference.
        runtime: as for ``edge.vision.detector.Detector``.

    Raises:
        ModelError: the model is missing, altered, or of another shape than this code needs.
    """

    def __init__(self, path: Path, *, threads: int = 1, runtime: str | None = None) -> None:
        self._interpreter = load_interpreter(path, threads=threads, prefer=runtime)
        self._input, self._table = checked_input(self._interpreter.get_input_details(), path)
        _, self.height, self.width, _ = (int(side) for side in self._input["shape"])
        description = read_description(path)
        if description.get("input") != [self.height, self.width]:
            raise ModelError(f"{path} has another input size than its description says", REINSTALL)
        outputs = {tuple(int(n) for n in entry["shape"]): entry for entry in self._interpreter.get_output_details()}
        if set(outputs) != {(1, 1), (1, 4)} or any(entry["dtype"] != np.float32 for entry in outputs.values()):
            raise ModelError(f"{path} is not a refiner (it has no float logit and edges)", REINSTALL)
        try:
            beside, above = (float(margin) for margin in description["margins"])
        except (KeyError, TypeError, ValueError):
            beside = above = -1.0
        if not (0 <= beside < MAX_MARGIN and 0 <= above < MAX_MARGIN):
            raise ModelError(f"{path.with_suffix('.json')} has no margins that can be used", REINSTALL)
        self._margins = beside, above
        self._logit, self._edges = outputs[1, 1], outputs[1, 4]

    def refine(
        self, image: NDArray[np.uint8], proposals: Sequence[Detection], stop: tuple[float, int] | None = None
    ) -> tuple[Detection, ...]:
        """Give the *proposals* new boxes and confidences; best first, each plate once.

        *image* is uint8 of shape (H, W, 3), RGB; boxes are in its pixels. *stop* has a confidence (0 to 1) and a
        number: after so many proposals in a row that are judged below it, the others are not looked at.
        """
        judged: list[Detection] = []
        refused = 0
        for proposal in proposals:
            judged.append(self._judge(image, proposal))
            if stop is not None:
                refused = 0 if judged[-1].confidence >= stop[0] else refused + 1
                if refused >= stop[1]:
                    break
        return each_once([found for found in judged if found.box.width >= 1 and found.box.height >= 1])

    def _judge(self, image: NDArray[np.uint8], proposal: Detection) -> Detection:
        frame = frame_of(proposal.box, self._margins)
        pixels = close_up(image, frame, self.width, self.height)
        self._interpreter.set_tensor(
            self._input["index"], (pixels if self._table is None else self._table[pixels])[None]
        )
        self._interpreter.invoke()
        logit = float(self._value(self._logit)[0])
        left, top, right, bottom = (float(edge) for edge in self._value(self._edges))
        height, width = image.shape[:2]
        moved = Box(
            min(max(frame.x1 + left * frame.width, 0.0), width),
            min(max(frame.y1 + top * frame.height, 0.0), height),
            min(max(frame.x1 + right * frame.width, 0.0), width),
            min(max(frame.y1 + bottom * frame.height, 0.0), height),
        )
        odds = _log_odds(proposal.confidence) + REFINER_WEIGHT * min(max(logit, -MAX_LOG_ODDS), MAX_LOG_ODDS)
        return Detection(moved, 1 / (1 + math.exp(-odds)))

    def _value(self, output: dict[str, Any]) -> NDArray[np.float32]:
        return np.asarray(self._interpreter.get_tensor(output["index"])[0], np.float32)


def each_once(found: Sequence[Detection]) -> tuple[Detection, ...]:
    """Return those of *found* that overlap no surer one by :data:`SUPPRESSION_IOU`, the surest first."""
    kept: list[Detection] = []
    for each in sorted(found, key=lambda detection: -detection.confidence):
        if all(iou(each.box, other.box) < SUPPRESSION_IOU for other in kept):
            kept.append(each)
    return tuple(kept)


def _log_odds(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        return math.copysign(MAX_LOG_ODDS, confidence - 0.5)
    return min(max(math.log(confidence / (1 - confidence)), -MAX_LOG_ODDS), MAX_LOG_ODDS)


def frame_of(box: Box, margins: Margins) -> Box:
    """Return the part of the photo that the close-up of *box* shows, in the photo's pixels; it may reach beyond."""
    beside, above = margins[0] * max(box.width, 1.0), margins[1] * max(box.height, 1.0)
    width, height = max(box.width, 1.0) + 2 * beside, max(box.height, 1.0) + 2 * above
    x1, y1 = box.x1 - beside, box.y1 - above
    return Box(x1, y1, x1 + width, y1 + height)


def edges_of(margins: Margins) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom edge of the box in its own close-up, as fractions of the close-up."""
    left, top = (margin / (1 + 2 * margin) for margin in margins)
    return left, top, 1 - left, 1 - top


def close_up(image: NDArray[np.uint8], frame: Box, width: int, height: int) -> NDArray[np.uint8]:
    """Return the part *frame* of *image*, uint8 of shape (H, W, 3), stretched to (height, width, 3)."""
    x0, y0 = max(int(np.floor(frame.x1)) - 1, 0), max(int(np.floor(frame.y1)) - 1, 0)
    x1, y1 = min(int(np.ceil(frame.x2)) + 1, image.shape[1]), min(int(np.ceil(frame.y2)) + 1, image.shape[0])
    part = image[y0:y1, x0:x1]
    if part.size == 0:
        return np.full((height, width, 3), PADDING_GREY, np.uint8)
    shrink_x, shrink_y = max(frame.width / width / 1.5, 1.0), max(frame.height / height / 1.5, 1.0)
    if shrink_x > 1 or shrink_y > 1:  # warpAffine does not average: shrink first, by area.
        size = (max(round(part.shape[1] / shrink_x), 1), max(round(part.shape[0] / shrink_y), 1))
        small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        shrink_x, shrink_y = part.shape[1] / small.shape[1], part.shape[0] / small.shape[0]
        part = small
    to_x, to_y = width / frame.width, height / frame.height
    # From the part's pixel centres to the close-up's: 0.5 is the centre of the first pixel.
    scale_x, scale_y = shrink_x * to_x, shrink_y * to_y
    matrix = np.array(
        [
            [scale_x, 0.0, 0.5 * scale_x + (x0 - frame.x1) * to_x - 0.5],
            [0.0, scale_y, 0.5 * scale_y + (y0 - frame.y1) * to_y - 0.5],
        ]
    )
    grey = (PADDING_GREY, PADDING_GREY, PADDING_GREY)
    return np.asarray(cv2.warpAffine(part, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=grey), np.uint8)


class Rectangle(Protocol):
    """A box, of whatever class: corners and sides in pixels."""

    @property
    def x1(self) -> float: ...  # noqa: D102
    @property
    def y1(self) -> float: ...  # noqa: D102
    @property
    def x2(self) -> float: ...  # noqa: D102
    @property
    def y2(self) -> float: ...  # noqa: D102
    @property
    def width(self) -> float: ...  # noqa: D102
    @property
    def height(self) -> float: ...  # noqa: D102


def iou(one: Rectangle, other: Rectangle) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    height = min(one.y2, other.y2) - max(one.y1, other.y1)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (one.width * one.height + other.width * other.height - shared)
