"""A network to train on, from the int8 file that was shipped: its training's own weights are kept nowhere."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.detector.tf_env import tf
from converter.errors import NetworkError
from edge.vision.tflite import load_interpreter

Array = NDArray[np.float32]
_CONSTANT = re.compile(r"[^/;]+/\w+?(?:_(\d+))?/(Conv2D|MatMul|BiasAdd|FusedBatchNormV3)(?:/ReadVariableOp)?")
_LAST = "logits/"


def recover(model: Any, path: Path, pictures: NDArray[np.uint8]) -> None:
    """Give *model*, what ``network.build`` returns, the weights of the int8 file *path*.

    The file has each convolution with its batch norm folded in. The norm is parted from it again: its mean and variance
    are those of *pictures* (B, SIDE, SIDE, 3), its scale and offset take them back. What rounding to 8 bits has lost
    stays lost.

    Raises:
        ModelError: *path* is no TFLite file, or not as the list of checksums has it.
        NetworkError: it is another network than *model*.
    """
    arrays = {kind: iter(found) for kind, found in _constants(path).items()}
    results: dict[str, Any] = {model.inputs[0].name: tf.cast(pictures, tf.float32) / 127.5 - 1.0}
    try:
        for layer in model.layers[1:]:
            given = layer.input if isinstance(layer.input, list) else [layer.input]
            taken = [results[each.name] for each in given]
            if isinstance(layer, tf.keras.layers.Conv2D):
                layer.set_weights([next(arrays["Conv2D"]).transpose(1, 2, 3, 0)])
            elif isinstance(layer, tf.keras.layers.BatchNormalization):
                mean, variance = (each.numpy() for each in tf.nn.moments(taken[0], (0, 1, 2)))
                offset = next(arrays["FusedBatchNormV3"]) + mean
                layer.set_weights([np.sqrt(variance + layer.epsilon), offset, mean, variance])
            elif isinstance(layer, tf.keras.layers.Dense):
                layer.set_weights([next(arrays["MatMul"]).T, next(arrays["BiasAdd"])])
            results[layer.output.name] = layer(taken if len(taken) > 1 else taken[0], training=False)
    except (KeyError, ValueError, StopIteration):
        raise NetworkError(
            f"{path} is of another network than this", "give the int8 file that `autovelox-convert strip export` wrote"
        ) from None


def _constants(path: Path) -> dict[str, list[Array]]:
    """The arrays of the file *path* as float32, by kind, in the order of the layers."""
    interpreter: Any = load_interpreter(path)
    found: dict[str, list[tuple[int, Array]]] = defaultdict(list)
    for detail in interpreter.get_tensor_details():
        named, scales = _CONSTANT.fullmatch(detail["name"]), detail["quantization_parameters"]["scales"]
        if named and len(scales) in (1, detail["shape"][0]):
            ones = (1,) * (len(detail["shape"]) - 1)
            numbers = interpreter.get_tensor(detail["index"]) * scales.reshape(-1, *ones)
            place = 1 << 16 if _LAST in detail["name"] else int(named[1] or 0)
            found[named[2]].append((place, numbers.astype(np.float32)))
    return {kind: [numbers for _, numbers in sorted(each, key=lambda one: one[0])] for kind, each in found.items()}
