"""Imports EasyOCR without the most of torchvision.

EasyOCR's recognition needs ``torchvision.transforms`` and nothing else of that package. The package's ``__init__``,
which a plain import runs first, imports its models, its data sets and, through them, PyTorch's compiler: nearly half of
a worker's start and 78 MB of its memory. It also needs torchvision's compiled operators, which load beside one build of
PyTorch only, and fails where they do not (``operator torchvision::nms does not exist``).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

from edge.errors import ModelError

PACKAGE = "torchvision"


def import_easyocr() -> ModuleType:
    """Import and return ``easyocr``; of torchvision only the modules that it asks for.

    Whoever imports ``torchvision`` afterwards gets it whole.

    Raises:
        ModelError: torchvision is not installed.
    """
    if PACKAGE in sys.modules:
        return importlib.import_module("easyocr")
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None:
        raise ModelError("torchvision is not installed: run `make install`")
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)  # the package, its __init__ not run
    try:
        return importlib.import_module("easyocr")
    finally:
        del sys.modules[PACKAGE]
