"""The reader's network behind one call: a canvas in, log-probabilities out. EasyOCR runs it, or LiteRT.

The network is the same one. EasyOCR runs its PyTorch weights; LiteRT, the runtime of the detector, runs the file that
``autovelox-convert reader export`` makes of them, and needs neither EasyOCR nor PyTorch. See docs/reader-engine.md.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from edge.config import Engine
from edge.errors import ModelError

BACKENDS: dict[Engine, str] = {"easyocr": "edge.vision.easyocr_backend", "litert": "edge.vision.litert_backend"}
"""The module of each engine; the one that is not used is never imported."""


class Network(Protocol):
    """What the reader asks of an engine; not to be shared between threads."""

    def log_probs(self, canvas: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return log-softmax (cells, 37), class 0 the blank, of the grey *canvas* (64, 192)."""
        ...

    def log_probs_of(self, canvases: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Return what :meth:`log_probs` does, of each of *canvases*: at once, where the engine can, and no country."""
        ...

    @property
    def countries(self) -> int:
        """How many countries the network tells apart; 0 where it tells none."""
        ...

    def country_logits(self) -> NDArray[np.float32] | None:
        """Return the logits (countries,) of the last :meth:`log_probs`; None where the network tells no countries."""
        ...


def load_network(engine: Engine, folder: Path) -> Network:
    """Load the network of the reader in *folder* into *engine*.

    Raises:
        ModelError: the engine is not installed, or a file is missing, altered or cannot be run by it.
    """
    require_engine(engine)
    return cast(Network, importlib.import_module(BACKENDS[engine]).load(folder))


def require_engine(engine: Engine) -> None:
    """Raise :class:`~edge.errors.ModelError` where *engine* is not installed; cheap, nothing is imported."""
    if engine == "easyocr" and importlib.util.find_spec("easyocr") is None:
        raise ModelError(
            "EasyOCR is not installed",
            'install it (make install, without ENGINE=litert), or set engine = "litert" in [recognition]',
        )


def installed_engine() -> Engine:
    """The engine of a command that has no configuration: EasyOCR where it is installed, else LiteRT."""
    return "easyocr" if importlib.util.find_spec("easyocr") is not None else "litert"
