"""Where a plate comes from: picture and format together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.store import CaseStore
from edge.delivery.openings import read_record, to_read
from edge.flow.flags import flags_of
from edge.identify import ANY_FORMAT, Thresholds, judge, reading
from edge.identify.format_table import FORMATS
from edge.identify.origin import decisive, format_of, log_share, origin, posterior, prepare
from edge.model import Claim, Country, Decision, Flag, PlateRead
from tests.support import cases
from tests.support.reads import plate_read

LINES = Thresholds(accept=0.8, margin=6.0, slope=0.5, bias=3.0, twin=3.0, unclaimed=0.0)


def test_without_a_network_that_tells_countries_there_is_none() -> None:
    assert origin({}, "AB123CD") is None


def test_picture_and_format_agree_or_the_format_outweighs_a_doubt() -> None:
    told = posterior({"IT": 0.5, "FR": 0.3, "SI": 0.2}, "AB123CD")
    assert 0.5 < told["IT"] < 0.8  # French, too, by its form
    doubtful = origin({"IT": 0.5, "ES": 0.5}, "1234BCD")
    assert doubtful is not None
    assert doubtful.code == "ES"


def test_a_country_that_is_not_sure_is_not_told_and_decides_nothing() -> None:
    doubtful, sure = {"IT": 0.5, "FR": 0.5}, {"IT": 0.97, "FR": 0.03}
    assert origin(doubtful, "AB123CD") is None
    assert decisive(doubtful, "AB123CD") == {}
    assert decisive(sure, "AB123CD") == sure


def test_a_country_may_be_told_that_settles_no_character() -> None:
    likely = {"IT": 0.7, "FR": 0.3}
    told = origin(likely, "AB123CD")
    assert told is not None
    assert told.code == "IT"
    assert 0.6 < told.probability < 0.8
    assert decisive(likely, "AB123CD") == {}


def test_countries_that_the_picture_all_but_rules_out_are_left_out() -> None:
    told = posterior({"IT": 0.9985, "FR": 0.0010, "DE": 0.0005}, "AB123CD")
    assert told["DE"] == 0.0
    assert 0.0 < told["FR"] < told["IT"]
    assert sum(told.values()) == pytest.approx(1.0)
    assert posterior({"IT": 0.0004, "DE": 0.0002}, "AB123CD")["DE"] > 0.0  # unless nothing is left
    assert log_share("AB123CD", {"IT": 0.5, "FR": 0.0005}) == log_share("AB123CD", {"IT": 0.5})


def test_a_sure_picture_outweighs_an_unusual_text() -> None:
    told = origin({"DE": 0.999, "FR": 0.001}, "AB123CD")
    assert told is not None
    assert told.code == "DE"


def test_probabilities_of_all_countries_add_up() -> None:
    seen = {"IT": 0.2, "FR": 0.2, "SI": 0.6}
    told = origin(seen, "LJAB123")
    assert told is not None
    assert told.code == "SI"
    assert 0.9 < told.probability <= 1.0


@pytest.mark.parametrize(
    ("text", "code", "layout"),
    [("AB123CD", "IT", "AA999AA"), ("AO123CD", "IT", None), ("1234BCD", "ES", "9999AAA"), ("1234BCD", "IT", None),
     ("AB123CD", None, "AA999AA"), ("RICCARDO1", None, None), ("AB123CD", "MX", None)],
)  # fmt: skip
def test_a_format_is_named_or_there_is_none(text: str, code: str | None, layout: str | None) -> None:
    assert format_of(text, code) == layout


def test_a_series_is_as_likely_as_its_country_and_its_share() -> None:
    british = {"GB": 0.9, "IT": 0.1}
    assert log_share("EO59CLU", british) > log_share("E059CLU", british)
    assert log_share("AB123CD", {"IT": 1.0}) > log_share("AB12345", {"IT": 1.0})


def _seen_as(decision: Decision, read: PlateRead) -> Decision:
    """The same decision, had its plate been read as *read*."""
    return replace(decision, verdict=replace(decision.verdict, read=read))


async def test_a_case_keeps_where_its_plate_looks_to_be_from(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, cases.SIGNER, cases.UNIT)
    try:
        for read in (replace(cases.read(), countries={"IT": 0.9, "ES": 0.1}), cases.read()):
            sealed = cases.packet()
            number = await store.file_case(cases.trigger(), [cases.photo(1)], [sealed], limit_kmh=50.0, site="SP 235")
            await store.enter_verdict(number, _seen_as(cases.identified(sealed), read))
    finally:
        await store.close()
    with Archive(tmp_path) as archive:
        told, untold = (archive.case(number) for number in (1, 2))
    assert told.country is not None
    assert (told.country.code, untold.country) == ("IT", None)
    assert told.country.probability > 0.9


def test_the_strip_tells_the_country_and_settles_no_character() -> None:
    before = replace(plate_read("AB123C0"), countries={"IT": 0.5, "FR": 0.5})
    after = replace(before, origins={"IT": 0.02, "FR": 0.98})
    assert (before.looks_from, after.looks_from) == (before.countries, after.origins)
    assert reading(after, ANY_FORMAT) == reading(before, ANY_FORMAT)
    claimed = ["AB123CO", "AB123C0"]
    one, other = (judge([[read]], claimed, LINES) for read in (before, after))
    assert (one.outcome, one.plate, one.probability) == (other.outcome, other.plate, other.probability)


def test_a_unit_of_an_earlier_release_sends_no_origins() -> None:
    read = replace(plate_read("AB123CD"), countries={"IT": 0.5, "FR": 0.5}, origins={"IT": 0.02, "FR": 0.98})
    record = read_record(read)
    assert to_read(record).looks_from == read.origins
    del record["origins"]
    assert to_read(record).looks_from == read.countries


class Vehicles:
    """A registry in which one licence keeps the vehicle AB123CD of *home*."""

    def __init__(self, home: str | None) -> None:
        self._home = home

    async def keeper(self, plate: str) -> str | None:
        return "UD1" if plate == "AB123CD" else None

    async def country(self, plate: str) -> str | None:
        return self._home if plate == "AB123CD" else None


@pytest.mark.parametrize(
    ("home", "seen", "licence", "flags"),
    [
        ("IT", Country("FR", 0.97), "UD2", (Flag.OTHER_COUNTRY,)),  # another vehicle: its keeper says nothing
        ("IT", Country("FR", 0.6), "UD2", (Flag.NOT_THE_KEEPER,)),
        ("IT", Country("IT", 0.97), "UD1", ()),
        (None, Country("FR", 0.97), "UD2", (Flag.NOT_THE_KEEPER,)),
        ("IT", None, "UD1", ()),
    ],
)
async def test_a_plate_of_another_country_is_a_flag_and_no_more(
    home: str | None, seen: Country | None, licence: str, flags: tuple[str, ...]
) -> None:
    claim = Claim("uid", licence, "AB123CD", cases.packet())
    assert await flags_of(Vehicles(home), claim, seen) == flags


def test_a_prepared_process_makes_nothing_at_the_first_plate(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare()
    monkeypatch.setattr("edge.identify.origin.Layouts", None)  # what would be made now
    monkeypatch.setattr("edge.identify.frequencies.slots_of", None)
    assert origin({"IT": 0.9, "FR": 0.1}, "NEW1XYZ")
    assert posterior(dict.fromkeys(FORMATS, 1 / len(FORMATS)), "NEW1XYZ")
    assert format_of("AB123CD") == "AA999AA"
