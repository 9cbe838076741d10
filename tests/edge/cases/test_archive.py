"""The archive: lists, filters, one case, events, the unit's status."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.review import record
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.cases.views import CaseFilter, EventKind, Order
from edge.errors import CaseError, NoSuchCase
from edge.model import Outcome, State
from tests.support.cases import SIGNER, UNIT, driver, filled, identified, packet, photo, trigger
from tests.support.eventually import in_database


async def test_lists_filters_and_orders(tmp_path: Path) -> None:
    await filled(tmp_path, 7)
    with Archive(tmp_path) as archive:
        assert [row.number for row in archive.summaries()] == [7, 6, 5, 4, 3, 2, 1]
        assert [row.number for row in archive.summaries(limit=2, offset=1, order="oldest")] == [2, 3]
        assert archive.summaries(order=Order.FASTEST)[0].number == 7
        assert archive.summaries(order=Order.PLATE)[0].plate_text == "AB000CD"
        first = archive.summaries(order=Order.OLDEST)[0]
        assert (first.outcome, first.driver_name, first.speed_kmh, first.review) == (
            Outcome.IDENTIFIED,
            "Ada Rossi",
            60.0,
            None,
        )
        for filter, count in (
            (CaseFilter(), 7),
            (CaseFilter(outcome=Outcome.UNIDENTIFIED), 2),
            (CaseFilter(text="ab 003"), 1),
            (CaseFilter(text="rossi"), 5),
            (CaseFilter(text="%"), 0),
            (CaseFilter(text="7"), 1),
            (CaseFilter(state=State.PENDING), 0),
            (CaseFilter(review="open"), 7),
            (CaseFilter(since_utc=1_790_000_060, until_utc=1_790_000_180), 2),
        ):
            assert archive.count(filter) == count, filter
            assert len(archive.summaries(filter)) == count, filter
        with pytest.raises(ValueError, match="colour"):
            archive.summaries(order="colour")


async def test_one_case_with_driver_and_photos(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    with Archive(tmp_path) as archive:
        case = archive.case(1)
        assert case.driver == driver()
        assert case.plate_box is not None and case.plate_box.width == 80.0
        assert archive.photo(1, 0) == photo(0).jpeg
        with pytest.raises(CaseError, match="no photo 1"):
            archive.photo(1, 1)
        assert archive.case(3).driver is None
        with pytest.raises(NoSuchCase):
            archive.case(99)
        (tmp_path / case.photos[0]).unlink()
        with pytest.raises(CaseError, match="gone from the store"):
            archive.photo(1, 0)


async def test_a_pending_case_is_there_at_once(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    with Archive(tmp_path) as archive:
        before = archive.data_version()
        number = await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 235")
        await in_database(tmp_path, number)
        assert archive.data_version() != before
        case = archive.case(number)
        assert (case.state, case.verdict, case.driver) == (State.PENDING, None, None)
        assert archive.status().daemon_alive
        assert archive.status().pending == 1
    await store.close()
    with Archive(tmp_path) as archive:
        assert not archive.status().daemon_alive


async def test_reviews_are_events_and_never_edits(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    record(tmp_path, 1, kind="view", officer="Conti", signer=SIGNER)
    record(tmp_path, 1, kind="correct_plate", officer="Conti", reason="0 is O", plate="ab 000 ce", signer=SIGNER)
    record(tmp_path, 1, kind="dismiss", officer="Conti", reason="ambulance", signer=SIGNER)
    with Archive(tmp_path) as archive:
        kinds = [(event.kind, event.plate, event.signed) for event in archive.events(1)]
        assert kinds == [
            (EventKind.VIEW, None, True),
            (EventKind.CORRECT_PLATE, "AB000CE", True),
            (EventKind.DISMISS, None, True),
        ]
        (row,) = archive.summaries()
        assert (row.plate_text, row.corrected_plate, row.review) == ("AB000CD", "AB000CE", "dismiss")
        assert archive.case(1).plate_text == "AB000CD"
        assert archive.case(1).review == "dismiss"
        assert archive.count(CaseFilter(text="AB000CE", review="dismiss")) == 1
        assert archive.status().unsigned == 0
        assert "all signed" in archive.status().chain


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "confirm", "officer": "Conti"}, "reason"),
        ({"kind": "confirm", "officer": "  ", "reason": "right"}, "name is missing"),
        ({"kind": "correct_plate", "officer": "Conti", "reason": "x"}, "a plate has"),
        ({"kind": "correct_plate", "officer": "Conti", "reason": "x", "plate": "AB-1"}, "a plate has"),
        ({"kind": "view", "officer": "Conti", "plate": "AB1"}, "correct_plate only"),
        ({"kind": "view", "officer": "C" * 3000}, "too long"),
        ({"kind": "view", "officer": "C\udc80"}, "type it again"),
    ],
)
async def test_a_review_that_is_none_is_refused(tmp_path: Path, arguments: dict[str, str], sentence: str) -> None:
    await filled(tmp_path, 1)
    with pytest.raises(CaseError, match=sentence):
        record(tmp_path, 1, signer=SIGNER, **arguments)  # type: ignore[arg-type]
    with Archive(tmp_path) as archive:
        assert archive.events(1) == ()


async def test_reviews_of_what_is_not_there(tmp_path: Path) -> None:
    await filled(tmp_path, 1, decide=False)
    with pytest.raises(NoSuchCase):
        record(tmp_path, 9, kind="view", officer="Conti", signer=SIGNER)
    with pytest.raises(CaseError, match="not decided yet"):
        record(tmp_path, 1, kind="confirm", officer="Conti", reason="x", signer=SIGNER)
    with pytest.raises(CaseError, match="no case store"):
        record(tmp_path / "elsewhere", 1, kind="view", officer="Conti", signer=SIGNER)


async def test_the_chain_cannot_be_edited_by_mistake(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as database:
        for statement in (
            "UPDATE entries SET header = x'00' WHERE seq = 1",
            "UPDATE entries SET signature = x'00' WHERE seq = 1",
            "UPDATE entries SET body = x'00' WHERE seq = 1",
            "DELETE FROM entries WHERE seq = 1",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                database.execute(statement)


async def test_stores_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no case store"):
        Archive(tmp_path)
    await filled(tmp_path, 1)
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(CaseError, match="update this program"):
        Archive(tmp_path)
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as database:
        database.execute("PRAGMA user_version = 1")
    with pytest.raises(CaseError, match="start the unit once"):
        Archive(tmp_path)
    StateFolder(tmp_path).database.write_bytes(b"no database" * 999)
    with pytest.raises(CaseError, match="restore the last backup"):
        Archive(tmp_path)


async def test_hostile_text_stays_text(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="'; DROP TABLE cases; --")
    who = driver(first="<b>Robert\n'); --", last="\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe")
    await store.enter_verdict(number, identified(packet(), who=who))
    await store.close()
    record(tmp_path, number, kind="confirm", officer="</Paragraph>", reason="%s {0} \\x00 ' \"", signer=SIGNER)
    with Archive(tmp_path) as archive:
        assert archive.case(number).driver == who
        assert archive.count(CaseFilter(text="robert")) == 1
        assert archive.events(number)[0].officer == "</Paragraph>"
