"""The country of the European crops: what is told, how surely, and how often rightly."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converter.errors import MissingError
from converter.labels import READING, csv_rows, table_of
from converter.measure import Figure, goals
from converter.measure.by_eye import countries_by_eye, load_countries
from converter.synth import LAYOUTS
from converter.verdict.trials import KnownCase
from edge.identify import ANY_FORMAT
from edge.identify.candidates import reading
from edge.identify.origin import country_shares, origin
from edge.model import Box, Detection, PlateRead

if TYPE_CHECKING:
    from edge.vision.reader import PlateReader

EUROPEAN = "openalpr_train_eu"
"""Source of the crops."""


def european_countries(data: Path) -> dict[str, str]:
    """ISO code of each European crop in *data* whose country is known, by file name."""
    signs = {layout.country: layout.home or layout.iso for layout in LAYOUTS if layout.country}
    rows = [
        row for _, row in csv_rows(table_of(data, READING), ("file", "source", "country")) if row["source"] == EUROPEAN
    ]
    return {row["file"]: signs[row["country"]] for row in rows if signs.get(row["country"])}


def for_calibration(name: str) -> bool:
    """Whether the crop *name* is of the half that `strip calibrate` fits its figures on; the other half is measured."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1


def in_colour(reader: PlateReader, data: Path, names: Iterable[str]) -> list[KnownCase]:
    """One case a crop of *names* in *data*, in its colours, as the unit's photos are; without a known text."""
    cases = []
    for name in names:
        picture = cv2.imread(str(table_of(data, READING).parent / "images" / name))
        if picture is None:
            raise MissingError(f"{name} cannot be read", "fetch the data again")
        image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        found = Detection(Box(0.0, 0.0, float(image.shape[1]), float(image.shape[0])), 1.0)
        cases.append(KnownCase(name, EUROPEAN, "", (reader.read(image, [found]),), image))
    return cases


def told(cases: Sequence[KnownCase], countries: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """Country, told country and its probability for each of *cases* that *countries* (by file name) knows."""
    rows = []
    for case in cases:
        read = case.frames[0][0]
        found = origin(read.looks_from, text_of(read))
        if case.name in countries:
            rows.append((countries[case.name], found.code if found else "", found.probability if found else 0.0))
    return rows


def likeliest(cases: Sequence[KnownCase]) -> dict[str, str]:
    """The likeliest country of each of *cases*, by name, however unlikely it is; empty where the network tells none."""
    reads = {case.name: case.frames[0][0] for case in cases}
    judged = {name: country_shares(read.looks_from, text_of(read)) for name, read in reads.items() if read.looks_from}
    return {name: max(shares, key=shares.__getitem__) for name, shares in judged.items()}


def country_table(rows: Sequence[tuple[str, str, float]]) -> tuple[str, bool]:
    """Lines of text: how many countries are told rightly, what was promised; and whether both goals are reached.

    A country that is not told has an empty code and probability 0: it is not right, and promises nothing.
    """
    right = np.array([truth == code for truth, code, _ in rows])
    promised = np.array([probability for *_, probability in rows])
    answers = [truth == code for truth, code, _ in rows if code]
    lines, error = [f"{'probability':<16}{'crops':>7}{'promised':>10}{'true':>8}"], 0.0
    for low, high in pairwise((0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0)):
        inside = (promised > 0) & (promised >= low) & ((promised < high) | (high == 1))
        if inside.any():
            mean, share = float(promised[inside].mean()), float(right[inside].mean())
            error += abs(mean - share) * float(inside.sum()) / max(len(answers), 1)
            lines.append(f"{low:.2f} to {high:.2f}    {int(inside.sum()):>7}{mean:>10.3f}{share:>8.3f}")
    share = float(right.mean()) if len(right) else 0.0
    figures = [
        Figure(f"country of {len(rows)} European crops", share, goals.COUNTRY_RIGHT),
        Figure("expected calibration error of those told", error, goals.COUNTRY_CALIBRATION_ERROR),
    ]
    lines += [figure.line() for figure in figures]
    lines.append(f"told of {len(answers)} crops, rightly of {sum(answers)}")
    return "\n".join(lines), all(figure.reached for figure in figures)


def report(reader: PlateReader, data: Path) -> tuple[str, bool]:
    """Lines of text on all crops, on the half that nothing was fitted on, and beside a person; whether all is reached.

    The goals are held against that half and against all.
    """
    homes = european_countries(data)
    crops = in_colour(reader, data, homes)
    rows = told(crops, homes)
    text, reached = country_table(rows)
    measured = [row for crop, row in zip(crops, rows, strict=True) if not for_calibration(crop.name)]
    half, half_reached = country_table(measured)
    answers = {crop.name: code for crop, (_, code, _) in zip(crops, rows, strict=True)}
    by_eye = countries_by_eye(load_countries(), homes, answers, likeliest(crops))
    lines = [text, "\nthe half of them that nothing was fitted on:", half, "", by_country(rows), by_eye]
    return "\n".join(lines), reached and half_reached


def by_country(rows: Sequence[tuple[str, str, float]]) -> str:
    """Lines of text: crops, told and rightly told, of each country; see :func:`told`."""
    lines = [f"{'country':<16}{'crops':>7}{'told':>10}{'rightly':>9}"]
    for code in sorted({truth for truth, *_ in rows}):
        own = [answer for truth, answer, _ in rows if truth == code]
        lines.append(f"{code:<16}{len(own):>7}{sum(map(bool, own)):>10}{own.count(code):>9}")
    return "\n".join(lines) + "\n"


def text_of(read: PlateRead) -> str:
    """The text of *read* as it is reported, the formats of all countries helping."""
    return reading(read, ANY_FORMAT)
