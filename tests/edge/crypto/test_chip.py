from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.crypto.chip import Chip, load_chip, save_chip
from edge.errors import SecretError

CHIP = Chip("u" * 32, "UD1234567A", "-----BEGIN PUBLIC KEY-----\n...\n")


def test_saved_then_loaded(tmp_path: Path) -> None:
    path = tmp_path / "chip.json"
    save_chip(CHIP, path)
    assert load_chip(path) == CHIP
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_chip_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "chip.json"
    save_chip(CHIP, path)
    with pytest.raises(SecretError, match="never overwritten"):
        save_chip(CHIP, path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="cannot be written"):
        save_chip(CHIP, tmp_path / "none" / "chip.json")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="registry enrol"):
        load_chip(tmp_path / "chip.json")
    with pytest.raises(SecretError, match="cannot be read"):
        load_chip(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", "[" * 100_000, json.dumps({"uid": "u", "licence": "l", "public_key": 1}), '"\ud800"'],
)
def test_a_file_that_is_no_chip(tmp_path: Path, text: str) -> None:
    path = tmp_path / "chip.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(SecretError, match="is not a chip file"):
        load_chip(path)


def test_a_chip_does_not_print_its_secrets() -> None:
    assert CHIP.uid not in repr(CHIP)
    assert CHIP.licence not in repr(CHIP)
