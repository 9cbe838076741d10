"""The strip network from drawings to a TFLite file that the unit's code runs.

Run by `make test-converter`.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from converter.errors import MissingError, NetworkError
from converter.strip.batches import CLASSES, batches
from converter.synth import FontShelf
from edge.vision.strip import SIDE, StripNetwork
from edge.vision.tflite import available

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="The converter's environment is needed: `make test-converter`.",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a network after a few steps, and its TFLite files in the folder ``tflite`` there."""
    from converter.strip import export, network

    folder = tmp_path_factory.mktemp("strip")
    network.train(FontShelf(), folder, steps=6, seed=3)
    export.export(folder, FontShelf(), folder / "tflite")
    return folder


@pytest.mark.parametrize("runtime", available())
def test_the_files_answer_what_the_network_answers(trained: Path, runtime: str) -> None:
    from converter.strip import network

    model = network.trained(trained)
    pictures, _ = next(batches(FontShelf(), 8, 5))
    wanted = model(pictures.astype(np.float32) / 127.5 - 1.0).numpy()
    exact, small = (StripNetwork(trained / "tflite" / f"strip_{kind}.tflite", runtime=runtime)
                    for kind in ("float32", "int8"))  # fmt: skip
    assert tuple(exact.priors) == CLASSES
    for picture, logits in zip(pictures, wanted, strict=True):
        assert picture.shape == (SIDE, SIDE, 3)
        assert np.abs(exact.logits(picture) - logits).max() < 1e-3
        assert np.corrcoef(small.logits(picture), logits)[0, 1] > 0.9


def test_training_goes_on_from_an_earlier_one(trained: Path, tmp_path: Path) -> None:
    from converter.strip import network

    before = network.trained(trained).get_weights()
    network.train(FontShelf(), tmp_path, steps=1, rate=1e-9, seed=4, start=trained)
    after = network.trained(tmp_path).get_weights()
    assert max(float(np.abs(a - b).max()) for a, b in zip(before[:1], after[:1], strict=True)) < 1e-6


def test_training_goes_on_from_the_int8_file_of_an_earlier_one(trained: Path) -> None:
    from converter.strip import network

    path = trained / "tflite" / "strip_int8.tflite"
    model, file = network.trained(path), StripNetwork(path)
    pictures, _ = next(batches(FontShelf(), 32, 5))
    given = np.array([file.logits(picture) for picture in pictures])
    assert np.corrcoef(model(pictures.astype(np.float32) / 127.5 - 1.0).numpy().ravel(), given.ravel())[0, 1] > 0.9
    # The batch norms are parted from the convolutions: in training, too, each layer gives what the file's gives.
    trains = model(pictures.astype(np.float32) / 127.5 - 1.0, training=True).numpy()
    assert np.corrcoef(trains.ravel(), given.ravel())[0, 1] > 0.7


def test_another_file_is_none_to_go_on_from(trained: Path) -> None:
    from converter.strip import network

    with pytest.raises(NetworkError, match="strip export"):
        network.trained(trained / "tflite" / "strip_float32.tflite")


def test_a_folder_without_a_network_is_named(tmp_path: Path) -> None:
    from converter.strip import network

    with pytest.raises(MissingError, match="run `autovelox-convert strip train` first"):
        network.trained(tmp_path)
