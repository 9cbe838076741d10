"""Crops with known text: read, overruled, and missing."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from converter.errors import MissingError
from converter.labels.truth import load_truth


def write_truth(folder: Path) -> None:
    (folder / "read" / "images").mkdir(parents=True)
    with (folder / "read" / "texts.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "text", "source"])
        rows.writerows([["a.png", "12T345", "tunisian"], ["b.png", "AB1", "eu"], ["c.png", "WRONG", "eu"]])
    for name in "abc":
        Image.new("L", (60, 20), 128).save(folder / "read" / "images" / f"{name}.png")


def test_truth_is_loaded_overruled_and_freed_of_the_tunisian_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_truth(tmp_path)
    overrules = tmp_path / "overrules.csv"
    overrules.write_text("file,text,reason\nb.png,AB7,a seven\nc.png,,no plate\n")
    monkeypatch.setattr("converter.labels.truth.OVERRULES", overrules)
    assert [(c.file, c.text) for c in load_truth(tmp_path)] == [("a.png", "12345"), ("b.png", "AB7")]
    assert [c.text for c in load_truth(tmp_path, ("eu",))] == ["AB7"]
    assert [c.text for c in load_truth(tmp_path, illegible=True)] == ["12345", "AB7", ""]


def test_truth_that_is_not_there_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="--data"):
        load_truth(tmp_path)
