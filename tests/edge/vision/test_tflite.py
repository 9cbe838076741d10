"""A model is loaded only if it is the one that was shipped, and says in one sentence what is wrong otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.vision import tflite
from edge.vision.checksums import write_list
from edge.vision.tflite import load_interpreter, read_description


def listed(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    write_list(path.parent, (path.name,))
    return path


def test_a_swapped_file_is_refused_before_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = listed(tmp_path / "detector.tflite", b"the right one")
    path.write_bytes(b"another one")
    monkeypatch.setattr(tflite.importlib, "import_module", lambda name: pytest.fail("the runtime was reached"))
    with pytest.raises(ModelError, match="checksum is wrong"):
        load_interpreter(path)


def test_one_changed_bit_is_noticed(tmp_path: Path) -> None:
    path = listed(tmp_path / "detector.tflite", bytes(1000))
    path.write_bytes(bytes(500) + b"\x01" + bytes(499))
    with pytest.raises(ModelError, match="checksum is wrong"):
        load_interpreter(path)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x00" * 64])
@pytest.mark.parametrize("name", tflite.available())
def test_a_file_that_is_no_model_is_refused_with_its_checksum_right(tmp_path: Path, content: bytes, name: str) -> None:
    path = listed(tmp_path / "detector.tflite", content)
    with pytest.raises(ModelError, match="not a TFLite model"):
        load_interpreter(path, prefer=name)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    path = listed(tmp_path / "detector.tflite", b"x")
    path.unlink()
    with pytest.raises(ModelError, match=r"detector\.tflite cannot be read"):
        load_interpreter(path)


@pytest.mark.parametrize(
    ("text", "says"), [("{", "not valid JSON"), ("[]", "does not describe"), ("\xff", "not valid")]
)
def test_a_broken_description_is_refused(tmp_path: Path, text: str, says: str) -> None:
    listed(tmp_path / "detector.json", text.encode("latin-1"))
    with pytest.raises(ModelError, match=says):
        read_description(tmp_path / "detector.tflite")


def test_an_altered_description_is_refused(tmp_path: Path) -> None:
    path = listed(tmp_path / "detector.json", json.dumps({"threshold": 0.45}).encode())
    path.write_text(json.dumps({"threshold": 0.01}))
    with pytest.raises(ModelError, match="checksum is wrong"):
        read_description(tmp_path / "detector.tflite")


def test_a_missing_description_is_named(tmp_path: Path) -> None:
    listed(tmp_path / "detector.json", b"{}").unlink()
    with pytest.raises(ModelError, match=r"detector\.json cannot be read"):
        read_description(tmp_path / "detector.tflite")


def test_without_a_runtime_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = listed(tmp_path / "detector.tflite", b"x")
    monkeypatch.setattr(tflite.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install ai-edge-litert"):
        load_interpreter(path)
