"""What a person reads of the drawn plates: each row stands for its group, and another set is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.errors import LabelError
from converter.labels import TruthCrop
from converter.measure.by_eye import Sample, by_eye_table, countries_by_eye, load_countries, load_samples
from converter.measure.drawn import EACH, WIDTHS, DrawnPlate, drawn_plates, kinds_table

DATA = Path(__file__).parents[4] / "shared" / "data"


def plate(file: str, text: str, width: int = 50, kind: str = "I front") -> DrawnPlate:
    return DrawnPlate(TruthCrop(np.zeros((2, 2), np.uint8), text, "", file), "IT", width, kind)


def test_a_row_counts_for_all_plates_of_its_group() -> None:
    plates = [plate("a", "GA111AA"), plate("b", "GB222BB"), plate("c", "GC333CC")]
    samples = [
        Sample("a", "GA111AA", "misread", 20, "GA111AA"),
        Sample("b", "GB222BB", "misread", 20, ""),
        Sample("c", "GC333CC", "read", 80, "CC333CC"),
    ]
    row = by_eye_table(plates, ["", "", "GC333CC"], samples).splitlines()[1].split()
    # The person reads half of the 20, the reader all of the 80: 10 and 80 of 100, one of both 90, and both none.
    assert row == ["50", "px", "wide", "3", "0.100", "0.800", "0.900", "0.000"]


def test_of_what_the_person_reads_the_share_that_the_reader_reads_too_is_told() -> None:
    plates = [plate("a", "GA111AA"), plate("b", "GB222BB"), plate("c", "GC333CC"), plate("d", "GD444DD", 70)]
    samples = [
        Sample("a", "GA111AA", "misread", 20, "GA111AA"),
        Sample("b", "GB222BB", "read", 60, "GB222BB"),
        Sample("c", "GC333CC", "read", 60, "CC333CC"),
        Sample("d", "GD444DD", "read", 80, ""),
    ]
    rows = by_eye_table(plates, ["", "GB222BB", "GC333CC", "GD444DD"], samples).splitlines()
    # The person reads the 20 and half of the 60, the reader 30 of these 50; at 70 px the person reads none.
    assert rows[1].split()[-1] == "0.600"
    assert rows[2].split()[-1] == "-"


def test_a_set_drawn_otherwise_is_refused() -> None:
    sample = Sample("a", "GA111AA", "read", 1, "GA111AA")
    with pytest.raises(LabelError, match="others now"):
        by_eye_table([plate("a", "GA111AB")], ["GA111AB"], [sample])
    with pytest.raises(LabelError, match="others now"):
        by_eye_table([plate("b", "GA111AA")], ["GA111AA"], [sample])


@pytest.mark.parametrize(
    "row", ["a,GA111AA,seen,1,", "a,GA111AA,read,0,", "a,GA111AA,read,,"], ids=["group", "0", "none"]
)
def test_a_row_that_cannot_be_is_refused(row: str, tmp_path: Path) -> None:
    table = tmp_path / "by_eye.csv"
    table.write_text(f"file,text,group,of,reading\n{row}\n")
    with pytest.raises(LabelError, match="line 2"):
        load_samples(table)


def test_the_groups_of_each_width_are_the_whole_width() -> None:
    sizes: dict[str, dict[str, float]] = {}
    for sample in load_samples():
        sizes.setdefault(sample.file.split("_")[1], {})[sample.group] = sample.of
    assert {width: sum(groups.values()) for width, groups in sizes.items()} == {str(w): EACH for w in WIDTHS}


@pytest.mark.skipif(not DATA.is_dir(), reason="the training data is not here")
def test_the_list_is_of_the_set_that_is_drawn_today() -> None:
    names = {sample.file: sample.text for sample in load_samples()}
    drawn = {p.crop.file: p.crop.text for p in drawn_plates(DATA, widths=WIDTHS[:1], each=40)}
    both = names.keys() & drawn.keys()
    assert len(both) > 5
    assert {file: drawn[file] for file in both} == {file: names[file] for file in both}


def test_plates_are_counted_by_kind_and_width() -> None:
    plates = [plate("a", "GA111AA"), plate("b", "GB222BB", 70, "I moto"), plate("c", "GC333CC", 70, "I moto")]
    lines = kinds_table(plates, ["GA111AA", "", "GC333CC"]).splitlines()
    assert lines[0].split()[-4:] == ["50", "px", "70", "px"]
    assert next(line for line in lines if line.startswith("I front")).split() == ["I", "front", "1/1", "0/0"]
    assert next(line for line in lines if line.startswith("I moto")).split() == ["I", "moto", "0/0", "1/2"]


def test_countries_told_by_eye_are_counted_beside_the_readers() -> None:
    known = {"a": "IT", "b": "FR", "c": "SK", "d": "DE"}
    person = {"a": "IT", "b": "FR", "c": ""}
    line = countries_by_eye(person, known, {"a": "", "b": "FR", "c": "", "d": "DE"}, {"a": "FR", "b": "FR", "c": "SK"})
    assert line.startswith("of 3 crops whose country was not told: a person tells 2 rightly, the reader today 1,")
    assert line.endswith("right for 2")
    with pytest.raises(LabelError, match="not known"):
        countries_by_eye({"e": "IT"}, known, {}, {})


@pytest.mark.skipif(not DATA.is_dir(), reason="the training data is not here")
def test_every_crop_told_by_eye_is_one_of_known_country() -> None:
    countries_of = pytest.importorskip("converter.verdict.countries")
    countries = load_countries()
    assert len(countries) == 60
    assert not set(countries) - set(countries_of.european_countries(DATA))
