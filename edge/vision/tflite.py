"""Loads TFLite models, whichever runtime is installed, and only if their checksum is right.

``ai-edge-litert`` comes first: it runs int8 on XNNPACK, where the wheels of ``tflite-runtime`` 2.14 do not (int8 about
twenty times slower on x86_64). Both have the same interpreter class. Beside ``NAME.tflite`` lies ``NAME.json``, its
description; the key ``sha256`` in it is the file's checksum. The very bytes that were checked are the ones loaded.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError

RUNTIMES = {"ai_edge_litert": "ai_edge_litert.interpreter", "tflite_runtime": "tflite_runtime.interpreter"}
"""Package name to module, the preferred one first."""


class Interpreter(Protocol):
    """What the detector uses of either runtime's ``Interpreter``."""

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
    """The JSON beside the model ``path``.

    Raises:
        ModelError: it is missing or not a JSON object.
    """
    description = path.with_suffix(".json")
    try:
        content = json.loads(description.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{description} cannot be read ({error.strerror})", "install the models again") from None
    except ValueError:
        raise ModelError(f"{description} is not valid JSON", "install the models again") from None
    if not isinstance(content, dict):
        raise ModelError(f"{description} does not describe a model", "install the models again")
    return content


def verified_bytes(path: Path, sha256: str) -> bytes:
    """The content of ``path``, if its SHA-256 (hex) is the given one.

    Raises:
        ModelError: it cannot be read or is another file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror})", "install the models again") from None
    if hashlib.sha256(content).hexdigest() != sha256.lower():
        raise ModelError(f"{path} is damaged or was exchanged (its checksum is wrong)", "install the models again")
    return content


def load_interpreter(path: Path, *, threads: int = 1, prefer: str | None = None) -> Interpreter:
    """An interpreter of the model ``path`` with its tensors allocated.

    Args:
        path: a ``.tflite`` file with its ``.json`` beside it.
        threads: threads of one inference.
        prefer: ``ai_edge_litert`` or ``tflite_runtime``; the best one installed if not given.

    Raises:
        ModelError: no runtime is installed, the checksum is wrong, or the file is no TFLite model.
    """
    sha256 = read_description(path).get("sha256")
    if not isinstance(sha256, str):
        raise ModelError(f"{path.with_suffix('.json')} has no sha256", "install the models again")
    content = verified_bytes(path, sha256)
    installed = available()
    name = prefer or next(iter(installed), None)
    if name is None or name not in installed:
        raise ModelError(
            f"the TFLite runtime {name or 'ai_edge_litert'} is not installed", "run `pip install ai-edge-litert`"
        )
    module = importlib.import_module(RUNTIMES[name])
    try:
        interpreter: Interpreter = module.Interpreter(model_content=content, num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError, TypeError):
        raise ModelError(f"{path} is not a TFLite model that {name} can run", "install the models again") from None
    return interpreter


def checked_input(details: list[dict[str, Any]], path: Path) -> tuple[dict[str, Any], NDArray[Any] | None]:
    """A network's one input, an RGB image, and the table that turns a pixel into its type (None: the pixel itself).

    Raises:
        ModelError: it is not one image of three channels, or of a type that is unknown here.
    """
    shape = [int(side) for side in details[0]["shape"]] if len(details) == 1 else []
    if len(shape) != 4 or shape[0] != 1 or shape[3] != 3:
        raise ModelError(
            f"{path} is none of this program's models (its input is not one RGB image)", "install the models again"
        )
    kind = details[0]["dtype"]
    pixels = np.arange(256, dtype=np.float32) / 127.5 - 1.0
    if kind == np.float32:
        return details[0], pixels
    scale, zero = details[0]["quantization"]
    if kind not in (np.uint8, np.int8) or not scale:
        raise ModelError(f"{path} takes another type of pixel than this program gives", "install the models again")
    limits = np.iinfo(kind)
    table = np.clip(np.round(pixels / scale + zero), limits.min, limits.max).astype(kind)
    same = kind == np.uint8 and np.abs(table.astype(int) - np.arange(256)).max() <= 1
    return details[0], None if same else table
