"""The trained strip network as TFLite."""

from __future__ import annotations

import tempfile
from pathlib import Path

from converter.detector.quantize import convert, write
from converter.detector.tf_env import tf
from converter.strip import network
from converter.strip.batches import CLASSES, PRIORS, batches
from converter.synth import FontShelf
from edge.vision.strip import SIDE

SAMPLES = 400
"""Pictures that give the quantization its ranges."""
KINDS = ("float32", "int8")


def export(training: Path, shelf: FontShelf, out: Path, seed: int = 99) -> list[Path]:
    """Write ``strip_float32.tflite`` and ``strip_int8.tflite`` with their descriptions; return their paths.

    What ``strip calibrate`` fits stands there as if all were right already.

    Args:
        training: folder of :func:`converter.strip.network.train`.
        shelf: fonts of the pictures that give the quantization its ranges.
        out: folder to write.
        seed: of those pictures.

    Raises:
        MissingError: there is no trained network.
    """
    model = network.trained(training)
    drawn = batches(shelf, network.BATCH, seed)
    photos = [picture for _ in range(-(-SAMPLES // network.BATCH)) for picture in next(drawn)[0]][:SAMPLES]
    about = {
        "input": [SIDE, SIDE],
        "slope": 1.0,
        "reader_slope": 1.0,
        "reader_doubt": 0.0,
        "priors": dict(zip(CLASSES, PRIORS, strict=True)),
    }
    paths = []
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(model, folder)
        for kind in KINDS:
            path = out / f"strip_{kind}.tflite"
            write(convert(Path(folder), kind, photos), path, {"kind": kind, **about})
            paths.append(path)
    return paths
