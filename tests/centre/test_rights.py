"""Who may do what at the centre: rights by account, refusals in the chain, and always somebody who administers."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from Crypto.PublicKey import RSA

from centre.cli import main
from centre.commands import work
from centre.config import load
from centre.records import Right
from tests.support.centre import Postgres
from tests.support.registry import ADA, PORTRAIT, enter

Run = Callable[..., str]


@pytest.fixture
def config(postgres: Postgres, tmp_path: Path) -> Iterator[Path]:
    database = postgres.database()
    dsn = postgres.server.dsn_of(postgres.call(database.__aenter__()))
    file = tmp_path / "centre.toml"
    file.write_text(
        f'[centre]\nstate_dir = "state"\n[database]\nurl = "{dsn}"\n[registry]\nroot_key_file = "root.key"\n'
        "[listen]\nport = 0\n[metrics]\nport = 0\n"
    )
    yield file
    postgres.call(database.__aexit__(None, None, None))


@pytest.fixture
def run(config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command as the account that the kernel says has logged in."""
    login_uid = tmp_path / "loginuid"
    monkeypatch.setattr(work, "LOGIN_UID", login_uid)

    def asked(*words: str, by: str, code: int = 0) -> str:
        login_uid.write_text(str(pwd.getpwnam(by).pw_uid), encoding="ascii")
        ended = main(["--config", str(config), *words])
        out, err = capsys.readouterr()
        assert ended == code, out + err
        return out + err

    return asked


