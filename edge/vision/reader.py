"""Reads plates with a recognition network of our own, which EasyOCR or LiteRT runs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.config import Engine
from edge.errors import ModelError
from edge.model import Detection, PlateRead
from edge.vision.calibration import Calibration
from edge.vision.checksums import NETWORK_NAME, READER_FILES, verify_folder
from edge.vision.deskew import cut, straightened, to_canvas
from edge.vision.greedy_decode import best_path
from edge.vision.network import Network, load_network

SURE = 0.9
"""A crop is read once where the product of the characters' confidences reaches this. Not the calibrated confidence: the
calibration is fitted to what this decides."""
DISPUTED = 0.75
"""How much of its confidence a reading keeps that the other look does not confirm; set by hand, beside the calibration.
"""


class PlateReader:
    """One network in one engine; not to be shared between threads.

    Args:
        model_dir: the folder of the reader's files, or the one above it (``models``).
        engine: what runs the network.
        network: to be run instead of the one in the folder, as when another form of it is measured.

    Raises:
        ModelError: a file is missing or altered, or the engine is not installed or cannot load the files.
    """

    def __init__(self, model_dir: Path, engine: Engine = "easyocr", network: Network | None = None) -> None:
        folder = model_dir / "reader" if (model_dir / "reader").is_dir() else model_dir
        # EasyOCR imports and unpickles these files; nothing of them may run before they are known to be ours.
        verify_folder(folder, READER_FILES)
        settings = json.loads((folder / f"{NETWORK_NAME}.json").read_text(encoding="utf-8"))
        self._margin: tuple[float, float] = (settings["margin_x"], settings["margin_y"])
        self._calibration = Calibration(**settings["confidence"])
        self._countries: tuple[str, ...] = tuple(settings.get("countries", ()))
        self._country_slope = float(settings.get("country_slope", 1.0))
        self._network = network or load_network(engine, folder)
        if self._network.countries not in (0, len(self._countries)):
            raise ModelError(f"the reader in {folder} tells other countries than it names", "install the models again")

    def read(self, image: NDArray[np.uint8], detections: Sequence[Detection]) -> tuple[PlateRead, ...]:
        """Return what stands in each of *detections*, in their order.

        *image* is uint8, RGB (H, W, 3) or grey (H, W); a text may be empty.
        """
        return tuple(self._read_one(cut(image, found.box, *self._margin), found) for found in detections)

    def _read_one(self, crop: NDArray[np.uint8], detection: Detection) -> PlateRead:
        """What stands in the grey crop: a doubtful one is straightened and read again, and the surer reading kept.

        The other one stays with it; where it disagrees the confidence counts :data:`DISPUTED`.
        """
        read = self._recognise(to_canvas(crop), detection)
        if not read.text or math.prod(read.characters) >= SURE or (level := straightened(crop)) is None:
            return read
        again = self._recognise(to_canvas(level), detection)
        other, surer = sorted((read, again), key=lambda each: each.confidence)
        agreed = 1.0 if read.text == again.text else DISPUTED
        return replace(surer, confidence=agreed * surer.confidence, other=other)

    def _recognise(self, canvas: NDArray[np.uint8], detection: Detection) -> PlateRead:
        # The engine's greedy text would be this best path; the same numbers also score any other plate.
        log_probs = self._network.log_probs(canvas)
        text, characters = best_path(log_probs)
        confidence = self._calibration.confidence(characters)
        return PlateRead(text, confidence, characters, detection, log_probs, countries=self._country_shares())

    def _country_shares(self) -> dict[str, float]:
        """The probability of each country, by the last picture; empty where the network tells none."""
        logits = self._network.country_logits()
        if logits is None:
            return {}
        scaled = np.exp((logits - logits.max()) * self._country_slope)
        return dict(zip(self._countries, (scaled / scaled.sum()).tolist(), strict=True))
