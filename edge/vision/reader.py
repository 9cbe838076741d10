"""Reads plates: EasyOCR with a recognition network of our own."""

from __future__ import annotations

import importlib.util
import json
import math
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.model import ALPHABET, Detection, PlateRead
from edge.vision.calibration import Calibration
from edge.vision.checksums import NETWORK_NAME, READER_FILES, verify_folder
from edge.vision.deskew import cut, straightened, to_canvas
from edge.vision.easyocr_backend import import_easyocr
from edge.vision.fuse_batch_norms import fold_batch_norms
from edge.vision.greedy_decode import best_path

easyocr = import_easyocr()

SURE = 0.9
"""A crop is read once where the product of the characters' confidences reaches this. Not the calibrated confidence: the
calibration is fitted to what this decides."""
DISPUTED = 0.75
"""How much of its confidence a reading keeps that the other look does not confirm; set by hand, beside the calibration.
"""


class PlateReader:
    """One network in one EasyOCR reader; not to be shared between threads.

    Args:
        model_dir: the folder of the reader's files, or the one above it (``models``).

    Raises:
        ModelError: a file is missing, altered, or not what EasyOCR can load.
    """

    def __init__(self, model_dir: Path) -> None:
        folder = model_dir / "reader" if (model_dir / "reader").is_dir() else model_dir
        # EasyOCR imports and unpickles these files; nothing of them may run before they are known to be ours.
        verify_folder(folder, READER_FILES)
        settings = json.loads((folder / f"{NETWORK_NAME}.json").read_text(encoding="utf-8"))
        self._margin: tuple[float, float] = (settings["margin_x"], settings["margin_y"])
        self._calibration = Calibration(**settings["confidence"])
        self._countries: tuple[str, ...] = tuple(settings.get("countries", ()))
        self._country_slope = float(settings.get("country_slope", 1.0))
        torch.set_num_threads(1)
        _import_network(folder / f"{NETWORK_NAME}.py")
        try:
            self._easyocr: Any = easyocr.Reader(
                ["en"],
                gpu=False,
                recog_network=NETWORK_NAME,
                user_network_directory=str(folder),
                model_storage_directory=str(folder),
                download_enabled=False,
                detector=False,
                quantize=False,
                verbose=False,
            )
        except (RuntimeError, AttributeError, KeyError, TypeError) as error:
            raise ModelError(f"the reader in {folder} does not fit this EasyOCR", f"{type(error).__name__}") from error
        if self._easyocr.character != ALPHABET:
            raise ModelError(
                f"the reader in {folder} has another alphabet than this program", "install the models again"
            )
        fold_batch_norms(self._easyocr.recognizer.eval())
        self._easyocr.recognizer.to(memory_format=torch.channels_last)  # its convolutions are faster so
        self._logits: list[torch.Tensor] = []
        self._origins: list[torch.Tensor] = []
        self._easyocr.recognizer.register_forward_hook(lambda _module, _inputs, logits: self._logits.append(logits))
        teller = getattr(self._easyocr.recognizer, "origin", None)
        if len(self._countries) != (teller.decide[-1].out_features if teller is not None else 0):
            raise ModelError(f"the reader in {folder} tells other countries than it names", "install the models again")
        if teller is not None:
            teller.register_forward_hook(lambda _module, _inputs, logits: self._origins.append(logits))

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
        self._logits.clear()
        self._origins.clear()
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*pin_memory.*")  # EasyOCR asks for it on every machine
            # contrast_ths=0: no second pass over doubtful readings, their contrast is stretched already.
            self._easyocr.recognize(canvas, contrast_ths=0.0, reformat=False)
        # EasyOCR's own greedy text is this best path; the same logits also score any other plate.
        log_probs = torch.log_softmax(self._logits[0][0].float(), dim=1).numpy()
        text, characters = best_path(log_probs)
        confidence = self._calibration.confidence(characters)
        return PlateRead(text, confidence, characters, detection, log_probs, countries=self._told())

    def _told(self) -> dict[str, float]:
        """The probability of each country, by the last picture; nothing where the network tells none."""
        if not self._origins:
            return {}
        shares = torch.softmax(self._origins[0][0].float() * self._country_slope, dim=0).tolist()
        return dict(zip(self._countries, shares, strict=True))


def _import_network(file: Path) -> None:
    """Import the network's definition from *file*: EasyOCR would take the first module of that name that it finds."""
    spec = importlib.util.spec_from_file_location(NETWORK_NAME, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NETWORK_NAME] = module
    spec.loader.exec_module(module)
