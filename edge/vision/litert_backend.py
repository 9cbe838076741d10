"""LiteRT runs the reader's network: the detector's runtime, no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.model import ALPHABET
from edge.vision.checksums import LITERT_NAME, REINSTALL, weights_checksum
from edge.vision.deskew import CANVAS_SHAPE
from edge.vision.tflite import load_interpreter, read_description


def load(folder: Path) -> LitertNetwork:
    """The network in *folder*.

    Raises:
        ModelError: the file is missing or altered, or was made from other weights than those beside it.
    """
    return LitertNetwork(folder / LITERT_NAME, weights_checksum(folder))


class LitertNetwork:
    """One model in one interpreter; see :class:`~edge.vision.network.Network`.

    Args:
        path: a ``.tflite`` file with its description beside it, as ``autovelox-convert reader export`` writes them.
        weights_sha256: checksum (hex) of the PyTorch weights that the file has to be made from: the verdict's
            thresholds and the confidence were fitted to those.
        runtime: as for ``edge.vision.detector.Detector``.
    """

    def __init__(self, path: Path, weights_sha256: str, *, runtime: str | None = None) -> None:
        if read_description(path).get("weights_sha256") != weights_sha256:
            raise ModelError(
                f"{path} was made from another network than the one beside it",
                "install the models again, or run `make reader-export`",
            )
        self._interpreter = load_interpreter(path, prefer=runtime)
        inputs, outputs = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        # The cells' logits, and where the network tells countries theirs, one row.
        outputs = sorted(outputs, key=lambda each: int(np.prod(each["shape"][:-1])), reverse=True)
        shapes = [tuple(int(side) for side in each["shape"]) for each in (*inputs, *outputs)]
        kinds = {each["dtype"] for each in (*inputs, *outputs)}
        if (
            len(shapes) not in (2, 3)
            or shapes[0] != (1, *CANVAS_SHAPE, 1)
            or shapes[1][-1] != len(ALPHABET) + 1
            or any(shape[:-1] != (1,) for shape in shapes[2:])
            or kinds != {np.float32}
        ):
            raise ModelError(f"{path} is not a reader of {CANVAS_SHAPE} pixels", REINSTALL)
        self._image, self._output = inputs[0]["index"], outputs[0]["index"]
        self._told = outputs[1]["index"] if len(outputs) > 1 else None
        self._countries = shapes[2][-1] if self._told is not None else 0

    def logits(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the network answers to *image*, float32 of shape (1, H, W, 1) from -1 to 1: shape (1, T, 37)."""
        self._interpreter.set_tensor(self._image, image)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output), np.float32)

    def log_probs(self, canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the log-softmax, float32 (cells, 37), of the grey *canvas*, uint8 (64, 192)."""
        logits = self.logits(canvas.astype(np.float32)[None, :, :, None] / 127.5 - 1.0)
        shifted = logits - logits.max(axis=1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)

    def log_probs_of(self, canvases: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Return the log-softmax of each of *canvases*: the file takes one picture."""
        return [self.log_probs(canvas) for canvas in canvases]

    @property
    def countries(self) -> int:
        """How many countries the network tells apart; 0 where it tells none."""
        return self._countries

    def country_logits(self) -> NDArray[np.float32] | None:
        """Return the logits of the countries for the last canvas."""
        return None if self._told is None else np.asarray(self._interpreter.get_tensor(self._told)[0], np.float32)
