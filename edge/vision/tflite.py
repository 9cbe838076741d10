"""Loads TFLite models, whichever runtime is installed, and only if their checksum is right.

``ai-edge-litert`` comes first: it runs int8 on XNNPACK, which the wheels of ``tflite-runtime`` 2.14 do not (int8 about
twenty times slower on x86_64). Both have the same interpreter class. Beside ``NAME.tflite`` lies its description,
``NAME.json``; both are on the list of checksums (:mod:`edge.vision.checksums`).
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.vision.checksums import REINSTALL, read_checked, read_json
from edge.vision.quiet import without_routine

RUNTIMES = {"ai_edge_litert": "ai_edge_litert.interpreter", "tflite_runtime": "tflite_runtime.interpreter"}
"""Package name to module, the preferred one first."""


class Interpreter(Protocol):
    """What this program uses of either runtime's ``Interpreter``."""

    def allocate_tensors(self) -> None: ...  # noqa: D102
    def get_input_details(self) -> list[dict[str, Any]]: ...  # noqa: D102
    def get_output_details(self) -> list[dict[str, Any]]: ...  # noqa: D102
    def set_tensor(self, index: int, value: Any) -> None: ...  # noqa: D102
    def invoke(self) -> None: ...  # noqa: D102
    def get_tensor(self, index: int) -> Any: ...  # noqa: D102


def available() -> tuple[str, ...]:
    """The runtimes that are installed here, the preferred one first."""
    return tuple(name for name in RUNTIMES if importlib.util.find_spec(name) is not None)


def read_description(path: Path) -> dict[str, Any]:
    """Return the JSON object beside the model *path*.

    Raises:
        ModelError: it is missing, altered or no JSON object.
    """
    return read_json(path.with_suffix(".json"))


def load_interpreter(path: Path, *, threads: int = 1, prefer: str | None = None) -> Interpreter:
    """Return an interpreter of the model *path* with its tensors allocated.

    Args:
        path: a ``.tflite`` file that the list of checksums names.
        threads: threads of one inference.
        prefer: ``ai_edge_litert`` or ``tflite_runtime``; the best one installed if not given.

    Raises:
        ModelError: no runtime is installed, the file is not the listed one, or it is no TFLite model.
    """
    content = read_checked(path)
    installed = available()
    name = prefer or next(iter(installed), None)
    if name is None or name not in installed:
        raise ModelError(
            f"the TFLite runtime {name or 'ai_edge_litert'} is not installed", "run `pip install ai-edge-litert`"
        )
    module = importlib.import_module(RUNTIMES[name])
    try:
        with without_routine():
            interpreter: Interpreter = module.Interpreter(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, TypeError):
        raise ModelError(f"{path} is not a TFLite model that {name} can run", REINSTALL) from None
    return interpreter


def checked_input(details: list[dict[str, Any]], path: Path) -> tuple[dict[str, Any], NDArray[Any] | None]:
    """Return a network's one input, an RGB image, and the table that turns a pixel into its type.

    The table is None where the network takes pixels as they are.

    Raises:
        ModelError: the input is not one image of three channels, or of a type that is unknown here.
    """
    shape = [int(side) for side in details[0]["shape"]] if len(details) == 1 else []
    if len(shape) != 4 or shape[0] != 1 or shape[3] != 3:
        raise ModelError(f"{path} is no model of this program (its input is not one RGB image)", REINSTALL)
    kind = details[0]["dtype"]
    pixels = np.arange(256, dtype=np.float32) / 127.5 - 1.0
    if kind == np.float32:
        return details[0], pixels
    scale, zero = details[0]["quantization"]
    if kind not in (np.uint8, np.int8) or not scale:
        raise ModelError(f"{path} takes another type of pixel than this program gives", REINSTALL)
    limits = np.iinfo(kind)
    table = np.clip(np.round(pixels / scale + zero), limits.min, limits.max).astype(kind)
    same = kind == np.uint8 and np.abs(table.astype(int) - np.arange(256)).max() <= 1
    return details[0], None if same else table
