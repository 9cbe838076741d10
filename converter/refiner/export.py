"""The trained refiner as TFLite, float32 and int8."""

from __future__ import annotations

import tempfile
from pathlib import Path

from converter.detector.quantize import convert, refiner_name, write
from converter.detector.tf_env import tf
from converter.refiner import network
from converter.refiner.store import HEIGHT, MARGINS, WIDTH, Closeups

SAMPLES = 400
"""Close-ups that give the quantization its ranges."""
KINDS = ("float32", "int8")


def export(training: Path, closeups: Closeups, out: Path, seed: int = 1) -> list[Path]:
    """Writes `refiner_float32.tflite` and `refiner_int8.tflite` with their descriptions; returns their paths.

    Raises:
        MissingError: there is no trained checkpoint.
    """
    model = network.trained(training)
    about = {"input": [HEIGHT, WIDTH], "margins": list(MARGINS)}
    photos = network.samples(closeups, SAMPLES, seed)
    paths = []
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(model, folder)
        for kind in KINDS:
            path = out / refiner_name(kind)
            write(convert(Path(folder), kind, photos), path, about | {"kind": kind})
            paths.append(path)
    return paths
