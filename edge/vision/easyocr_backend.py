"""Lets torchvision be imported beside a CPU build of torch.

torchvision's compiled operators are linked against one build of torch. Where they cannot be loaded, the import of
torchvision fails, because it describes two operators that then do not exist. EasyOCR needs torchvision's transforms
and none of these operators, so their signatures are declared here, and nothing else.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import torch

from edge.errors import ModelError

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []  # an operator lives as long as the library that declares it


def prepare_torchvision() -> None:
    """Make ``import torchvision`` work; call it before. Does nothing where the compiled operators load.

    Raises :class:`~edge.errors.ModelError` where torchvision is not installed.
    """
    if _declared:
        return
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModelError("torchvision is not installed", "run `make install`")
    compiled = sorted(Path(spec.origin).parent.glob("_C*.so"))
    try:
        for library in compiled:
            torch.ops.load_library(str(library))  # type: ignore[no-untyped-call]
    except OSError:
        compiled = []
    if compiled:
        return
    declaration = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        declaration.define(schema)  # type: ignore[no-untyped-call]
    _declared.append(declaration)


def import_easyocr() -> ModuleType:
    """Import and return ``easyocr``, wherever torchvision can or cannot load its operators."""
    prepare_torchvision()
    return importlib.import_module("easyocr")
