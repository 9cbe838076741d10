"""What a person reads, beside what the reader reads: drawn Italian plates, and the countries of real ones.

``converter/data/drawn_by_eye.csv`` has, a width, plates that a network had misread and plates that it had read, mixed,
enlarged and read once without their texts. Each row stands for as many plates of the width as its group has for one
of its rows, so the shares are those of the whole width, whatever the reader reads today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from converter.errors import LabelError
from converter.labels import csv_rows, parse_number
from converter.measure.drawn import DrawnPlate

TABLE = Path(__file__).parents[1] / "data" / "drawn_by_eye.csv"
"""Columns: the plate's name in the set, its text, ``misread`` or ``read`` by the network of that time, how many plates
of the width were so, and what the person read; empty where nothing could be made out."""
GROUPS = ("misread", "read")
COUNTRIES = TABLE.with_name("country_by_eye.csv")
"""Columns: the file of the crop, and the ISO code of the country that the person told; empty where none was."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One plate that a person read: its name and text, its group, the size of that group, and the reading."""

    file: str
    text: str
    group: str
    of: float
    reading: str


def load_samples(path: Path = TABLE) -> list[Sample]:
    """Return the rows of *path*.

    Raises:
        LabelError: a row names another group, or a size that is no number above 0.
    """
    samples = []
    for line, row in csv_rows(path, ("file", "text", "group", "of", "reading")):
        size = parse_number(row["of"], path, line, "of")
        if row["group"] not in GROUPS or size <= 0:
            raise LabelError(path, line, "this is no group of plates", f"write {' or '.join(GROUPS)}, and its size")
        samples.append(Sample(row["file"], row["text"], row["group"], size, row["reading"]))
    return samples


def by_eye_table(
    plates: Sequence[DrawnPlate], texts: Sequence[str], samples: Sequence[Sample], path: Path = TABLE
) -> str:
    """Lines of text: shares of *plates* read by a person, by the reader (who reads *texts*), and by one of both.

    The last column is the reader's share of those plates that the person reads: of what can be read.

    Raises:
        LabelError: a sample in *path* is no plate of the set, or has another text there: the set was drawn otherwise.
    """
    read = {plate.crop.file: text for plate, text in zip(plates, texts, strict=True)}
    stands = standing_for(plates, samples, path)
    columns = f"{'plates':>8}{'a person':>11}{'the reader':>12}{'one of both':>13}{'of the legible':>16}"
    lines = [f"{'the same by eye':<24}{columns}"]
    for width in sorted({plate.width for plate, _, _ in stands}):
        whole = person = reader = either = 0.0
        rows = [(sample, weight) for plate, sample, weight in stands if plate.width == width]
        for sample, weight in rows:
            seen, recognised = sample.reading == sample.text, read[sample.file] == sample.text
            whole, person, reader = whole + weight, person + weight * seen, reader + weight * recognised
            either += weight * (seen or recognised)
        legible = f"{(person + reader - either) / person:.3f}" if person else "-"
        shares = (person / whole, reader / whole, either / whole)
        shown = f"{shares[0]:>11.3f}{shares[1]:>12.3f}{shares[2]:>13.3f}{legible:>16}"
        lines.append(f"{f'{width} px wide':<24}{len(rows):>8}{shown}")
    return "\n".join(lines)


def standing_for(
    plates: Sequence[DrawnPlate], samples: Sequence[Sample], path: Path = TABLE
) -> list[tuple[DrawnPlate, Sample, float]]:
    """Each of *samples* with its plate among *plates*, and how many plates of that width it stands for.

    Raises:
        LabelError: as :func:`by_eye_table`.
    """
    known = {plate.crop.file: plate for plate in plates}
    for sample in samples:
        if sample.file not in known or known[sample.file].crop.text != sample.text:
            raise LabelError(path, sample.file, "the drawn plates are others now", "read them by eye again")
    found = [(known[sample.file], sample) for sample in samples]
    sizes = Counter((plate.width, sample.group) for plate, sample in found)
    return [(plate, sample, sample.of / sizes[plate.width, sample.group]) for plate, sample in found]


def load_countries(path: Path = COUNTRIES) -> dict[str, str]:
    """Return the country that a person told of each crop in *path*, by file name."""
    return {row["file"]: row["country"] for _, row in csv_rows(path, ("file", "country"))}


def countries_by_eye(
    person: Mapping[str, str], known: Mapping[str, str], told: Mapping[str, str], likeliest: Mapping[str, str]
) -> str:
    """A line of text: of the crops in *person*, how many countries the person and the reader tell rightly.

    All are ISO codes by file name: *known* are the true ones, *told* those that the reader tells, empty where it tells
    none, *likeliest* those that it would tell if it had to.

    Raises:
        LabelError: the country of a crop in *person* is not known.
    """
    for file in person:
        if file not in known:
            raise LabelError(COUNTRIES, file, "the country of this crop is not known", "leave it out")
    by_person, by_told, by_likeliest = (
        sum(codes.get(file) == known[file] for file in person) for codes in (person, told, likeliest)
    )
    return (
        f"of {len(person)} crops whose country was not told: a person tells {by_person} rightly, the reader today"
        f" {by_told}, its likeliest country is right for {by_likeliest}"
    )
