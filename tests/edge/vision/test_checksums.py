"""One list of checksums for all models: every file that is loaded is on it, and nothing unlisted or altered is."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.config import Settings, models_dir
from edge.daemon.provenance import provenance
from edge.errors import ModelError
from edge.vision import Detector, Recogniser, load_thresholds
from edge.vision.checksums import (
    LIST_NAME,
    READER_FILES,
    RELEASE_LIST,
    is_of_release,
    listed_sha256,
    read_checked,
    verify_folder,
    write_list,
)
from tests.support.feed import roundabout

MODELS = models_dir()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODELS, tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__")))


def test_the_list_names_every_file_that_is_shipped_as_sha256sum_does() -> None:
    shipped = {str(path.relative_to(MODELS)) for path in MODELS.rglob("*.*") if path.suffix not in {".md", ".pyc"}}
    assert {line.split("  ")[1] for line in (MODELS / LIST_NAME).read_text().splitlines()} == shipped
    subprocess.run(["sha256sum", "--check", "--quiet", LIST_NAME], cwd=MODELS, check=True)


def test_the_program_brings_the_list_of_its_models() -> None:
    assert RELEASE_LIST.read_bytes() == (MODELS / LIST_NAME).read_bytes()


def test_who_exchanges_a_model_and_its_list_is_found_out(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The release's folder is checked against the program's list; one of one's own against the list in it."""
    name = "detector.json"
    (models / name).write_bytes((models / name).read_bytes() + b" ")
    assert is_of_release(models)
    write_list(models, (name,))
    assert read_checked(models / name).endswith(b" ")
    assert not is_of_release(models)
    monkeypatch.setattr("edge.vision.checksums.models_dir", lambda: models)
    with pytest.raises(ModelError, match="was exchanged"):
        read_checked(models / name)


def test_a_new_model_of_the_release_is_entered_in_both_lists(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = models.with_name("release")
    shutil.copy(RELEASE_LIST, release)
    monkeypatch.setattr("edge.vision.checksums.models_dir", lambda: models)
    monkeypatch.setattr("edge.vision.checksums.RELEASE_LIST", release)
    (models / "detector.json").write_bytes((models / "detector.json").read_bytes() + b" ")
    write_list(models, ("detector.json",))
    assert release.read_bytes() == (models / LIST_NAME).read_bytes() != RELEASE_LIST.read_bytes()
    assert read_checked(models / "detector.json")


def test_a_case_says_whose_models_read_it(models: Path) -> None:
    assert is_of_release(MODELS)
    assert is_of_release(models), "the same files elsewhere"
    for of_release, says in ((True, "this release"), (False, "a folder of the authority's own")):
        assert provenance(Settings(), models, of_release=of_release)["models_from"] == says


def load_easyocr(models: Path) -> None:
    Recogniser(models, "easyocr")


def load_litert(models: Path) -> None:
    Recogniser(models, "litert")


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("detector.tflite", load_litert),
        ("detector.json", load_litert),
        ("refiner_int8.tflite", load_litert),
        ("refiner_int8.json", load_litert),
        ("reader/plate_reader.json", load_litert),
        ("reader/plate_reader_float32.tflite", load_litert),
        ("reader/plate_reader_float32.json", load_litert),
        ("reader/plate_reader.py", load_easyocr),
        ("reader/plate_reader.yaml", load_easyocr),
        ("reader/plate_reader.pth", load_easyocr),
        ("verdict.json", load_thresholds),
    ],
)
def test_an_altered_file_is_refused_by_what_loads_it(models: Path, name: str, load: Callable[[Path], object]) -> None:
    load(models)
    path = models / name
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ModelError, match=rf"{path.name} is damaged or was exchanged .*: install the models again"):
        load(models)


def test_missing_files_are_named(models: Path) -> None:
    reader = models / "reader"
    (reader / READER_FILES[0]).unlink()
    with pytest.raises(ModelError, match=r"plate_reader\.py cannot be read \(No such file or directory\)"):
        verify_folder(reader, READER_FILES)
    (models / LIST_NAME).write_text("")
    with pytest.raises(ModelError, match=r"SHA256SUMS does not list detector\.tflite"):
        read_checked(models / "detector.tflite")


def test_a_folder_without_models_is_not_to_be_listed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"detector\.tflite cannot be read \(.*\): install the models again$"):
        read_checked(tmp_path / "detector.tflite")


@pytest.mark.parametrize("damage", [b"5a5a", b"\xff\xfe\x00", b"5a5a  plate_reader.pth\n5b"])
def test_a_damaged_list_is_refused(models: Path, damage: bytes) -> None:
    (models / LIST_NAME).write_bytes(damage)
    for path in (models / "detector.tflite", models / "reader" / "plate_reader.pth"):
        with pytest.raises(ModelError, match=r"models/SHA256SUMS cannot be read .*: install the models again"):
            read_checked(path)


def test_the_list_of_the_folder_above_covers_the_files_it_names(models: Path) -> None:
    weights = models / "reader" / "plate_reader.pth"
    expected = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert listed_sha256(weights) == expected
    stale = models / "reader" / LIST_NAME  # left over from an earlier release
    stale.write_text(f"{'0' * 64}  plate_reader.pth\n")
    assert listed_sha256(weights) == expected
    alone = Path(shutil.copytree(models / "reader", models.parent / "alone"))
    write_list(alone, READER_FILES)
    assert listed_sha256(alone / "plate_reader.pth") == expected


def test_a_written_file_is_entered_where_the_others_stand(models: Path) -> None:
    before = (models / LIST_NAME).read_text().splitlines()
    path = models / "reader" / "plate_reader.json"
    path.write_text("{}")
    write_list(path.parent, (path.name,))
    after = (models / LIST_NAME).read_text().splitlines()
    assert [old.split()[1] for old in before] == [new.split()[1] for new in after]
    assert [new for old, new in zip(before, after, strict=True) if old != new] == [
        f"{hashlib.sha256(b'{}').hexdigest()}  reader/plate_reader.json"
    ]
    assert not (models / "reader" / LIST_NAME).exists()


def test_a_folder_of_the_last_release_is_refused_and_the_remedy_makes_it_work(models: Path) -> None:
    """Until then the reader had a list of its own, and each TFLite model its checksum in its description."""
    (models / LIST_NAME).unlink()
    write_list(models / "reader", READER_FILES)
    for path in (*models.glob("*.tflite"), *models.glob("reader/*.tflite")):
        about = path.with_suffix(".json")
        content = json.loads(about.read_text())
        if "low_threshold" in content:
            content["doubtful"] = content.pop("low_threshold")
        about.write_text(json.dumps({"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), **content}))
    with pytest.raises(ModelError, match=r"SHA256SUMS cannot be read .*: install the models again; .*: cd ") as refused:
        Recogniser(models, "litert")
    command = refused.value.remedy.partition("list them: ")[2]
    subprocess.run(["sh", "-c", command], check=True)
    expected, seen = (Recogniser(folder, "litert").plates(roundabout(40)) for folder in (MODELS, models))
    assert [read.text for read in seen] == [read.text for read in expected]
    assert seen[0].text == "LS15EBC"
    assert Detector(models).low_threshold == Detector(MODELS).low_threshold < Detector(MODELS).threshold
    assert load_thresholds(models) == load_thresholds(MODELS)
