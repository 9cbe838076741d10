"""Finds number plates in a photo: a TFLite network (SSD, MobileNetV2, FPN-lite) proposes, the refiner judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.model import Box, Detection
from edge.vision.checksums import REINSTALL
from edge.vision.images import PADDING_GREY
from edge.vision.refiner import Refiner, each_once
from edge.vision.regions import Region, is_cut, regions
from edge.vision.tflite import checked_input, load_interpreter, read_description

MODEL_NAME = "detector.tflite"
PATIENCE = 8
"""The refiner looks at the proposals of a region, the surest first, until it refused this many one after the other."""


class Place(NamedTuple):
    """Where a photo lies in the network's input: pixel in the input = pixel in the photo * scale + left or top."""

    scale: float
    left: int
    top: int


def letterbox(image: NDArray[np.uint8], width: int, height: int) -> tuple[NDArray[np.uint8], Place]:
    """Return *image*, uint8 (H, W, 3), on a grey canvas (height, width, 3), its proportions kept, and its place there.

    A large photo is first averaged over blocks of whole pixels, which OpenCV does much faster than over parts of
    pixels, and then interpolated. Rows and columns at its right and lower edge that fill no block are left out.
    """
    image_h, image_w = image.shape[:2]
    block = min(max(int(max(image_w / width, image_h / height)), 1), image_w, image_h)
    image_h, image_w = image_h - image_h % block, image_w - image_w % block
    scale = min(width / image_w, height / image_h)
    new_w, new_h = max(1, round(image_w * scale)), max(1, round(image_h * scale))
    shown = image[:image_h, :image_w]
    if block > 1:
        size = (image_w // block, image_h // block)
        shown = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
    method = cv2.INTER_AREA if block == 1 and scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((height, width, 3), PADDING_GREY, np.uint8)
    left, top = (width - new_w) // 2, (height - new_h) // 2
    canvas[top : top + new_h, left : left + new_w] = cv2.resize(shown, (new_w, new_h), interpolation=method)
    return canvas, Place(scale, left, top)


class Detector:
    """The detector, and the refiner that its description names, if any; not to be shared between threads.

    Args:
        model: folder that holds ``detector.tflite`` and ``detector.json``, or another ``.tflite`` with its ``.json``.
        threads: threads of one inference.
        threshold: minimum confidence (0 to 1) of a detection; the one in the model's description if not given.
        runtime: ``ai_edge_litert`` or ``tflite_runtime``; the best one installed if not given.

    Raises:
        ModelError: the model is missing, altered, or of another shape than this code needs.
    """

    def __init__(
        self, model: Path, *, threads: int = 1, threshold: float | None = None, runtime: str | None = None
    ) -> None:
        path = model / MODEL_NAME if model.is_dir() else model
        description = read_description(path)
        self._interpreter = load_interpreter(path, threads=threads, prefer=runtime)
        self._input, self._table = checked_input(self._interpreter.get_input_details(), path)
        _, self.height, self.width, _ = (int(side) for side in self._input["shape"])
        if description.get("input") != [self.height, self.width]:
            raise ModelError(f"{path} has another input size than its description says", REINSTALL)
        self._scores, self._boxes = _checked_outputs(self._interpreter.get_output_details(), path)
        self._refiner: Refiner | None = None
        try:
            refiner = path.with_name(description["refiner"]) if description.get("refiner") else None
        except (TypeError, ValueError):
            about = path.with_suffix(".json")
            raise ModelError(f"{about} names no refiner that can be used", REINSTALL) from None
        self._propose = _confidence(description, "propose", 0.0, path)
        if refiner is not None:
            self._refiner = Refiner(refiner, threads=threads, runtime=runtime)
        own = _confidence(description, "threshold", 0.5, path)
        self.threshold = own if threshold is None else threshold
        # Models made before the list of checksums call it "doubtful".
        key = "low_threshold" if "low_threshold" in description else "doubtful"
        self.low_threshold = min(self.threshold, _confidence(description, key, self.threshold, path))

    def detect(self, image: NDArray[np.uint8], min_confidence: float | None = None) -> tuple[Detection, ...]:
        """Find the plates in *image*, best first; a tall or very large photo is looked at in parts as well.

        Args:
            image: uint8 of shape (H, W, 3), RGB; the boxes found are in its pixels.
            min_confidence: minimum confidence (0 to 1) in place of ``threshold``. Below ``low_threshold`` a detection
                is no plate even where the reader reads a text.

        Raises:
            ValueError: the array is not an RGB image.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise ValueError(f"An image of shape {image.shape} and type {image.dtype}; (H, W, 3) uint8 is needed.")
        if min_confidence is None:
            min_confidence = self.threshold
        height, width = image.shape[:2]
        return self._detect(image, regions(width, height, self.width, self.height), min_confidence)

    def look(self, image: NDArray[np.uint8]) -> tuple[Detection, ...]:
        """Find the plates in *image* in one look at the whole, whatever its size; otherwise as :meth:`detect`."""
        return self._detect(image, (Region(0, 0, image.shape[1], image.shape[0]),), self.threshold)

    def _detect(
        self, image: NDArray[np.uint8], parts: Sequence[Region], min_confidence: float
    ) -> tuple[Detection, ...]:
        proposals = self._proposals_of(image, parts, min_confidence if self._refiner is None else self._propose)
        if self._refiner is None:
            return proposals
        stop = (min(min_confidence, self.low_threshold), PATIENCE * len(parts))
        found = self._refiner.refine(image, proposals, stop)
        return tuple(each for each in found if each.confidence >= min_confidence)

    def _proposals_of(
        self, image: NDArray[np.uint8], parts: Sequence[Region], min_confidence: float
    ) -> tuple[Detection, ...]:
        """The proposals in *parts* of *image*, each plate once; the first part is the whole."""
        height, width = image.shape[:2]
        found = list(self.proposals(image, min_confidence))
        for part in parts[1:]:
            scale = min(self.width / (part.x2 - part.x1), self.height / (part.y2 - part.y1))
            for near in self.proposals(image[part.y1 : part.y2, part.x1 : part.x2], min_confidence):
                x1, y1, x2, y2 = near.box
                box = Box(x1 + part.x1, y1 + part.y1, x2 + part.x1, y2 + part.y1)
                if not is_cut(box, part, width, height, scale):
                    found.append(replace(near, box=box))
        return tuple(found) if len(parts) == 1 else each_once(found)

    def proposals(self, image: NDArray[np.uint8], min_confidence: float) -> tuple[Detection, ...]:
        """Find plates in one look and without the refiner, at most 50; otherwise as :meth:`detect`."""
        canvas, place = letterbox(image, self.width, self.height)
        scores, boxes = self._infer(canvas)
        height, width = image.shape[:2]
        found = []
        for score, (y1, x1, y2, x2) in zip(scores, boxes, strict=True):
            if not score >= min_confidence:  # NaN is refused, too
                continue
            corners = (
                min(max((x1 * self.width - place.left) / place.scale, 0.0), width),
                min(max((y1 * self.height - place.top) / place.scale, 0.0), height),
                min(max((x2 * self.width - place.left) / place.scale, 0.0), width),
                min(max((y2 * self.height - place.top) / place.scale, 0.0), height),
            )
            box = Box(*(float(corner) for corner in corners))
            if box.width >= 1 and box.height >= 1:
                found.append(Detection(box, float(score)))
        return tuple(sorted(found, key=lambda detection: -detection.confidence))

    def _infer(self, canvas: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (N,) and boxes (N, 4) as y1, x1, y2, x2 in fractions of the input."""
        values = canvas if self._table is None else self._table[canvas]
        self._interpreter.set_tensor(self._input["index"], values[None])
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._scores)[0], self._interpreter.get_tensor(self._boxes)[0]


def _confidence(description: dict[str, Any], key: str, default: float, path: Path) -> float:
    """The confidence (0 to 1) that the model's description gives under this key."""
    value = description.get(key, default)
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        about = path.with_suffix(".json")
        raise ModelError(f"{key} in {about} is not a confidence from 0 to 1", REINSTALL)
    return float(value)


def _checked_outputs(details: list[dict[str, Any]], path: Path) -> tuple[int, int]:
    """Tensor indices of scores and boxes; the op names its outputs 0 count, 1 scores, 2 classes, 3 boxes."""
    by_number = {str(entry["name"]).rpartition(":")[2]: entry for entry in details}
    scores, boxes = by_number.get("1"), by_number.get("3")
    if scores is None or boxes is None or len(boxes["shape"]) != 3 or int(boxes["shape"][2]) != 4:
        raise ModelError(f"{path} is not a plate detector (it has no scores and boxes)", REINSTALL)
    return int(scores["index"]), int(boxes["index"])
