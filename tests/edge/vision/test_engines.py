"""The reader's network in EasyOCR and in LiteRT: the same answers, and no PyTorch where LiteRT runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from converter.reader.countries import COUNTRIES
from edge.cli import main
from edge.config import Settings, load, models_dir
from edge.daemon.provenance import provenance
from edge.daemon.wiring import worker_setup
from edge.demo.setting import Setting
from edge.errors import ModelError
from edge.model import ALPHABET
from edge.vision import network
from edge.vision.checksums import LITERT_NAME, reader_checksum, weights_checksum, write_list
from edge.vision.deskew import CANVAS_SHAPE, to_canvas
from edge.vision.network import Network, load_network
from edge.vision.pipeline import Recogniser
from edge.vision.reader import greedy_decode
from edge.vision.tflite import available
from edge.workers import WorkerPool
from tests.support.feed import ROUNDABOUT, roundabout
from tests.support.pools import with_tests

MODELS = models_dir()
FEED = ROUNDABOUT.parent

WITHOUT_EASYOCR = """
import sys
for name in ("easyocr", "torch", "torchvision"):
    sys.modules[name] = None  # an import of it fails, as where it is not installed
"""


def without_easyocr(code: str) -> subprocess.CompletedProcess[str]:
    """Run *code* where neither EasyOCR nor PyTorch can be imported."""
    path = os.pathsep.join((str(Path(__file__).parent), str(Path(__file__).parents[3])))
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_EASYOCR + code],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip


@pytest.fixture(scope="module")
def easyocr() -> Network:
    return load_network("easyocr", MODELS / "reader")


@pytest.fixture(scope="module")
def litert() -> Network:
    return load_network("litert", MODELS / "reader")


def canvases() -> list[np.ndarray]:
    """What the reader sees on the demo's clips, pieces of them without a plate, and noise."""
    found = []
    recogniser = Recogniser(MODELS, "litert")
    for clip in sorted(FEED.glob("*.mp4")):
        frames = cv2.VideoCapture(str(clip))
        for number in range(0, 36, 12):
            frames.set(cv2.CAP_PROP_POS_FRAMES, number)
            ok, image = frames.read()
            if not ok:
                break
            rgb = np.ascontiguousarray(image[:, :, ::-1])
            grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
            found.append(to_canvas(grey[: grey.shape[0] // 4, : grey.shape[1] // 3]))
            for read in recogniser.plates(rgb):
                box = read.detection.box
                found.append(to_canvas(grey[int(box.y1) : int(box.y2) + 1, int(box.x1) : int(box.x2) + 1]))
    noise = np.random.default_rng(5)
    found += [noise.integers(0, 256, CANVAS_SHAPE, dtype=np.uint8) for _ in range(10)]
    return found


def test_both_engines_say_the_same(easyocr: Network, litert: Network) -> None:
    texts = set()
    pictures = canvases()
    assert len(pictures) > 40
    for canvas in pictures:
        ours, theirs = litert.log_probs(canvas), easyocr.log_probs(canvas)
        assert ours.dtype == theirs.dtype == np.float32
        assert ours.shape == theirs.shape == (96, len(ALPHABET) + 1)
        assert np.exp(ours) == pytest.approx(np.exp(theirs), abs=1e-3)
        assert greedy_decode(ours)[0] == greedy_decode(theirs)[0]
        texts.add(greedy_decode(ours)[0])
        assert litert.countries == easyocr.countries == len(COUNTRIES)
        assert litert.country_logits() == pytest.approx(easyocr.country_logits(), abs=1e-2)
    assert {"LS15EBC", ""} < texts
    for engine in (easyocr, litert):  # at once is as one after the other
        together = engine.log_probs_of(pictures[:5])
        assert len(together) == 5
        for each, canvas in zip(together, pictures, strict=False):
            assert each.dtype == np.float32
            assert np.exp(each) == pytest.approx(np.exp(engine.log_probs(canvas)), abs=1e-5)


@pytest.mark.parametrize("runtime", available())
def test_either_runtime_of_litert_says_the_same(runtime: str, litert: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.vision.tflite.available", lambda: (runtime,))
    canvas = to_canvas(cv2.cvtColor(roundabout(), cv2.COLOR_RGB2GRAY))
    other = load_network("litert", MODELS / "reader")
    assert np.exp(other.log_probs(canvas)) == pytest.approx(np.exp(litert.log_probs(canvas)), abs=1e-3)


def test_plates_are_read_where_easyocr_is_not_installed() -> None:
    done = without_easyocr(
        """
from tests.support.feed import roundabout
from edge.config import models_dir
from edge.vision.pipeline import Recogniser
print(Recogniser(models_dir(), "litert").plates(roundabout(40))[0].text)
"""
    )
    assert (done.returncode, done.stdout.strip()) == (0, "LS15EBC"), done.stderr


def test_easyocr_that_is_not_installed_is_named_with_the_remedy() -> None:
    done = without_easyocr(
        """
from pathlib import Path
from edge.config import models_dir
from edge.errors import ModelError
from edge.vision.network import installed_engine
from edge.vision.pipeline import Recogniser
print(installed_engine())
try:
    Recogniser(models_dir())
except ModelError as error:
    print(error)
"""
    )
    assert done.stdout.startswith("litert\nEasyOCR is not installed: install it"), done.stderr
    assert 'engine = "litert"' in done.stdout


def modules() -> set[str]:
    return {name.partition(".")[0] for name in sys.modules}


@pytest.mark.parametrize(("engine", "torch"), [("litert", False), ("easyocr", True)])
async def test_only_workers_of_easyocr_import_pytorch(
    engine: network.Engine, torch: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import multiprocessing.forkserver as forkserver

    # A process has one fork server, and it keeps the modules it began with: this test gets one of its own.
    monkeypatch.setattr(forkserver, "_forkserver", fresh := forkserver.ForkServer())
    for name in ("ensure_running", "get_inherited_fds", "connect_to_new_process", "set_forkserver_preload"):
        monkeypatch.setattr(forkserver, name, getattr(fresh, name))
    pool = WorkerPool(with_tests(worker_setup(MODELS, engine)), workers=1, job_timeout_s=20.0)
    try:
        await pool.start()
        loaded = await pool.run(modules)
    finally:
        await pool.stop()
        fresh._stop()  # type: ignore[attr-defined]
    assert ("torch" in loaded, "easyocr" in loaded) == (torch, torch)


def test_a_file_made_from_other_weights_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS, tmp_path / "models")) / "reader"
    assert weights_checksum(folder) == reader_checksum(tmp_path / "models") == reader_checksum(MODELS)
    description = folder / Path(LITERT_NAME).with_suffix(".json")
    about = json.loads(description.read_text())
    description.write_text(json.dumps(about | {"weights_sha256": "5a"}))
    write_list(folder, (description.name,))
    with pytest.raises(ModelError, match=r"another network than the one beside it: install the models again"):
        load_network("litert", folder)
    description.unlink()
    with pytest.raises(ModelError, match="install the models again"):
        load_network("litert", folder)


def test_another_model_is_no_reader(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MODELS, tmp_path / "models")) / "reader"
    shutil.copy(MODELS / "refiner_int8.tflite", folder / LITERT_NAME)
    about = json.loads((MODELS / "refiner_int8.json").read_text())
    made_from = {"weights_sha256": weights_checksum(folder)}
    description = (folder / LITERT_NAME).with_suffix(".json")
    description.write_text(json.dumps(about | made_from))
    write_list(folder, (LITERT_NAME, description.name))
    with pytest.raises(ModelError, match="is not a reader"):
        load_network("litert", folder)


def test_every_case_and_the_demo_say_which_engine_reads(tmp_path: Path) -> None:
    Setting(tmp_path, "litert").clear()
    settings = load(tmp_path / "autovelox.toml")
    assert settings.recognition.engine == "litert"
    assert provenance(settings, MODELS, of_release=True)["reader_engine"] == "litert"
    assert provenance(Settings(), MODELS, of_release=True)["reader_engine"] == "easyocr"


def test_read_takes_either_engine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), roundabout(40)[:, :, ::-1])
    reports = []
    for engine in ("easyocr", "litert"):
        assert main(["read", "--json", "--engine", engine, str(photo)]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    first, second = (report["plates"] for report in reports)
    assert [plate["text"] for plate in first] == [plate["text"] for plate in second]
    assert first[0]["text"] == "LS15EBC"
    with pytest.raises(SystemExit):
        main(["read", "--engine", "torch", str(photo)])


def test_easyocr_takes_only_what_it_needs_of_torchvision() -> None:
    code = """
import sys
import edge.vision.easyocr_backend as backend
print("torchvision.transforms" in sys.modules, "torchvision.models" in sys.modules, "torch._dynamo" in sys.modules)
print("torchvision" in sys.modules, backend.easyocr.__version__.count("."))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", "False", "False", "False", "2"], done.stderr