def in_database(config: Path, sql: str) -> list[Any]:
    async def ask() -> list[Any]:
        connection = await asyncpg.connect(load(config).database.url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(ask())


CASE = """
WITH unit AS (INSERT INTO units (serial, state) VALUES ('A1', 'active') RETURNING id)
INSERT INTO cases (unit_id, number, month, state, filed_seq, at_utc, plate, outcome, driver_name)
SELECT id, 1, '2026-03-01', 'decided', 2, 1772323200, 'AB123CD', 'identified', 'Ada Rossi' FROM unit
"""
SEARCH = ("cases", "list", "--plate", "AB*", "--reason", "theft")


def test_rights_from_the_first_officer_on(run: Run, config: Path) -> None:
    assert "nobody is an officer" in run("officers", "list", by="daemon")
    in_database(config, "SELECT ensure_month('2026-03-01')")
    in_database(config, CASE)
    assert "Ada Rossi" in run(*SEARCH, by="bin"), "as before there were rights"
    assert "nobody would administer" in run("officers", "add", "bin", "--may", "search", by="daemon", code=20)
    assert "are no rights" in run("officers", "add", "bin", "--may", "search,everything", by="daemon", code=20)
    assert "daemon may administer" in run("officers", "add", "daemon", "--may", "administer", by="daemon")
    assert "bin may not list or search cases" in (said := run(*SEARCH, by="bin", code=20)) and "Ada" not in said
    assert "daemon may not list or search cases" in run(*SEARCH, by="daemon", code=20), "who administers does not see"
    run("officers", "add", "bin", "--may", "search", "--reason", "new", by="daemon")
    assert "AB123CD" in (said := run(*SEARCH, by="bin")) and "Ada Rossi" not in said
    assert "may not see who drove" in run("cases", "show", "A1", "1", by="bin", code=20)
    assert "may not see who drove" in run("cases", "export", "A1", "1", "--to", "out", by="bin", code=20)
    run("officers", "add", "bin", "--may", "drivers,search", by="daemon")
    assert "Ada Rossi" in run(*SEARCH, by="bin")
    assert "bin                  search, drivers" in run("officers", "list", by="nobody")
    run("officers", "end", "bin", by="daemon")
    assert "bin may not" in run(*SEARCH, by="bin", code=20)
    assert "nobody would administer" in run("officers", "end", "daemon", by="daemon", code=20)
    assert "is no officer" in run("officers", "end", "bin", by="daemon", code=20)
    entries = in_database(config, "SELECT kind, convert_from(body, 'UTF8') FROM centre_entries ORDER BY seq")
    refused = [json.loads(body) for kind, body in entries if kind == "refused"]
    assert [(each["officer"], each["right"], each["command"]) for each in refused] == [
        ("bin", "search", "cases list"),
        ("daemon", "search", "cases list"),
        ("bin", "drivers", "cases show"),
        ("bin", "drivers", "cases export"),
        ("bin", "search", "cases list"),
    ]
    given = [json.loads(body) for kind, body in entries if kind == "officer"]
    assert given[1].items() >= {"officer": "daemon", "reason": "new", "account": "bin", "rights": ["search"]}.items()


NEEDS = {
    "units add B2": "administer",
    "units revoke A1": "administer",
    "alarms close 1": "administer",
    "signers end 0a1b2c3d4e5f6071": "administer",
    "officers add bin --may administer": "administer",
    "registry import a --master-key b": "administer",
    "registry rotate-root": "administer",
    "registry rotate-shards": "administer",
    "registry revoke L1 --reason lost": "registry",
    "registry remove L1 --yes --reason death": "registry",
    "registry list --reason enquiry": "registry",
    "registry acts L1": "registry",
    "orders withdraw 1 --reason wrong": "order",
    "cases list": "search",
    "cases searched AB*": "search",
    "cases verify": "search",
    "cases show A1 1": "search",
}


def test_every_command_that_changes_or_shows_needs_its_right(run: Run, config: Path) -> None:
    run("officers", "add", "daemon", "--may", ",".join(Right), by="daemon")
    for words, right in NEEDS.items():
        run("officers", "add", "bin", "--may", ",".join(each for each in Right if each != right), by="daemon")
        assert "bin may not" in run(*words.split(), by="bin", code=20), words
    asked = "SELECT convert_from(body, 'UTF8') FROM centre_entries WHERE kind = 'refused' ORDER BY seq"
    assert [json.loads(body)["right"] for (body,) in in_database(config, asked)] == list(NEEDS.values())
    for words in ("status", "units list", "alarms list", "orders list", "signers list", "heads list", "officers list"):
        run(*words.split(), by="nobody")


def test_drivers_are_entered_replaced_and_revoked_by_command(
    run: Run, config: Path, place: Path, key_pair: RSA.RsaKey
) -> None:
    enter(place)
    by = "daemon"
    run("officers", "add", by, "--may", "administer,registry,drivers", by=by)
    run("registry", "import", str(place / "registry.sqlite"), "--master-key", str(place / "master.key"), by=by)
    (place / "eva.png").write_bytes(PORTRAIT)
    eva = {**ADA, "licence": "EV7654321B", "first_name": "Eva"}
    texts = [word for name, text in eva.items() for word in (f"--{name.replace('_', '-')}", text)]
    chip, other = place / "eva.chip", place / "eva-2.chip"
    enrol = ["registry", "enrol", *texts, "--portrait", str(place / "eva.png"), "--reason", "issued", "--chip"]
    assert "enrolled" in run(*enrol, str(chip), by=by)
    assert json.loads(chip.read_text())["licence"] == "EV7654321B" and chip.stat().st_mode & 0o777 == 0o600
    assert "exists already" in run(*enrol, str(chip), by=by, code=9)
    assert "has that licence already" in run(*enrol, str(other), by=by, code=8)
    assert not other.exists(), "what was not entered has no chip"
    folder = place / "nowhere" / "eva.chip"
    (place / "nowhere").write_text("a file")
    run("registry", "replace", "EV7654321B", "--reason", "lost", "--chip", str(folder), by=by, code=9)
    listed = run("registry", "list", "--licence", "EV7654321B", "--reason", "enquiry", by=by)
    assert "D'Angelò, Eva" in listed and "no chip in use" not in listed, (
        "the old chip counts, since no new one was written"
    )
    assert "the old chip is revoked" in run(
        *("registry", "replace", "EV7654321B", "--reason", "lost", "--chip", str(other)), by=by
    )
    assert "revoked" in run("registry", "revoke", "EV7654321B", "--reason", "withdrawn", by=by)
    everybody = run("registry", "list", "--json", "--reason", "enquiry", by=by).splitlines()
    assert {json.loads(line)["licence"]: json.loads(line)["has_chip"] for line in everybody} == {
        "UD1234567A": True,
        "EV7654321B": False,
    }
    acts = run("registry", "acts", "EV7654321B", by=by)
    kinds = [line.split()[3] for line in acts.splitlines()]
    assert kinds == ["enrolled", "registry_listed", "chip_replaced", "chip_revoked"], "failed changes left no entry"
    chained = str(in_database(config, "SELECT convert_from(body, 'UTF8') FROM centre_entries"))
    assert "EV7654321B" not in chained and "Eva" not in chained


def test_who_asks_is_who_logged_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment says nothing; without a login it is the process's own account."""
    mine = pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setenv("SUDO_USER", "conti")
    monkeypatch.setenv("LOGNAME", "conti")
    for written, name in (("1", "daemon"), (str(2**32 - 1), mine), ("", mine), ("4242424", "uid 4242424")):
        (tmp_path / "loginuid").write_text(written)
        monkeypatch.setattr(work, "LOGIN_UID", tmp_path / "loginuid")
        assert work.account() == name
    monkeypatch.setattr(work, "LOGIN_UID", tmp_path / "none")
    assert work.account() == mine
