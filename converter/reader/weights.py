"""The reader's weights in a form that needs no PyTorch: the step between its environment and TensorFlow's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import torch
import yaml  # type: ignore[import-untyped]
from numpy.typing import NDArray

from converter.errors import MissingError
from converter.reader.network import load_averaged
from edge.model import ALPHABET
from edge.vision.checksums import NETWORK_NAME
from edge.vision.deskew import CANVAS_SHAPE
from edge.vision.fuse_batch_norms import fuse_batch_norms


def write_weights(folder: Path, out: Path) -> None:
    """Write the network of the EasyOCR files in *folder* to *out*, a NumPy archive.

    Every weight is float32 under PyTorch's name for it, batch norms folded into the convolutions before them. Beside
    them stand ``params``, the ``network_params`` of the YAML file as JSON; ``sha256``, the checksum (hex) of the
    weights' file; and ``probe`` (8, 1, 64, 192) in -1..1 with ``answer`` (8, 96, classes), the logits that PyTorch
    gives for it: whoever writes the network in another library must get the same. Where the network tells countries,
    ``told`` (8, countries) has its logits of those.

    Raises:
        MissingError: a file is not there.
        NetworkError: it holds no plate reader.
    """
    weights, settings = folder / f"{NETWORK_NAME}.pth", folder / f"{NETWORK_NAME}.yaml"
    network = load_averaged(weights)
    if not settings.is_file():
        raise MissingError(f"{settings} is missing", "give the folder of a reader, such as models/reader")
    fuse_batch_norms(network)
    probe = _probe()
    told: list[torch.Tensor] = []
    if network.origin is not None:
        assert isinstance(network.origin, torch.nn.Module)
        network.origin.register_forward_hook(lambda _module, _inputs, logits: told.append(logits))
    with torch.inference_mode():
        answer = network(torch.from_numpy(probe), None).numpy()
    arrays = {name: value.numpy().astype(np.float32) for name, value in network.state_dict().items()}
    params = yaml.safe_load(settings.read_text(encoding="utf-8"))["network_params"]
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    out.parent.mkdir(parents=True, exist_ok=True)
    about = {"params": np.array(json.dumps(params)), "sha256": np.array(sha256), "probe": probe, "answer": answer}
    if told:
        about["told"] = told[0].numpy()
    np.savez(out, **arrays, **about)


def _probe() -> NDArray[np.float32]:
    """Pictures that make the network speak: all characters, six in each of six pictures, and two of noise."""
    noise = np.random.default_rng(1).integers(0, 256, (2, *CANVAS_SHAPE), np.uint8)
    pictures = [*noise]
    for start in range(0, len(ALPHABET), 6):
        plate = np.full(CANVAS_SHAPE, 235, np.uint8)
        cv2.putText(plate, ALPHABET[start : start + 6], (6, 48), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (15,), 4, cv2.LINE_AA)
        pictures.append(plate)
    return np.asarray(pictures, np.float32)[:, None] / 127.5 - 1.0
