"""The shipped networks give the same in both TFLite runtimes. Where both are: here, and on a board with Python 3.11."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.config import models_dir
from edge.vision.tflite import available, load_interpreter

pytestmark = pytest.mark.skipif(len(available()) < 2, reason="Only one TFLite runtime is installed here.")


def outputs(path: Path, runtime: str, pictures: list[np.ndarray]) -> list[list[np.ndarray]]:
    """What *runtime* makes of each of the *pictures*, the network's outputs in order, as numbers of their own scale."""
    interpreter = load_interpreter(path, prefer=runtime)
    (given,) = interpreter.get_input_details()
    found = []
    for picture in pictures:
        interpreter.set_tensor(given["index"], picture[None].astype(given["dtype"]))
        interpreter.invoke()
        found.append([np.array(interpreter.get_tensor(each["index"])) for each in interpreter.get_output_details()])
    return found


@pytest.mark.parametrize("name", ["detector", "refiner_int8"])
def test_both_runtimes_give_the_same(name: str) -> None:
    path = models_dir() / f"{name}.tflite"
    _, height, width, _ = load_interpreter(path).get_input_details()[0]["shape"]
    rng = np.random.default_rng(1)
    ramp = np.linspace(0, 255, height * width * 3).reshape(height, width, 3)
    pictures = [ramp.astype(np.uint8), rng.integers(0, 256, (height, width, 3), np.uint8)]
    first, second = (outputs(path, runtime, pictures) for runtime in ("ai_edge_litert", "tflite_runtime"))
    for one, other in zip(first, second, strict=True):
        for here, there in zip(one, other, strict=True):
            assert here.shape == there.shape
            np.testing.assert_allclose(here.astype(float), there.astype(float), atol=0.02, rtol=0.02)
