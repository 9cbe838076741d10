"""The unit adds to what it wrote and signed itself after the head it remembers, and to nothing else."""

from __future__ import annotations

import json
import logging
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.audit import audit
from edge.cases.evidence.chain import canonical, next_entry
from edge.cases.evidence.signing import Signer, key_content
from edge.cases.retention import purge
from edge.cases.review import record
from edge.cases.storage.entries import append_entry, insert_entry
from edge.cases.storage.head import read_head
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.errors import CaseError, EvidenceError
from tests.support.cases import SIGNER, UNIT, filled, photo, trigger, unidentified

FORGER = Signer(bytes(range(1, 33)))
SAID: dict[str, object] = {"officer": "x", "reason": "", "account": "x"}
NOT_CANONICAL = "UPDATE entries SET header = CAST(' ' || CAST(header AS TEXT) AS BLOB) WHERE seq = 6"
FILING = {"limit_kmh": 50.0, "site": "SP 235"}


def database_of(state: Path) -> sqlite3.Connection:
    """What an officer's account does: the database opened with the stock library, its triggers dropped."""
    database = sqlite3.connect(StateFolder(state).database, isolation_level=None)
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    return database


def add(
    state: Path,
    kind: str,
    case: int | None,
    content: dict[str, object],
    signer: Signer | None = None,
    *,
    at_utc: float | None = None,
    then: str = "",
) -> None:
    with closing(database_of(state)) as database:
        append_entry(database, kind, case, content, signer=signer, at_utc=at_utc)
        if then:
            database.execute(then)


def rewrite(state: Path) -> None:
    """Attack 3: the verdict of case 1 names an innocent person; the later entries are chained anew, without keys."""
    with closing(database_of(state)) as database:
        rows = database.execute(
            "SELECT seq, kind, case_number, header, body FROM entries WHERE seq >= 3 ORDER BY seq"
        ).fetchall()
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DELETE FROM entries WHERE seq >= 3")
        last = database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        for seq, kind, case, header, body in rows:
            content = {name: value for name, value in json.loads(body).items() if name != "salt"}
            if seq == 3:
                content["driver"]["last_name"] = "Innocent"
                database.execute("UPDATE cases SET driver_name = 'Ada Innocent' WHERE number = 1")
            entry = next_entry(last, kind, case, content, at_utc=json.loads(header)["at"], signer=None)
            insert_entry(database, entry)
            last = (entry.seq, entry.hash)


def cut(state: Path) -> None:
    with closing(database_of(state)) as database:
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("DELETE FROM entries WHERE seq > 4")
        database.execute("DELETE FROM cases WHERE number = 2")
    shutil.rmtree(state / "frames" / "00000002")


ATTACKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a case in mid-chain names another person": (rewrite, "does not hold entry 5 as the unit wrote it"),
    "the end is cut off": (cut, "does not hold entry 5"),
    "the store is emptied": (lambda state: StateFolder(state).database.unlink(), "does not hold entry 5"),
    "a stranger's key": (
        lambda state: add(state, "key", None, key_content(FORGER, supersedes=SIGNER.key_id)),
        r"entry 6 \(key\) is not signed",
    ),
    "a stranger's key, signed by himself": (
        lambda state: add(state, "key", None, key_content(FORGER, supersedes=SIGNER.key_id), FORGER),
        "entry 6 is signed with another key",
    ),
    "a case of an officer's own": (lambda state: add(state, "filed", 3, {}), r"entry 6 \(filed\) is not signed"),
    "a verdict of an officer's own": (lambda state: add(state, "decided", 2, {}), r"entry 6 \(decided\) is not signed"),
    "a purge of an officer's own": (lambda state: add(state, "purge", 1, {}), r"entry 6 \(purge\) is not signed"),
    "a clock of an officer's own": (lambda state: add(state, "clock", None, {}), r"entry 6 \(clock\) is not signed"),
    "a restore that was none": (lambda state: add(state, "restore", None, {}), r"entry 6 \(restore\) is not signed"),
    "a view of no case": (lambda state: add(state, "view", None, {}), r"entry 6 \(view\) is not signed"),
    "a view as an officers' program of an earlier version wrote it": (
        lambda state: add(state, "view", 1, SAID),
        r"entry 6 \(view\) is not signed",
    ),
    "a judgement in an officer's name": (
        lambda state: add(state, "dismiss", 1, SAID),
        r"entry 6 \(dismiss\) is not signed",
    ),
    "an export in an officer's name": (
        lambda state: add(state, "export", 1, SAID),
        r"entry 6 \(export\) is not signed",
    ),
    "a header that is not canonical": (
        lambda state: add(state, "view", 1, SAID, then=NOT_CANONICAL),
        "entry 6 is not canonical JSON",
    ),
    "a header that is no object": (
        lambda state: add(state, "view", 1, SAID, then="UPDATE entries SET header = CAST('[1]' AS BLOB) WHERE seq = 6"),
        "entry 6 is not canonical JSON|entry 6 does not follow",
    ),
    "a view under a stranger's signature": (
        lambda state: add(state, "view", 1, {}, FORGER),
        "entry 6 is signed with another key",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_what_others_wrote_is_an_alarm_and_never_signed(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(tmp_path, 2)
    remembered = read_head(StateFolder(tmp_path))
    attack, words = ATTACKS[name]
    attack(tmp_path)
    unsigned = _unsigned(tmp_path)
    with caplog.at_level(logging.CRITICAL):
        store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    await store.housekeep()
    number = await store.file_case(trigger(), [photo()], [], **FILING)
    await store.load(number)
    assert (tmp_path / "frames" / f"{number:08d}" / "pending.json").exists(), "the journal takes no case"
    await store.housekeep()
    assert re.search(words, store.problem() or "")
    with pytest.raises(CaseError):
        await store.enter_verdict(number, unidentified())
    await store.close()
    assert [entry.levelname for entry in caplog.records if "does not continue" in entry.message][:1] == ["CRITICAL"]
    assert _unsigned(tmp_path) == unsigned
    assert read_head(StateFolder(tmp_path)) == remembered


def _unsigned(state: Path) -> list[int]:
    if not StateFolder(state).database.exists():
        return []
    with closing(sqlite3.connect(StateFolder(state).database)) as database:
        return [seq for (seq,) in database.execute("SELECT seq FROM entries WHERE signature IS NULL ORDER BY seq")]


async def test_an_alarm_while_the_unit_runs_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await filled(tmp_path, 2)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    add(tmp_path, "decided", 2, {})
    for _ in range(3):
        await store.housekeep()
    assert sum("does not continue" in entry.message for entry in caplog.records if entry.levelname == "CRITICAL") == 1
    assert "entry 6 (decided)" in (store.problem() or "")
    await store.close()


async def test_commands_that_have_the_key_sign_nothing_after_a_foreign_entry(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    add(tmp_path, "decided", 2, {})
    with pytest.raises(EvidenceError, match=r"entry 6 \(decided\) is not signed"):
        record(tmp_path, 1, kind="view", officer="Conti", signer=SIGNER)
    with pytest.raises(EvidenceError, match=r"entry 6 \(decided\) is not signed"):
        purge(tmp_path, [1], reason="x", signer=SIGNER)


def forget_format(state: Path) -> None:
    """The head as the version before wrote it."""
    path = StateFolder(state).head
    content = {name: value for name, value in json.loads(path.read_bytes()).items() if name != "format"}
    path.write_bytes(canonical(content))


async def test_what_officers_programs_wrote_before_the_upgrade_is_signed_once(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    forget_format(tmp_path)
    for kind in ("view", "export", "view"):
        add(tmp_path, kind, 1, SAID)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert (store.problem(), _unsigned(tmp_path)) == (None, [])
    await store.close()
    assert "8 entries, all signed" in audit(tmp_path, trusted=SIGNER.public_key)
    assert not read_head(StateFolder(tmp_path)).earlier  # type: ignore[union-attr]
    add(tmp_path, "view", 1, SAID)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert "entry 9 (view) is not signed" in (store.problem() or "")
    await store.close()


async def test_after_an_upgrade_any_program_signs_what_waits(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    forget_format(tmp_path)
    add(tmp_path, "view", 1, SAID)
    record(tmp_path, 1, kind="view", officer="Conti", signer=SIGNER)
    assert "7 entries, all signed" in audit(tmp_path, trusted=SIGNER.public_key)


EARLIER: dict[str, Callable[[Path], None]] = {
    "a view that says nothing": lambda state: add(state, "view", 1, {}),
    "a view of a case that was never filed": lambda state: add(state, "view", 77, SAID),
    "a view of the year 2255": lambda state: add(state, "view", 1, SAID, at_utc=9e9),
    "a view without content": lambda state: add(
        state, "view", 1, SAID, then="UPDATE entries SET body = NULL WHERE seq = 6"
    ),
    "a verdict": lambda state: add(state, "decided", 2, SAID),
    "a restore": lambda state: add(state, "restore", None, {}),
}


@pytest.mark.parametrize("name", EARLIER)
async def test_what_no_program_of_an_earlier_version_wrote_is_not_signed_at_the_upgrade(
    tmp_path: Path, name: str
) -> None:
    await filled(tmp_path, 2)
    forget_format(tmp_path)
    EARLIER[name](tmp_path)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert re.search("no officer's program writes it|only the unit writes", store.problem() or "")
    await store.close()
    assert _unsigned(tmp_path) == [6]
    assert read_head(StateFolder(tmp_path)).earlier  # type: ignore[union-attr]


async def test_a_clock_that_was_set_back_is_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 1)
    monkeypatch.setattr("time.time", lambda: 1_000_000_000.0)
    record(tmp_path, 1, kind="view", officer="Conti", signer=SIGNER)
    record(tmp_path, 1, kind="dismiss", officer="Conti", reason="an ambulance", signer=SIGNER)
    says = audit(tmp_path, trusted=SIGNER.public_key)
    assert "6 entries, all signed" in says
    assert "earlier" not in says
    with closing(sqlite3.connect(StateFolder(tmp_path).database)) as database:
        rows = database.execute("SELECT kind, header FROM entries WHERE seq > 3 ORDER BY seq").fetchall()
    assert [(kind, json.loads(header)["at"]) for kind, header in rows] == [
        (kind, 1_000_000_000) for kind in ("clock", "view", "dismiss")
    ]


async def test_a_store_of_an_earlier_version_is_adopted(tmp_path: Path) -> None:
    """Without a remembered head: officers' entries that wait are signed, times that ran backwards are written down."""
    await filled(tmp_path, 1)
    StateFolder(tmp_path).head.unlink()
    with closing(database_of(tmp_path)) as database:
        last = database.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        for signer in (None, SIGNER):
            content = {"officer": "Conti", "reason": "", "account": "x"}
            entry = next_entry(last, "view", 1, content, at_utc=1e9, signer=signer)
            insert_entry(database, entry)
            last = (entry.seq, entry.hash)
    assert "1 not signed yet, 1 earlier than the one before" in audit(tmp_path)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert store.problem() is None
    await store.close()
    assert "6 entries, all signed with" in audit(tmp_path, trusted=SIGNER.public_key)
    assert read_head(StateFolder(tmp_path)) is not None


async def test_a_store_of_an_earlier_version_with_an_unsigned_verdict_is_not(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    StateFolder(tmp_path).head.unlink()
    rewrite(tmp_path)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert "entry 3 (decided) is not signed" in (store.problem() or "")
    await store.close()
    assert read_head(StateFolder(tmp_path)) is None


async def test_the_head_is_the_units_own_file(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    path = StateFolder(tmp_path).head
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == canonical(json.loads(path.read_bytes()))
    path.unlink()
    (tmp_path / "elsewhere").write_bytes(b"precious")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Exception, match="does not say which entry the unit wrote last"):
        await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert (tmp_path / "elsewhere").read_bytes() == b"precious"
