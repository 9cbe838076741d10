"""What changed on the unit before a case: from entries that hold, and named as not known where there are none."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.export import report_of
from edge.cases.report.changes import changes_words
from edge.cases.report.language import speaking
from edge.cases.views import UnitNote
from edge.errors import EvidenceError, NoSuchCase
from tests.support.papers import KINDS, paper_case

AT = 1_794_000_000.0


def test_nothing_is_named_as_not_known() -> None:
    assert changes_words(()) == "what changed on the unit is not recorded in this case: not known"
    assert changes_words([UnitNote("start", AT)]).endswith("not known")


def test_settings_software_clock_and_start_are_told() -> None:
    names = ("a", "b", "c", "<d>", "e", "f")
    notes = [UnitNote("configuration", AT, names), UnitNote("software", AT), UnitNote("clock", AT, None, -1.25)]
    text = changes_words([*notes, UnitNote("start", AT)])
    assert "settings: changed" in text and "(a, b, c, &lt;d&gt;, 2 more)" in text
    assert "software: the same since" in text
    assert "clock: set by -1.250 s" in text
    assert "running since" in text
    with speaking("it"):
        assert "orologio: corretto di -1,250 s" in changes_words(notes)


async def test_the_newest_of_each_kind_before_the_case_counts(tmp_path: Path) -> None:
    kind = KINDS["judged"]
    older = ("configuration", {"at_utc": 1.0, "changed": ["old"]})
    number = await paper_case(tmp_path, type(kind)(notes=(older, *kind.notes)))
    with Archive(tmp_path) as archive:
        notes = {note.kind: note for note in archive.unit_notes(number)}
        with pytest.raises(NoSuchCase):
            archive.unit_notes(number + 1)
    assert set(notes) == {"configuration", "software", "start"}
    assert notes["configuration"].changed == ("speed.limit_kmh", "site.road")


async def test_an_entry_that_was_altered_is_not_told(tmp_path: Path) -> None:
    number = await paper_case(tmp_path, KINDS["judged"])
    assert report_of(tmp_path, number)
    with closing(sqlite3.connect(tmp_path / "cases.sqlite")) as database, database:
        body = bytes(database.execute("SELECT body FROM entries WHERE kind = 'configuration'").fetchone()[0])
        altered = body.replace(b"speed.limit_kmh", b"speed.harmless_")
        assert altered != body
        database.execute("DROP TRIGGER entries_lose_bodies_only")
        database.execute("UPDATE entries SET body = ? WHERE kind = 'configuration'", (altered,))
    with pytest.raises(EvidenceError, match="was altered"):
        report_of(tmp_path, number)
