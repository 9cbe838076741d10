"""``autovelox read``: plates first, scraps only where they are asked for, and nothing dropped without a word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.cli import main
from edge.model import PhotoRead
from edge.vision import pipeline as module
from tests.support.reads import plate_read


class Told:
    """A recogniser that reads one plate, a badge, a word on a door and a scrap, in a crowd, upside down."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def read(self, _photo: Path) -> PhotoRead:
        plates = (
            plate_read("PIZZERIA", at=(100, 300), found=0.95),
            plate_read("NISSAN", at=(300, 100), found=0.6),
            plate_read("AB123CD", found=0.9),
            plate_read("E", at=(700, 300), found=0.99),
        )
        return PhotoRead(plates, 1.0, 2.0, 3.0, left=3, upside_down=True)


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    monkeypatch.setattr(module, "Recogniser", Told)
    assert main(["read", *more, "photo.jpg"]) == 0
    return capsys.readouterr().out


def texts(out: str) -> Sequence[str]:
    return [plate["text"] for plate in json.loads(out)["plates"]]


def test_plates_alone_are_listed_the_likeliest_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(monkeypatch, capsys, "--json")
    assert texts(out) == ["AB123CD", "PIZZERIA"]
    report = json.loads(out)
    assert (report["left"], report["upside_down"]) == (3, True)


def test_all_lists_words_and_scraps_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert texts(said(monkeypatch, capsys, "--json", "--all")) == ["AB123CD", "PIZZERIA", "NISSAN", "E"]


def test_the_sentence_says_what_was_left_and_that_the_photo_hangs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = said(monkeypatch, capsys)
    assert "AB123CD" in out and "NISSAN" not in out
    assert "(and 3 that were not read) (the photo is upside down)" in out
