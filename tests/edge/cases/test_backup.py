"""Backup and restore, and schemas of every earlier version."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.backup import backup, restore
from edge.cases.evidence.chain import next_entry
from edge.cases.evidence.manifest import filed_manifest, photo_record
from edge.cases.storage.database import migrate, migrations
from edge.cases.storage.entries import insert_entry
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.errors import CaseError, EvidenceError
from edge.officers.accounts import own_account
from tests.support.cases import SIGNER, UNIT, everything, filled, names, packet, photo, trigger, unidentified
from tests.support.eventually import in_database


async def test_backup_while_the_daemon_runs_and_restore(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 2)
    store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT)
    sealed = packet()
    number = await store.file_case(trigger(), [photo(7)], [sealed], limit_kmh=50.0, site="SP 235")
    await store.add(number, photos=[photo(8)])
    await in_database(tmp_path / "state", number, photos=2)
    assert "3 cases" in backup(tmp_path / "state", tmp_path / "backup")
    await store.enter_verdict(number, unidentified())
    await store.close()
    kept = everything(tmp_path / "backup")
    assert sealed.uid.encode() not in kept
    assert sealed.nonce.encode() not in kept
    with Archive(tmp_path / "backup") as archive:
        assert archive.count() == 3
    restore(tmp_path / "backup", tmp_path / "new")
    store = await CaseStore.open(tmp_path / "new", SIGNER, UNIT)
    (pending,) = await store.pending()
    assert [photo.read_bytes() for photo in pending.photos] == [photo(7).jpeg, photo(8).jpeg]
    assert pending.packets == ()
    await store.enter_verdict(pending.number, unidentified())
    await store.close()
    assert "3 cases, 8 entries, all signed" in audit(tmp_path / "new", trusted=SIGNER.public_key)


async def test_nothing_is_overwritten(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 1)
    backup(tmp_path / "state", tmp_path / "backup")
    with pytest.raises(CaseError, match="never overwrites"):
        backup(tmp_path / "state", tmp_path / "backup")
    (tmp_path / "file").touch()
    with pytest.raises(CaseError, match="never overwrites"):
        backup(tmp_path / "state", tmp_path / "file")
    with pytest.raises(CaseError, match="move that folder away"):
        restore(tmp_path / "backup", tmp_path / "state")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    with pytest.raises(CaseError, match="not empty"):
        restore(tmp_path / "backup", tmp_path / "other")
    store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT)
    with pytest.raises(CaseError, match="stop the unit"):
        restore(tmp_path / "backup", tmp_path / "state")
    await store.close()


async def test_a_damaged_store_makes_no_backup_and_a_damaged_backup_no_store(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 1)
    backup(tmp_path / "state", tmp_path / "backup")
    for folder in ("state", "backup"):
        (tmp_path / folder / "frames" / "00000001" / "0.jpg").write_bytes(b"altered")
    with pytest.raises(EvidenceError):
        backup(tmp_path / "state", tmp_path / "second")
    with pytest.raises(EvidenceError):
        restore(tmp_path / "backup", tmp_path / "new")
    assert names(tmp_path) == ["backup", "state"]
    with pytest.raises(CaseError, match="no case store"):
        restore(tmp_path / "second", tmp_path / "new")


async def test_a_folder_of_backups_shares_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path / "state", 1)
    (tmp_path / "backups").mkdir()
    monkeypatch.setattr("edge.cases.backup.BACKUP_PREFIX", "cases-a-")
    backup(tmp_path / "state", tmp_path / "backups")
    await filled(tmp_path / "state", 1)
    monkeypatch.setattr("edge.cases.backup.BACKUP_PREFIX", "cases-")
    backup(tmp_path / "state", tmp_path / "backups")
    second, first = (tmp_path / "backups" / name for name in names(tmp_path / "backups"))
    assert "1 cases" in audit(first)
    assert "2 cases" in audit(second)
    assert (first / "frames/00000001/0.jpg").samefile(second / "frames/00000001/0.jpg")
    assert not (tmp_path / "state/frames/00000001/0.jpg").samefile(first / "frames/00000001/0.jpg")


def old_store(state_dir: Path, version: int) -> None:
    """A store as schema *version* had it: a key, one decided and one pending case, the rows written out by hand."""
    migrate(StateFolder(state_dir).database, version)
    painted = photo(3)
    head = None
    with closing(sqlite3.connect(StateFolder(state_dir).database)) as database, database:

        def append(kind: str, case: int | None, content: dict[str, object]) -> int:
            nonlocal head
            entry = next_entry(head, kind, case, content, at_utc=1.0, signer=SIGNER)
            insert_entry(database, entry)
            head = (entry.seq, entry.hash)
            return entry.seq

        append("key", None, {"key_id": SIGNER.key_id, "public_key": SIGNER.public_key.hex(), "supersedes": None})
        for number in (1, 2):
            folder = state_dir / "frames" / f"{number:08d}"
            folder.mkdir(parents=True)
            (folder / "0.jpg").write_bytes(painted.jpeg)
            record = photo_record(f"frames/{number:08d}/0.jpg", painted)
            content = filed_manifest(number, trigger(), [record], limit_kmh=50.0, site="SP 1", unit=UNIT, clock={})
            seq = append("filed", number, content)
            row = (number, content["trigger"]["at_utc"], "SP 1", content["trigger"]["speed_kmh"], 50.0, seq)
            columns = "number, state, at_utc, site, speed_kmh, limit_kmh, filed_seq"
            database.execute(f"INSERT INTO cases ({columns}) VALUES (?, 'pending', ?, ?, ?, ?, ?)", row)
            if number == 1:
                verdict = {
                    "outcome": "unidentified",
                    "plate": "AB123CD",
                    "probability": 0.1,
                    "claim": None,
                    "scores": [],
                }
                verdict |= {"reason": "no claim", "read": None}
                done = {**content, "decided_utc": 2.0, "plate": None, "verdict": verdict, "flags": [], "driver": None}
                seq = append("decided", 1, done)
                database.execute("UPDATE cases SET state = 'decided', outcome = 'unidentified'")
                database.execute("UPDATE cases SET plate_text = 'AB123CD', decided_seq = ?", (seq,))


@pytest.mark.parametrize("version", range(1, len(migrations()) + 1))
async def test_stores_of_every_earlier_version_go_on(tmp_path: Path, version: int) -> None:
    old_store(tmp_path, version)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    with Archive(tmp_path) as archive:
        assert archive.case(1).plate_text == ""
    assert [case.number for case in await store.pending()] == [2]
    await store.enter_verdict(2, unidentified())
    assert await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 1") == 3
    await store.close()
    assert "3 cases" in audit(tmp_path, trusted=SIGNER.public_key)
    with Archive(tmp_path) as archive:
        assert archive.summaries()[-1].plate_text == "AB123CD"


async def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with closing(sqlite3.connect(StateFolder(tmp_path).database)) as database, database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(CaseError, match="newer program"):
        await CaseStore.open(tmp_path, SIGNER, UNIT)


async def test_a_migration_cut_short_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_store(tmp_path, 1)
    broken = (*migrations()[:2], "ALTER TABLE cases ADD COLUMN half TEXT; SELECT nonsense FROM nowhere;")
    with monkeypatch.context() as context, pytest.raises(CaseError, match="restore the last backup"):
        context.setattr("edge.cases.storage.database.migrations", lambda: broken)
        migrate(StateFolder(tmp_path).database)
    with closing(sqlite3.connect(StateFolder(tmp_path).database)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        assert "half" not in {row[1] for row in database.execute("PRAGMA table_info(cases)")}
    await (await CaseStore.open(tmp_path, SIGNER, UNIT)).close()


async def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from edge.cli import main

    await filled(tmp_path / "state", 3)
    key = tmp_path / "signing.key"
    key.write_bytes(bytes(range(32)))
    key.chmod(0o600)
    where = ["--state-dir", str(tmp_path / "state"), "--signing-key", str(key)]

    def run(*words: str) -> str:
        assert main([*words, *where]) == 0
        return capsys.readouterr().out

    assert len(run("cases", "list").splitlines()) == 1 + 3, "a header, and a row for each case"
    assert [row["number"] for row in json.loads(run("cases", "list", "--json"))] == [3, 2, 1]
    assert json.loads(run("cases", "show", "1", "--json"))["number"] == 1
    assert "Decided: " in run("cases", "show", "3")
    run("cases", "review", "1", "confirm", "--reason", "agrees")
    run("cases", "report", "1", "--to", str(tmp_path / "case.pdf"))
    assert "Everything holds" in run("cases", "export", "1", "2", "--to", str(tmp_path / "case.zip"))
    events = json.loads(run("cases", "show", "1", "--json"))["events"]
    assert [event["kind"] for event in events] == ["view", "confirm", "export", "export", "view"]
    events = json.loads(run("cases", "show", "3", "--json"))["events"]
    assert [event["officer"] for event in events[:1]] == [own_account().officer]
    (tmp_path / "key.pem").write_text(run("cases", "public-key"))
    assert "the key you trust" in run("cases", "verify", str(tmp_path / "case.zip"), "--key", str(tmp_path / "key.pem"))
    assert "all signed" in run("cases", "verify")
    assert "cases are due" in run("cases", "purge", "--dry-run")
    run("cases", "purge", "2", "--reason", "court order")
    assert "1 of them purged" in run("cases", "verify")
    run("backup", str(tmp_path / "backup"))
    assert main(["restore", str(tmp_path / "backup"), "--state-dir", str(tmp_path / "again")]) == 0
    assert "now signs with key" in run("cases", "rotate-key")
    assert main(["cases", "show", "9", *where]) == CaseError.exit_code
    assert "there is no case 9" in capsys.readouterr().err
    (tmp_path / "state" / "frames" / "00000001" / "0.jpg").write_bytes(b"")
    assert main(["cases", "verify", *where]) == EvidenceError.exit_code
    assert [line.partition(":")[0] for line in capsys.readouterr().err.splitlines()] == ["configuration", "autovelox"]
