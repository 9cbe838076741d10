"""The reader's network from PyTorch's weights to a TFLite file, in both environments.

Run by `make test-converter`; UNIT_PYTHON is the Python of the unit's environment, which has PyTorch.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from converter.cli import main
from edge.vision.checksums import LITERT_NAME
from edge.vision.litert_backend import LitertNetwork

UNIT_PYTHON = Path(os.environ.get("UNIT_PYTHON", ".venv/bin/python"))
READER = Path(__file__).parents[3] / "models" / "reader"

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None,
        reason="The converter's environment is needed: `make test-converter`.",
    ),
    pytest.mark.skipif(not UNIT_PYTHON.is_file(), reason="The unit's environment is needed too: `make install`."),
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "weights.npz"
    command = [UNIT_PYTHON, "-m", "converter.cli", "reader", "weights", "--reader", READER, "--out", path]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return path


TELLING = """
import sys
from pathlib import Path
import torch
from converter.reader.network import MODEL_DIR, adopt, build, export, load_averaged
from converter.reader.weights import write_weights

torch.manual_seed(3)
network = build()
adopt(network, load_averaged(MODEL_DIR / "plate_reader.pth"))
export(network.eval(), Path(sys.argv[1]))
write_weights(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a network that tells countries, at random where the shipped one tells none."""
    folder = tmp_path_factory.mktemp("telling")
    command = [str(UNIT_PYTHON), "-c", TELLING, str(folder / "reader"), str(folder / "weights.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "weights.npz"


def changed(weights: Path, folder: Path, **arrays: np.ndarray | None) -> Path:
    """A copy of the archive with these arrays, without those that are None."""
    with np.load(weights) as archive:
        content = {**archive, **arrays}
    path = folder / "changed.npz"
    np.savez(path, **{name: array for name, array in content.items() if array is not None})
    return path


def test_the_export_is_the_file_that_ships(weights: Path, tmp_path: Path) -> None:
    assert main(["reader", "export", "--weights", str(weights), "--out", str(tmp_path)]) == 0
    description = Path(LITERT_NAME).with_suffix(".json")
    assert json.loads((tmp_path / description).read_text()) == json.loads((READER / description).read_text())
    assert (tmp_path / LITERT_NAME).read_bytes() == (READER / LITERT_NAME).read_bytes()


def test_a_network_that_grew_is_refused(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grown = changed(weights, tmp_path, **{"country.weight": np.zeros((3, 128), np.float32)})
    assert main(["reader", "export", "--weights", str(grown), "--out", str(tmp_path)]) == 1
    assert "more than this export knows (country.weight)" in capsys.readouterr().err
    shrunk = changed(weights, tmp_path, **{"norm.bias": None})
    assert main(["reader", "export", "--weights", str(shrunk), "--out", str(tmp_path)]) == 1
    assert "the network has no norm.bias" in capsys.readouterr().err
    assert not (tmp_path / LITERT_NAME).exists()


def test_a_network_that_answers_otherwise_is_refused(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with np.load(weights) as archive:
        answer = archive["answer"]
    answer[3, 40, 7] += 0.01
    other = changed(weights, tmp_path, answer=answer)
    assert main(["reader", "export", "--weights", str(other), "--out", str(tmp_path)]) == 1
    assert "from PyTorch's" in capsys.readouterr().err
    assert not (tmp_path / LITERT_NAME).exists()


def test_countries_are_exported_too(telling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reader", "export", "--weights", str(telling), "--out", str(tmp_path)]) == 0
    with np.load(telling) as archive:
        content, sha256 = dict(archive), str(archive["sha256"])
    network = LitertNetwork(tmp_path / LITERT_NAME, sha256)
    assert network.countries == content["told"].shape[1] > 50
    for picture, answer, told in zip(content["probe"], content["answer"], content["told"], strict=True):
        assert network.logits(picture[:, :, :, None]) == pytest.approx(answer, abs=1e-3)
        assert network.country_logits() == pytest.approx(told, abs=1e-3)
    content["told"][2, 5] += 0.01
    other = changed(telling, tmp_path, told=content["told"])
    assert main(["reader", "export", "--weights", str(other), "--out", str(tmp_path / "other")]) == 1
    assert "from PyTorch's" in capsys.readouterr().err


def test_what_is_no_archive_is_named(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reader", "export", "--weights", str(tmp_path / "none.npz"), "--out", str(tmp_path)]) == 1
    assert "run `autovelox-convert reader weights` first" in capsys.readouterr().err
    for damage in (b"no archive", b"", weights.read_bytes()[:5000]):
        (tmp_path / "bad.npz").write_bytes(damage)
        assert main(["reader", "export", "--weights", str(tmp_path / "bad.npz"), "--out", str(tmp_path)]) == 1
        assert "holds no reader's weights" in capsys.readouterr().err
