"""The reader's network as TFLite, for units whose reader LiteRT runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from converter.detector.quantize import convert, copy_model, write
from converter.detector.tf_env import tf
from converter.errors import ConverterError
from converter.reader.graph import Source, load_source, module
from edge.vision.checksums import NETWORK_NAME
from edge.vision.deskew import CANVAS_SHAPE
from edge.vision.tflite import load_interpreter

LOGIT_TOLERANCE = 1e-3
"""How far a logit may be from PyTorch's; rounding makes about a tenth of it."""


def export(weights: Path, out: Path, kind: str = "float32") -> Path:
    """Write the network of the archive *weights* (``reader weights``) into the folder *out*; returns the TFLite file.

    A float32 file, the *kind* that units run, is run on the archive's probe before it is kept, and its logits are held
    against PyTorch's. Smaller kinds change texts: docs/reader-engine.md has the figures.

    Raises:
        MissingError: there is no such archive.
        ConverterError: the network is another one than :mod:`converter.reader.graph` builds, or answers differently.
    """
    source = load_source(weights)
    about = {"kind": kind, "input": list(CANVAS_SHAPE), "weights_sha256": source.sha256}
    name = f"{NETWORK_NAME}_{kind}.tflite"
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module(source), folder)
        made = Path(folder) / name
        write(convert(Path(folder), kind, ()), made, about)
        if kind == "float32":
            _check(made, source)
        copy_model(made, out)
    return out / name


def _check(model: Path, source: Source) -> None:
    interpreter = load_interpreter(model)
    image = interpreter.get_input_details()[0]["index"]
    answers = [source.answer] if source.told is None else [source.answer, source.told[:, None]]
    for number, picture in enumerate(source.probe):
        interpreter.set_tensor(image, picture[:, :, :, None])
        interpreter.invoke()
        given = [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
        by_cells = sorted((each.reshape(-1, each.shape[-1]) for each in given), key=len, reverse=True)
        for expected, logits in zip((each[number] for each in answers), by_cells, strict=True):
            off = float(np.abs(logits - expected).max())
            if not off <= LOGIT_TOLERANCE:
                raise ConverterError(
                    f"the exported network's logits are up to {off:.2g} from PyTorch's",
                    "change converter/reader/graph.py as plate_reader.py was changed",
                )
