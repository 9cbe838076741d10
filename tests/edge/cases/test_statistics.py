"""Counts for publication: right figures, no personal data, pictures that can be opened."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFont

from edge.cases import statistics_of
from edge.cases.report.fonts import regular_file
from edge.cases.review import record
from edge.cases.statistics.counts import count, percentile
from edge.cases.store import CaseStore
from edge.cli import main
from edge.model import Basis
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger, unidentified

SPEEDS = (61.0, 62.5, 64.9, 70.0, 71.0, 75.0, 82.0, 90.0, 99.9, 131.0)
MONDAY_NOON_UTC = 1_793_620_800.0
"""2 November 2026, 12:00 UTC: 13:00 in Rome."""


pytestmark = pytest.mark.usefixtures("rome")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    async def filled() -> None:
        store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT)
        for index, speed in enumerate(SPEEDS):
            own = packet()
            at = replace(trigger(MONDAY_NOON_UTC + 3600 * index, speed))
            number = await store.file_case(at, [photo()], [own], limit_kmh=50.0, site="SP 235", basis=Basis.MEASURED)
            await store.enter_verdict(number, unidentified() if index % 2 else identified(own))
        nothing = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235", basis=Basis.TEST)
        await store.enter_verdict(nothing, unidentified())
        await store.close()

    asyncio.run(filled())
    for number, kind in ((1, "confirm"), (2, "dismiss"), (3, "confirm")):
        record(tmp_path / "state", number, kind=kind, officer="Conti", reason="seen", signer=SIGNER)
    return tmp_path / "state"


def test_the_figures_are_right(state: Path) -> None:
    found = statistics_of(state)
    assert (found.cases, found.infringements) == (11, 10)
    assert (found.v50_kmh, found.v85_kmh, found.fastest_kmh) == (71.0, 99.9, 131.0)
    assert found.speeds["60"] == 3 and found.speeds["65"] == 0 and found.speeds["70"] == 2
    assert sum(found.speeds.values()) == 10 and list(found.speeds) == [str(step) for step in range(60, 135, 5)]
    assert found.hours[13] == 1 and sum(found.hours) == 10
    assert found.weekdays == (10, 0, 0, 0, 0, 0, 0)
    assert found.verdicts == {"identified": 5, "unidentified": 5}
    assert found.reviews == {"confirm": 2, "dismiss": 1, "open": 7}
    assert found.review_median_s is not None and 0 <= found.review_median_s <= found.review_p90_s  # type: ignore[operator]


def test_a_time_bounds_what_is_counted(state: Path) -> None:
    found = statistics_of(state, since_utc=MONDAY_NOON_UTC + 3600, until_utc=MONDAY_NOON_UTC + 3 * 3600)
    assert found.infringements == 2 and found.fastest_kmh == 64.9


def test_nothing_is_counted_of_an_empty_store(tmp_path: Path) -> None:
    asyncio.run(_empty(tmp_path))
    found = statistics_of(tmp_path)
    assert (found.cases, found.v85_kmh, found.speeds, found.review_median_s) == (0, None, {}, None)


async def _empty(folder: Path) -> None:
    await (await CaseStore.open(folder, SIGNER, UNIT)).close()


@given(st.lists(st.floats(0, 300), min_size=1, max_size=200), st.integers(1, 100))
def test_so_many_of_a_hundred_do_not_exceed_a_percentile(values: list[float], percent: int) -> None:
    values.sort()
    found = percentile(values, percent)
    assert found in values
    assert 100 * sum(value <= found for value in values) >= percent * len(values)
    smaller = [value for value in values if value < found]
    assert 100 * len(smaller) < percent * len(values)


def test_a_clock_that_was_set_back_gives_no_negative_wait() -> None:
    row = (0.0, 60.0, "identified", "confirm", "measured", b'{"at": 100}', b'{"at": 50}', None)
    assert count([row]).review_median_s == 0.0


def test_the_command_prints_a_table_and_json_without_anybodys_data(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cases", "stats", "--state-dir", str(state)]) == 0
    table = capsys.readouterr().out
    assert "V50 71.0 km/h, V85 99.9 km/h" in table and "cases          11, of which infringements 10" in table
    assert main(["cases", "stats", "--json", "--since", "2026-11-02", "--state-dir", str(state)]) == 0
    told = capsys.readouterr().out
    assert json.loads(told)["v85_kmh"] == 99.9
    for text in (table, told):
        assert not {word for word in ("Rossi", "AB123CD", "Conti", "UD1234567A") if word in text}


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_picture_can_be_opened(state: Path, tmp_path: Path, suffix: str) -> None:
    to = tmp_path / f"cases.{suffix}"
    assert main(["cases", "stats", "--plot", str(to), "--state-dir", str(state)]) == 0
    if suffix == "png":
        with Image.open(io.BytesIO(to.read_bytes())) as picture:
            assert picture.size == (1920, 1440) and len(picture.getcolors(1 << 20) or []) > 10
    else:
        texts = [element.text for element in ElementTree.parse(to).iter() if element.tag.endswith("text")]
        assert any("V85 99.9 km/h of the cases, not of the traffic" in (text or "") for text in texts)
    assert main(["cases", "stats", "--plot", str(to), "--state-dir", str(state)]) != 0


@pytest.mark.parametrize(
    ("tag", "said", "drawn"),
    [
        (
            "it",
            "V50 71,0 km/h, V85 99,9 km/h, massima 131,0 km/h",
            "10 infrazioni; V50 71,0 km/h, V85 99,9 km/h dei casi",
        ),
        (
            "de",
            "V50 71,0 km/h, V85 99,9 km/h, höchste 131,0 km/h",
            "10 Verstöße; V50 71,0 km/h, V85 99,9 km/h der Fälle",
        ),
        (
            "sl",
            "V50 71,0 km/h, V85 99,9 km/h, najvišja 131,0 km/h",
            "10 prekrškov; V50 71,0 km/h, V85 99,9 km/h primerov",
        ),
    ],
    ids=["it", "de", "sl"],
)
def test_table_and_picture_are_in_the_language_asked_for(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], tag: str, said: str, drawn: str
) -> None:
    where = ["--lang", tag, "--state-dir", str(state)]
    assert main(["cases", "stats", *where]) == 0
    table = capsys.readouterr().out
    assert said in table
    to = tmp_path / "cases.svg"
    assert main(["cases", "stats", "--since", "2026-11-01", "--until", "2026-11-30", "--plot", str(to), *where]) == 0
    picture = "\n".join(element.text or "" for element in ElementTree.parse(to).iter())
    assert drawn in picture and "2026" in picture
    monday = {"it": "lun", "de": "Mo", "sl": "pon"}[tag]
    english = ("infringements", "reviews", "speed", "within", "hour", "Hour", "week", "Week", "Cases", "Mon", "fastest")
    for text in (table, picture):
        words = text.replace(",", " ").replace(";", " ").split()
        assert monday in words and not [word for word in english if word in words]
    assert ElementTree.parse(to).getroot().get("{http://www.w3.org/XML/1998/namespace}lang", "").startswith(tag)


def test_the_locale_chooses_the_language_and_json_has_none(
    state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    assert main(["cases", "stats", "--state-dir", str(state)]) == 0
    assert "infrazioni 10" in capsys.readouterr().out
    assert main(["cases", "stats", "--json", "--state-dir", str(state)]) == 0
    assert json.loads(capsys.readouterr().out)["reviews"] == {"confirm": 2, "dismiss": 1, "open": 7}


def test_every_letter_of_the_languages_is_in_the_font_of_the_picture() -> None:
    font = ImageFont.truetype(regular_file(), 20)
    missing = bytes(font.getmask("\ue000"))
    assert not [letter for letter in "àèéìòùäöüßčšžČŠŽÄÖÜ" if bytes(font.getmask(letter)) == missing]


def test_a_picture_of_another_kind_is_refused(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cases", "stats", "--plot", str(tmp_path / "x.gif"), "--state-dir", str(state)]) != 0
    assert ".svg or .png" in capsys.readouterr().err
