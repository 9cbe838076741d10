"""Vision: a photo in, plate reads out. Start reading at :mod:`edge.vision.pipeline`.

Names are imported when they are first asked for: a detector brings OpenCV, EasyOCR brings PyTorch, and most programs
need neither.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.vision.calibration import load_thresholds
    from edge.vision.checksums import is_of_release
    from edge.vision.detector import Detector
    from edge.vision.images import load_image
    from edge.vision.lens import FocalLength, from_board, from_plates
    from edge.vision.network import installed_engine, require_engine
    from edge.vision.pipeline import Recogniser
    from edge.vision.proposals import propose_plates
    from edge.vision.reader import PlateReader

__all__ = [
    "Detector",
    "FocalLength",
    "PlateReader",
    "Recogniser",
    "from_board",
    "from_plates",
    "installed_engine",
    "is_of_release",
    "load_image",
    "load_thresholds",
    "propose_plates",
    "require_engine",
]

_MODULES = {
    "Detector": "detector",
    "FocalLength": "lens",
    "PlateReader": "reader",
    "Recogniser": "pipeline",
    "from_board": "lens",
    "from_plates": "lens",
    "installed_engine": "network",
    "is_of_release": "checksums",
    "load_image": "images",
    "load_thresholds": "calibration",
    "propose_plates": "proposals",
    "require_engine": "network",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
