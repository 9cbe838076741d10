"""The strip at a plate's left end, close up: a small network of its own tells the countries' signs apart.

The reader's network sees the whole plate on few pixels, of which the strip's letters have eight. This one sees the left
end alone, in colour. LiteRT runs it, whichever engine runs the reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.identify import NO_STRIP, strip_ratios
from edge.vision.calibration import CountryCalibration
from edge.vision.checksums import REINSTALL, read_json
from edge.vision.tflite import checked_input, load_interpreter, read_description

SIDE = 64
"""Rows and columns of what the network sees; the proportions are not kept."""
STRIP_SHARE = 0.3
"""Share of a crop's width, from the left, that the network sees: the strip and what it stands beside."""

MAX_SLOPE = 10.0
"""A description with a factor of logits of this or more is not one that was fitted."""


class StripNetwork:
    """One model in one interpreter; not to be shared between threads.

    ``priors`` has the share of each class among the plates it has learnt from, in the order of its outputs; ``beside``
    says how far the reader's own word counts beside this one's.

    Args:
        path: a ``.tflite`` file with its description beside it, as ``autovelox-convert strip export`` writes them.
        runtime: as for ``edge.vision.detector.Detector``.

    Raises:
        ModelError: the model is missing, altered, or of another shape than this code needs.
    """

    def __init__(self, path: Path, *, runtime: str | None = None) -> None:
        description = read_description(path)
        self._interpreter = load_interpreter(path, prefer=runtime)
        self._input, self._table = checked_input(self._interpreter.get_input_details(), path)
        outputs = self._interpreter.get_output_details()
        try:
            self.priors: dict[str, float] = {str(code): float(share) for code, share in description["priors"].items()}
            self._slope = float(description["slope"])
            self.beside = CountryCalibration(float(description["reader_slope"]), float(description["reader_doubt"]))
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ModelError(f"{path.with_suffix('.json')} does not describe a strip network", REINSTALL) from None
        usable = NO_STRIP in self.priors and all(0 < share <= 1 for share in self.priors.values())
        slopes = 0 < self._slope < MAX_SLOPE and 0 < self.beside.slope < MAX_SLOPE
        if not usable or not slopes or not 0 <= self.beside.doubt < 1:
            raise ModelError(f"{path.with_suffix('.json')} has no figures that can be used", REINSTALL)
        shape = tuple(int(side) for side in self._input["shape"])
        kinds = [(tuple(int(side) for side in each["shape"]), each["dtype"]) for each in outputs]
        if shape != (1, SIDE, SIDE, 3) or kinds != [((1, len(self.priors)), np.float32)]:
            raise ModelError(f"{path} is no strip network of {SIDE} pixels", REINSTALL)
        self._output = outputs[0]["index"]

    def logits(self, strip: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the logit of each class, float32 (classes,), for *strip*, what :func:`to_strip` returns."""
        pixels = strip if self._table is None else self._table[strip]
        self._interpreter.set_tensor(self._input["index"], pixels[None])
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0], np.float32)

    def ratios(self, crop: NDArray[np.uint8], codes: Sequence[str]) -> dict[str, float]:
        """How many times likelier *crop* is on plates of each country of *codes* than on plates of any.

        *crop* is a plate: uint8, RGB (H, W, 3) or grey (H, W). See :func:`edge.identify.strips.strip_ratios`.
        """
        logits = self.logits(to_strip(crop)).astype(np.float64) * self._slope
        shares = np.exp(logits - logits.max())
        told = dict(zip(self.priors, (shares / shares.sum()).tolist(), strict=True))
        return strip_ratios(told, self.priors, codes)


def named_strip(description: Path) -> StripNetwork | None:
    """The strip network that the reader's *description* (``plate_reader.json``) names, in its folder.

    None where it names none: the folder of an earlier release has none.

    Raises:
        ModelError: as for :class:`StripNetwork`, or *description* is no description, or names no file.
    """
    name = read_json(description).get("strip")
    if name is None:
        return None
    if not isinstance(name, str) or not name or name != Path(name).name:
        raise ModelError(f"{description} names no strip network that can be used", REINSTALL)
    return StripNetwork(description.with_name(name))


def to_strip(crop: NDArray[np.uint8], *, whole: bool = False) -> NDArray[np.uint8]:
    """Return the left end of *crop*, uint8, RGB (H, W, 3) or grey (H, W), as the network sees it: (SIDE, SIDE, 3).

    The darkest and lightest hundredth of the tones become 0 and 255 in all channels alike: colours stay what they are.
    *whole* says that *crop* is the left end already.
    """
    end = crop if whole else crop[:, : max(1, round(crop.shape[1] * STRIP_SHARE))]
    for axis in (1, 0):
        method = cv2.INTER_AREA if end.shape[axis] > SIDE else cv2.INTER_LINEAR
        target = (SIDE, end.shape[0]) if axis == 1 else (end.shape[1], SIDE)
        end = np.asarray(cv2.resize(end, target, interpolation=method), np.uint8)
    histogram = np.cumsum(np.bincount(end.ravel(), minlength=256))
    low, high = (int(np.searchsorted(histogram, share * end.size)) for share in (0.01, 0.99))
    levels = (np.arange(256, dtype=np.float32) - low) * (255 / max(high - low, 16))
    stretched = np.asarray(np.clip(levels, 0, 255).astype(np.uint8)[end], np.uint8)
    return stretched if stretched.ndim == 3 else np.asarray(np.dstack([stretched] * 3), np.uint8)
