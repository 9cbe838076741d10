"""What the workshop says of a reader: exact match, reliability, the fit of the confidence, pictures."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.labels.truth import TruthCrop
from converter.measure.plots import chart, training_curves
from tests.support.lazy import lazy

confidences = lazy("converter.reader.confidence")
reports = lazy("converter.measure.reports")


def crops(*texts: str, source: str = "drawn") -> list[TruthCrop]:
    return [TruthCrop(np.full((20, 60), 80, np.uint8), text, source, f"{text}.jpg") for text in texts]


def test_table_counts_whole_texts_a_source_and_compares_cpu() -> None:
    truth = [*crops("AB1", "CD2"), *crops("EF3", source="nanonets")]
    good = reports.Measured(("AB1", "CD2", "EF3"), (0.9,) * 3, 0.3)
    bad = reports.Measured(("AB1", "CD", "E"), (0.9,) * 3, 0.6)
    text, reached = reports.table(truth, ["ours", "theirs"], [good, bad])
    lines = text.splitlines()
    assert reached
    assert not reports.table(truth, ["theirs"], [bad])[1]
    assert not reports.table(truth, ["ours", "theirs"], [good, replace(bad, cpu_s=0.5)])[1]
    assert lines[1].split() == ["drawn", "2", "1.0000", "0.5000"]
    assert lines[2].split() == ["nanonets", "1", "1.0000", "0.0000", "0.90"]
    assert "0.50 of the CPU time" in lines[-1]


def test_every_reader_reads_every_crop_in_order() -> None:
    seen: list[str] = []

    def reader(name: str):  # type: ignore[no-untyped-def]
        def read(_: np.ndarray) -> tuple[str, float]:
            seen.append(name)
            return name, 0.5

        return read

    results = reports.measure([reader("a"), reader("b")], crops("X", "Y"))
    assert seen == ["a", "b", "a", "b"]
    assert [m.texts for m in results] == [("a", "a"), ("b", "b")]


def test_fit_recovers_the_odds_it_was_drawn_from() -> None:
    noise = np.random.default_rng(1)
    odds = noise.normal(1, 3, 20_000)
    right = noise.random(20_000) < 1 / (1 + np.exp(-(0.7 * odds - 0.4)))
    slope, offset = confidences.fit(odds, right)
    assert slope == pytest.approx(0.7, abs=0.05)
    assert offset == pytest.approx(-0.4, abs=0.05)


def test_fit_stays_finite_where_all_are_right() -> None:
    slope, offset = confidences.fit(np.linspace(1, 9, 50), np.ones(50, bool))
    assert np.isfinite([slope, offset]).all()


def test_reliability_is_zero_for_honest_confidences(tmp_path: Path) -> None:
    truth = crops(*("A1",) * 10)
    honest = reports.Measured(("A1",) * 5 + ("B2",) * 5, (0.5,) * 10, 1.0)
    vain = reports.Measured(("A1",) * 5 + ("B2",) * 5, (0.95,) * 10, 1.0)
    assert reports.reliability(truth, honest, tmp_path / "a.png").endswith("error 0.0000")
    assert reports.reliability(truth, vain, tmp_path / "b.png").endswith("error 0.4500")


def test_errors_are_shown_and_counted(tmp_path: Path) -> None:
    measured = reports.Measured(("AB1", "XX"), (0.9, 0.4), 1.0)
    assert reports.errors_sheet(tmp_path / "errors.png", crops("AB1", "CD2"), measured) == 1
    with Image.open(tmp_path / "errors.png") as sheet:
        assert sheet.width == 6 * 260
    assert reports.errors_sheet(tmp_path / "none.png", crops("AB1", "XX"), measured) == 0
    assert not (tmp_path / "none.png").exists()


def test_charts_show_every_line(tmp_path: Path) -> None:
    with (tmp_path / "log.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["step", "loss", "eu"], [500, 1.0, 0.2], [1000, 0.5, 0.7]])
    training_curves(tmp_path / "log.csv", tmp_path / "log.png")
    chart(tmp_path / "empty.png", {}, "step", 10)
    with Image.open(tmp_path / "log.png") as drawn, Image.open(tmp_path / "empty.png") as blank:
        curves, empty = np.asarray(drawn), np.asarray(blank)
    assert curves.shape == empty.shape
    assert (curves != empty).any()
