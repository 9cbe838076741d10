"""The second look at what the detector proposes: each proposal close up, scored again, its box moved onto the plate.

The detector sees the whole photo on few pixels. The refiner sees each proposal in the photo's own resolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.model import Box, Detection
from edge.vision.boxes import iou
from edge.vision.closeup import close_up, frame_of
from edge.vision.tflite import checked_input, load_interpreter, read_description

SAME = 0.45
"""Intersection over union from which two boxes are the same plate."""
SECOND = 0.6
"""What the second look's log-odds count beside the first one's. Both see the same pixels, so less than 1."""
MOST = 9.0
"""The greatest log-odds of either look, before the second one's are weighed: int8 rounds there."""

MOST_MARGIN = 10.0
"""Less than this may be shown beside a proposal, in its own widths or heights."""


class Refiner:
    """One model in one interpreter; not to be shared between threads.

    Args:
        path: a ``.tflite`` file with its ``.json`` beside it.
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
            raise ModelError(f"{path} has another input size than its description says", "install the models again")
        outputs = {tuple(int(n) for n in entry["shape"]): entry for entry in self._interpreter.get_output_details()}
        if set(outputs) != {(1, 1), (1, 4)} or any(entry["dtype"] != np.float32 for entry in outputs.values()):
            raise ModelError(f"{path} is not a refiner (it has no float logit and edges)", "install the models again")
        try:
            beside, above = (float(margin) for margin in description["margins"])
        except (KeyError, TypeError, ValueError):
            beside = above = -1.0
        if not (0 <= beside < MOST_MARGIN and 0 <= above < MOST_MARGIN):
            raise ModelError(f"{path.with_suffix('.json')} has no margins that can be used", "install the models again")
        self._margins = beside, above
        self._logit, self._edges = outputs[1, 1], outputs[1, 4]

    def refine(self, image: NDArray[np.uint8], proposals: Sequence[Detection]) -> tuple[Detection, ...]:
        """The proposals on ``image`` (H, W, 3) RGB with new boxes and confidences, best first, each plate once."""
        looked = sorted((self._look(image, proposal) for proposal in proposals), key=lambda d: -d.confidence)
        kept: list[Detection] = []
        for found in looked:
            if found.box.width >= 1 and found.box.height >= 1 and all(iou(found.box, k.box) < SAME for k in kept):
                kept.append(found)
        return tuple(kept)

    def _look(self, image: NDArray[np.uint8], proposal: Detection) -> Detection:
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
        odds = _log_odds(proposal.confidence) + SECOND * min(max(logit, -MOST), MOST)
        return Detection(moved, 1 / (1 + math.exp(-odds)))

    def _value(self, output: dict[str, Any]) -> NDArray[np.float32]:
        return np.asarray(self._interpreter.get_tensor(output["index"])[0], np.float32)


def _log_odds(confidence: float) -> float:
    if not 0.0 < confidence < 1.0:
        return math.copysign(MOST, confidence - 0.5)
    return min(max(math.log(confidence / (1 - confidence)), -MOST), MOST)
