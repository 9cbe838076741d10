"""The archive that carries the reader's weights from PyTorch to TensorFlow."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from converter.cli import main
from converter.errors import MissingError
from edge.config import models_dir
from edge.vision.checksums import LITERT_NAME, weights_checksum
from edge.vision.litert_backend import LitertNetwork
from tests.support.lazy import lazy

torch = lazy("torch")
networks = lazy("converter.reader.network")
weights = lazy("converter.reader.weights")

READER = models_dir() / "reader"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    path = tmp_path_factory.mktemp("weights") / "new" / "weights.npz"
    weights.write_weights(READER, path)
    with np.load(path, allow_pickle=False) as content:
        return dict(content)


def test_it_holds_the_folded_network_and_what_it_is(archive: dict[str, np.ndarray]) -> None:
    network = networks.load_averaged(READER / "plate_reader.pth")
    assert str(archive["sha256"]) == weights_checksum(READER)
    assert set(json.loads(str(archive["params"]))) == {"channels", "pairs", "heads", "hidden", "layers", "countries"}
    folded = {name for name in archive if name.startswith("trunk.")}
    assert "trunk.0.0.bias" in folded  # the convolution had none, its batch norm gave it one
    assert not any("running" in name or ".1." in name.removeprefix("trunk.1.") for name in folded)
    assert np.array_equal(archive["classify.weight"], network.classify.weight.detach().numpy())


def test_its_answer_is_the_networks(archive: dict[str, np.ndarray]) -> None:
    network = networks.load_averaged(READER / "plate_reader.pth")
    with torch.no_grad():
        answer = network(torch.from_numpy(archive["probe"])).numpy()
    assert archive["answer"] == pytest.approx(answer, abs=1e-3)
    assert len(set(answer.argmax(axis=2).ravel())) > 25  # of 37 classes


def test_the_shipped_file_gives_that_answer(archive: dict[str, np.ndarray]) -> None:
    network = LitertNetwork(READER / LITERT_NAME, weights_checksum(READER))
    for picture, answer in zip(archive["probe"], archive["answer"], strict=True):
        assert network.logits(picture[:, :, :, None]) == pytest.approx(answer, abs=1e-3)


def test_missing_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(READER / "plate_reader.pth", tmp_path)
    with pytest.raises(MissingError, match=r"plate_reader\.yaml is missing: give the folder of a reader"):
        weights.write_weights(tmp_path, tmp_path / "weights.npz")
    assert main(["reader", "weights", "--reader", str(tmp_path / "none"), "--out", str(tmp_path / "w.npz")]) == 1
    assert "plate_reader.pth is missing" in capsys.readouterr().err


def test_exporting_without_tensorflow_names_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reader", "export"]) == 1
    assert "run `make converter`" in capsys.readouterr().err
