"""The reader's network written once more, in TensorFlow: the layers of ``models/reader/plate_reader.py``, its weights.

What is linear is folded before: a layer norm's scale and offset into the layer behind it, the attention's scale into
its query. The results stay the same but for rounding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from converter.detector.tf_env import tf
from converter.errors import ConverterError, MissingError
from edge.vision.deskew import CANVAS_SHAPE

EPSILON = 1e-5
"""What PyTorch's layer norm adds to the variance."""
Array = NDArray[np.float32]


class Weights:
    """The arrays of ``reader weights`` by PyTorch's names; it knows which of them nobody asked for."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = dict(arrays)
        self._unused = set(arrays)

    def __getitem__(self, name: str) -> Array:
        """The array *name*; raises :class:`ConverterError` where the network has none."""
        if name not in self._arrays:
            raise ConverterError(
                f"the network has no {name}", "change converter/reader/graph.py as plate_reader.py was changed"
            )
        self._unused.discard(name)
        return self._arrays[name]

    def affine(self, name: str) -> tuple[Array, Array]:
        """Weight and bias of the layer *name*."""
        return self[f"{name}.weight"], self[f"{name}.bias"]

    def all_used(self) -> None:
        """Raise :class:`ConverterError` where the network has weights that no layer took."""
        if self._unused:
            raise ConverterError(
                f"the network has more than this export knows ({', '.join(sorted(self._unused))})",
                "change converter/reader/graph.py as plate_reader.py was changed",
            )


@dataclass(frozen=True)
class Source:
    """What ``reader weights`` writes; see :func:`converter.reader.weights.write_weights`."""

    weights: Weights
    params: dict[str, Any]
    sha256: str
    probe: Array
    answer: Array
    told: Array | None
    """What PyTorch says of the countries of the probe; None where the network tells none."""


def load_source(path: Path) -> Source:
    """What ``reader weights`` wrote to *path*.

    Raises:
        MissingError: there is no such file.
        ConverterError: it is another one.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        params, sha256 = json.loads(str(arrays.pop("params"))), str(arrays.pop("sha256"))
        return Source(probe=arrays.pop("probe"), answer=arrays.pop("answer"), told=arrays.pop("told", None),
                      weights=Weights(arrays), params=params, sha256=sha256)  # fmt: skip
    except FileNotFoundError:
        raise MissingError(f"{path} is missing", "run `autovelox-convert reader weights` first") from None
    except (OSError, ValueError, KeyError, AttributeError, EOFError, BadZipFile):
        raise ConverterError(f"{path} holds no reader's weights", "run `autovelox-convert reader weights`") from None


def module(source: Source) -> Any:
    """Return the network as a ``tf.Module`` with one signature: image (1, 64, 192, 1) in -1..1 to logits (96, classes).

    A network that tells countries has a second output, their logits (1, countries).

    Raises:
        ConverterError: the weights are not those of the layers that are known here.
    """
    network, weights, params = tf.Module(), source.weights, source.params
    spec = tf.TensorSpec((1, *CANVAS_SHAPE, 1), tf.float32, name="image")
    # Nothing here needs AutoGraph, and it would wrap a ConverterError in an error of its own.
    network.__call__ = tf.function(
        lambda image: _answer(image, weights, params), input_signature=[spec], autograph=False
    )
    network.__call__.get_concrete_function()
    weights.all_used()
    return network


def _answer(image: Any, weights: Weights, params: Mapping[str, Any]) -> Any:
    cells = _trunk(image, weights, *params["pairs"])
    width = cells.shape[-1]
    seen = tf.reshape(cells, (-1, width))
    x = seen + weights["place"][0]
    for number in range(params["layers"]):
        x = _attention(x, weights, f"attention.{number}", params["heads"])
    x = _normed(x)
    logits = _dense(x, *_behind_norm(weights, "norm", "classify"))
    if not params.get("countries"):
        return logits
    scale, offset = weights.affine("norm")
    return {"logits": logits, "countries": _origin(seen, x * scale + offset, weights)}


def _origin(seen: Any, understood: Any, weights: Weights) -> Any:
    """Where the plate comes from, by cells (count, width) as seen and as understood: logits (1, countries)."""
    cells = tf.concat((seen, understood), axis=1)
    looks = tf.nn.softmax(tf.transpose(_dense(cells, *weights.affine("origin.where")))) @ cells
    inner = _dense(tf.reshape(looks, (1, -1)), *weights.affine("origin.decide.0"))
    return _dense(tf.nn.gelu(inner, approximate=False), *weights.affine("origin.decide.2"))


def _trunk(x: Any, weights: Weights, narrow: int, wide: int) -> Any:
    """The convolutions: *narrow* residual pairs on the second, *wide* ones on the third number of channels."""
    layers: list[tuple[int, int] | None] = [(2, 2), (2, 2), *[None] * narrow, (2, 1), *[None] * wide, (2, 1), (2, 1)]
    for number, strides in enumerate(layers):
        name = f"trunk.{number}"
        if strides is not None:
            x = tf.nn.relu(_convolution(x, *weights.affine(f"{name}.0"), strides))
            continue
        inner = tf.nn.relu(_convolution(x, *weights.affine(f"{name}.first.0"), (1, 1)))
        x = tf.nn.relu(x + _convolution(inner, *weights.affine(f"{name}.second.0"), (1, 1)))
    return x


def _convolution(x: Any, weight: Array, bias: Array, strides: tuple[int, int]) -> Any:
    """PyTorch's 3 x 3 convolution with a border of 1: TensorFlow's SAME puts an odd border of a stride elsewhere."""
    padding = "SAME"
    if strides != (1, 1):
        x, padding = tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), "VALID"
    return tf.nn.conv2d(x, weight.transpose(2, 3, 1, 0), strides, padding) + bias


def _attention(x: Any, weights: Weights, name: str, heads: int) -> Any:
    """A pre-norm transformer layer on cells (count, width)."""
    count, width = x.shape
    each = width // heads
    weight, bias = _behind_norm(weights, f"{name}.norm_attention", f"{name}.qkv")
    scale = np.ones(3 * width, np.float32)
    scale[:width] = each**-0.5
    qkv = tf.reshape(_dense(_normed(x), weight * scale[:, None], bias * scale), (count, 3 * heads, each))
    query, key, value = tf.split(tf.transpose(qkv, (1, 0, 2)), 3)
    mixed = tf.matmul(tf.nn.softmax(tf.matmul(query, key, transpose_b=True)), value)
    x += _dense(tf.reshape(tf.transpose(mixed, (1, 0, 2)), (count, width)), *weights.affine(f"{name}.merge"))
    inner = _dense(_normed(x), *_behind_norm(weights, f"{name}.norm_feed", f"{name}.feed.0"))
    return x + _dense(tf.nn.gelu(inner, approximate=False), *weights.affine(f"{name}.feed.2"))


def _normed(x: Any) -> Any:
    """Each row with mean 0 and variance 1; the norm's scale and offset are in the layer behind it."""
    centred = x - tf.reduce_mean(x, axis=-1, keepdims=True)
    return centred * tf.math.rsqrt(tf.reduce_mean(centred * centred, axis=-1, keepdims=True) + EPSILON)


def _behind_norm(weights: Weights, norm: str, dense: str) -> tuple[Array, Array]:
    """Weight and bias of the layer *dense* that has taken over scale and offset of the *norm* before it."""
    (scale, offset), (weight, bias) = weights.affine(norm), weights.affine(dense)
    return weight * scale, bias + weight @ offset


def _dense(x: Any, weight: Array, bias: Array) -> Any:
    return tf.matmul(x, weight.T) + bias
