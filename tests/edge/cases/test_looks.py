"""Every look is checked: whatever was edited in the store, nothing of that case is shown, printed or judged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.export import export_cases, export_report, report_of
from edge.cases.review import record
from edge.cases.storage.durable import erase, withdraw, write_durably
from edge.cases.storage.entries import append_entry
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.cli import main
from edge.errors import CaseError, EvidenceError
from tests.support.cases import SIGNER, UNIT, filled, names, write_key
from tests.support.cases import photo as painted

REPLACE = "CAST(replace(CAST({0} AS TEXT), '{1}', '{2}') AS BLOB)"


def edit(state: Path, *statements: str) -> None:
    """Run *statements* on the database, its triggers dropped."""
    with closing(sqlite3.connect(StateFolder(state).database, isolation_level=None)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            database.execute(statement)


def sql(statement: str) -> Callable[[Path], None]:
    return lambda state: edit(state, statement)


def photo(state: Path) -> Path:
    return StateFolder(state).photo(1, 0)


def linked(state: Path) -> None:
    """The photo is a link to an equal file: what it shows can be exchanged at any time."""
    other = state.parent / "elsewhere.jpg"
    photo(state).rename(other)
    photo(state).symlink_to(other)


SPEED = REPLACE.format("body", '"speed_kmh":60', '"speed_kmh":97')
EDITS: dict[str, tuple[Callable[[Path], None], str]] = {
    "speed": (sql(f"UPDATE entries SET body = {SPEED} WHERE seq = 3"), "content of entry 3"),
    "body gone": (sql("UPDATE entries SET body = NULL WHERE seq = 3"), "content of entry 3"),
    "header": (
        sql(f"UPDATE entries SET header = {REPLACE.format('header', 'decided', 'decides')} WHERE seq = 3"),
        "own number, kind, case and hash",
    ),
    "signature": (sql("UPDATE entries SET signature = zeroblob(64) WHERE seq = 3"), "signature of entry 3 is wrong"),
    "no signature": (sql("UPDATE entries SET signature = NULL, key_id = NULL WHERE seq = 3"), "entry 3 .* not signed"),
    "another key": (sql("UPDATE entries SET key_id = '0' WHERE seq = 3"), "not signed with the key of its time"),
    "key without a signature": (sql("UPDATE entries SET signature = NULL WHERE seq = 1"), "key of entry 1"),
    "a review": (
        sql(f"UPDATE entries SET body = {REPLACE.format('body', 'ambulance', 'nothing')} WHERE kind = 'dismiss'"),
        "content of entry 6",
    ),
    "the row's verdict": (sql("UPDATE cases SET decided_seq = 5 WHERE number = 1"), "row does not agree"),
    "the portrait": (sql("UPDATE portraits SET image = x'00' WHERE case_number = 1"), "portrait was altered"),
    "the portrait gone": (sql("DELETE FROM portraits WHERE case_number = 1"), "portrait was altered or is gone"),
    "the place in the chain": (
        sql("UPDATE entries SET hash = 'x' WHERE seq = 2"),
        "not where the chain has it|entry 2",
    ),
    "the photo": (lambda state: photo(state).write_bytes(painted(5).jpeg) and None, "photo 0 was altered"),
    "the photo gone": (lambda state: photo(state).unlink(), "photo 0 is gone"),
    "the photo a link": (linked, "photo 0 is gone"),
}


@pytest.mark.parametrize("name", EDITS)
async def test_attack_8_nothing_of_an_edited_case_is_shown_printed_or_judged(tmp_path: Path, name: str) -> None:
    state = tmp_path / "state"
    await filled(state, 2)
    record(state, 1, kind="dismiss", officer="Conti", reason="an ambulance", signer=SIGNER)
    change, words = EDITS[name]
    change(state)
    with Archive(state) as archive, pytest.raises(EvidenceError, match=words):
        archive.open(1)
    with pytest.raises(EvidenceError, match=words):
        report_of(state, 1)
    with pytest.raises(EvidenceError, match=words):
        record(state, 1, kind="confirm", officer="Conti", reason="agrees", signer=SIGNER)
    with pytest.raises(EvidenceError, match=words):
        export_cases(state, [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    with pytest.raises(EvidenceError, match=words):
        export_report(state, 1, tmp_path / "case.pdf", officer="Conti", signer=SIGNER)
    key = ["--signing-key", str(write_key(tmp_path / "signing.key"))]
    assert main(["cases", "show", "1", "--state-dir", str(state), *key]) == EvidenceError.exit_code
    assert not {"case.zip", "case.pdf"} & set(names(tmp_path))


async def test_an_honest_case_is_shown(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    record(tmp_path, 1, kind="dismiss", officer="Conti", reason="an ambulance", signer=SIGNER)
    with Archive(tmp_path) as archive:
        opened = archive.open(1)
        assert [(event.kind, event.signed) for event in opened.events] == [("dismiss", True)]
        assert opened.case.review == "dismiss"
        assert archive.photo(1, 0) == painted(0).jpeg


async def test_an_officers_entry_without_a_signature_is_shown_in_a_store_of_an_earlier_version_alone(
    tmp_path: Path,
) -> None:
    await filled(tmp_path, 1)
    said = {"officer": "x", "reason": "", "account": "x"}
    with closing(sqlite3.connect(StateFolder(tmp_path).database, isolation_level=None)) as database:
        append_entry(database, "view", 1, said, signer=None)
    with Archive(tmp_path) as archive, pytest.raises(EvidenceError, match=r"entry 4 \(view\) is not signed"):
        archive.open(1)
    StateFolder(tmp_path).head.unlink()
    with Archive(tmp_path) as archive:
        assert [(event.kind, event.signed) for event in archive.open(1).events] == [("view", False)]


async def test_a_picture_left_for_the_report_is_not_used(tmp_path: Path) -> None:
    """Attack 5: a picture put into ``derived`` appeared in the official report."""
    await filled(tmp_path, 1)
    genuine = report_of(tmp_path, 1)
    (tmp_path / "derived").mkdir()
    (tmp_path / "derived" / "00000001-overlay.jpg").write_bytes(painted(7).jpeg)
    forged = report_of(tmp_path, 1)
    assert abs(len(forged) - len(genuine)) < 200
    await (await CaseStore.open(tmp_path, SIGNER, UNIT)).close()
    assert not (tmp_path / "derived").exists()


async def test_a_foreign_file_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await filled(tmp_path, 1)
    for name in ("multiprocessing.py", "cases.sqlite-journal", "frames/00000001/note.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "frames" / "00000009").symlink_to("/tmp")
    os.mkfifo(tmp_path / "cases.sqlite-wal.copy-1")
    await (await CaseStore.open(tmp_path, SIGNER, UNIT)).close()
    told = [entry.message for entry in caplog.records if "of this unit's files" in entry.message]
    for name in ("multiprocessing.py", "frames/00000001/note.txt", "frames/00000009"):
        assert any(f"holds {name}," in line for line in told), name


async def test_a_link_where_the_unit_writes_is_not_followed(tmp_path: Path) -> None:
    """Attack 5: a link in the state folder made the unit overwrite its registry."""
    await filled(tmp_path / "state", 1)
    precious = tmp_path / "registry.sqlite"
    precious.write_bytes(b"precious")
    (tmp_path / "state" / "head.json.part").symlink_to(precious)
    (tmp_path / "state" / "frames" / "00000002").mkdir()
    (tmp_path / "state" / "frames" / "00000002" / "0.jpg").symlink_to(precious)
    (tmp_path / "state" / "frames" / "00000002" / "pending.json.part").symlink_to(precious)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state" / "frames" / "00000003").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "state" / "daemon.lock").unlink()
    (tmp_path / "state" / "daemon.lock").symlink_to(precious)
    precious.chmod(0o600)
    await filled(tmp_path / "state", 2)
    assert (precious.read_bytes(), precious.stat().st_mode & 0o777) == (b"precious", 0o600)
    assert names(tmp_path / "elsewhere") == []
    assert not (tmp_path / "state" / "head.json.part").is_symlink()


@pytest.mark.parametrize("kind", ["a symlink", "a hard link", "another account's"])
def test_what_stands_in_place_of_a_secret_is_removed_and_never_overwritten(tmp_path: Path, kind: str) -> None:
    """Attack 5, of the files that are overwritten before they go: journals, claims, copies of the log."""
    if kind == "another account's" and os.getuid():
        pytest.skip("needs root")
    precious, place = tmp_path / "registry.sqlite", tmp_path / "state"
    precious.write_bytes(b"precious")
    place.mkdir()
    for act in (erase, withdraw, partial(write_durably, data=b"new", secret=True)):
        path = place / "pending.json"
        if kind == "a symlink":
            path.symlink_to(precious)
        else:
            path.hardlink_to(precious)
        if kind == "another account's":
            os.chown(precious, 61234, 61234)
        act(path)
        assert precious.read_bytes() == b"precious"
        assert not path.is_symlink()
        assert not path.exists() or path.read_bytes() == b"new"
        path.unlink(missing_ok=True)


async def test_what_an_account_may_not_read_is_no_broken_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(tmp_path, 1)

    opens = os.open

    def refuse(path: Path, *arguments: int) -> int:
        if path.suffix == ".jpg":
            raise PermissionError(13, "Permission denied")
        return opens(path, *arguments)

    with Archive(tmp_path) as archive:
        monkeypatch.setattr("edge.cases.storage.checked.os.open", refuse)
        with pytest.raises(CaseError, match="may not read photo 0") as refused:
            archive.open(1)
    assert not isinstance(refused.value, EvidenceError)
