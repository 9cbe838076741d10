"""What the installer runs beside the unit: the copy of the databases over an upgrade, and the pause before a start."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.storage.layout import JOURNAL, PHOTOS
from edge.registry.schema import VERSION

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
REGISTRY_VERSION = int(
    re.findall(r"^REGISTRY_VERSION = (\d+)$", (SYSTEMD / "databases.py").read_text(), re.MULTILINE)[0]
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    path = tmp_path / "unit.toml"
    path.write_text('[unit]\nstate_dir = "state"\n[registry]\npath = "registry.sqlite"\n', encoding="utf-8")
    for number in ("000001", "000002", "000003"):
        (tmp_path / "state" / PHOTOS / number).mkdir(parents=True)
    for database in (tmp_path / "state" / "cases.sqlite", tmp_path / "registry.sqlite"):
        change(database, "CREATE TABLE cases (number); INSERT INTO cases VALUES (1); PRAGMA user_version = 3")
        database.chmod(0o640)
    return path


def change(database: Path, script: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(script)


def kept(database: Path) -> list[tuple[int, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT number FROM cases ORDER BY number").fetchall()


def databases(command: str, config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SYSTEMD / "databases.py"), command, str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def test_a_database_that_was_migrated_comes_back_and_the_new_one_is_set_aside(config: Path) -> None:
    cases = config.parent / "state" / "cases.sqlite"
    assert databases("keep", config).returncode == 0
    assert (cases.parent / "cases.sqlite.before-upgrade").stat().st_mode & 0o777 == 0o640
    change(cases, "INSERT INTO cases VALUES (2); PRAGMA user_version = 4")
    (cases.parent / PHOTOS / "000003" / JOURNAL).touch()
    done = databases("restore", config)
    assert done.returncode == 0, done.stderr
    assert "is back at schema 3" in done.stdout
    assert kept(cases) == [(1,)]
    assert kept(cases.with_name("cases.sqlite.rejected-upgrade")) == [(1,), (2,)]
    photos = {path.name for path in (cases.parent / PHOTOS).iterdir()}
    assert photos == {"000001", "000003"}, "known, and still in its journal"
    assert [path.name for path in (cases.parent / "frames.rejected-upgrade").iterdir()] == ["000002"]


def test_the_head_that_the_unit_remembers_goes_with_the_database(config: Path) -> None:
    """Else the store that comes back does not hold the entry that the unit remembers, and gets no more."""
    cases, head = config.parent / "state" / "cases.sqlite", config.parent / "state" / "head.json"
    head.write_text("before")
    head.chmod(0o600)
    databases("keep", config)
    change(cases, "PRAGMA user_version = 4")
    head.write_text("after")
    databases("restore", config)
    assert (head.read_text(), head.stat().st_mode & 0o777) == ("before", 0o600)
    assert names(cases.parent) == {"cases.sqlite", "head.json", "cases.sqlite.rejected-upgrade"}
    databases("keep", config)
    head.write_text("of a release of the same schema")
    databases("restore", config)
    assert head.read_text() == "of a release of the same schema"
    assert databases("keep", config).returncode == databases("drop", config).returncode == 0
    assert names(cases.parent) == {"cases.sqlite", "head.json", "cases.sqlite.rejected-upgrade"}
    head.unlink()
    databases("keep", config)
    change(cases, "PRAGMA user_version = 5")
    head.write_text("of a release that remembers one")
    databases("restore", config)
    assert not head.exists()


def test_a_database_of_the_same_schema_keeps_what_was_filed_in_the_meantime(config: Path) -> None:
    cases = config.parent / "state" / "cases.sqlite"
    databases("keep", config)
    change(cases, "INSERT INTO cases VALUES (2)")
    assert databases("restore", config).stdout == ""
    assert kept(cases) == [(1,), (2,)]
    assert names(cases.parent) == {"cases.sqlite"}


def test_after_a_good_upgrade_no_copy_is_left(config: Path) -> None:
    databases("keep", config)
    assert databases("drop", config).returncode == 0
    assert names(config.parent) == {"unit.toml", "registry.sqlite"}


def test_what_the_write_ahead_log_holds_is_copied_too(config: Path) -> None:
    cases = config.parent / "state" / "cases.sqlite"
    with closing(sqlite3.connect(cases)) as connection:
        connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; INSERT INTO cases VALUES (2)"
        )
        assert databases("keep", config).returncode == 0
    assert kept(cases.with_name("cases.sqlite.before-upgrade")) == [(1,), (2,)]


def test_what_somebody_else_left_beside_a_database_stops_the_upgrade(config: Path) -> None:
    """SQLite would roll an officer's journal into the database, and here as root."""
    registry = config.parent / "registry.sqlite"
    before = registry.read_bytes()
    (config.parent / "elsewhere").write_bytes(b"a journal")
    registry.with_name("registry.sqlite-journal").symlink_to(config.parent / "elsewhere")
    done = databases("keep", config)
    assert (done.returncode, registry.read_bytes()) == (1, before)
    assert "registry.sqlite-journal is not the unit's" in done.stderr


def test_only_a_registry_of_an_earlier_version_is_outdated(config: Path) -> None:
    assert REGISTRY_VERSION == VERSION
    for version, outdated in ((VERSION, False), (1, True), (0, False)):
        change(config.parent / "registry.sqlite", f"PRAGMA user_version = {version}")
        assert (databases("outdated", config).returncode == 0) is outdated


def test_a_damaged_database_stops_the_upgrade_with_a_sentence(config: Path) -> None:
    (config.parent / "registry.sqlite").write_bytes(b"no database" * 100)
    done = databases("keep", config)
    assert done.returncode == 1
    assert done.stderr == "install: the databases could not be looked after: file is not a database\n"


def test_an_upgrade_says_what_the_new_release_asks_of_the_configuration(config: Path) -> None:
    """The function of install.sh itself: an old configuration is asked, one that answers is not; neither fails."""
    script = (SYSTEMD / "install.sh").read_text(encoding="utf-8")
    (function,) = re.findall(r"^question\(\) \{.*?^\}$", script, re.MULTILINE | re.DOTALL)
    assert script.count("\nquestion\n") == 1, "it is asked before the unit is restarted"
    release = config.parent / "release" / "bin"
    release.mkdir(parents=True)
    (release / "autovelox").write_text(f'#!/bin/sh\nexec {sys.executable} -m edge "$@"\n', encoding="utf-8")
    (release / "autovelox").chmod(0o755)
    start = f'set -euo pipefail; say() {{ echo "install: $*"; }}; target={release.parent}; config={config}\n'

    def asked() -> str:
        words = ["bash", "-c", f"{start}{function}\nquestion"]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout

    says = asked()
    assert says.startswith(f"install: {config}: [radar] pin_means is not set")
    assert "autovelox:" not in says and says.count("\n") == 1
    config.write_text(config.read_text(encoding="utf-8") + '[radar]\npin_means = "over_limit"\n', encoding="utf-8")
    assert asked() == ""


@pytest.mark.parametrize(
    ("failed", "pause"), [(None, None), (0, None), (1, "2"), (3, "8"), (6, "64"), (7, "120"), (40, "120")]
)
def test_each_failed_start_in_a_row_makes_the_next_one_wait_longer(
    failed: int | None, pause: str | None, tmp_path: Path
) -> None:
    sleep = tmp_path / "sleep"
    sleep.write_text(f'#!/bin/sh\necho "$1" >"{tmp_path}/slept"\n', encoding="utf-8")
    sleep.chmod(0o755)
    count = tmp_path / "starts"
    if failed is not None:
        count.write_text(f"{failed}\n", encoding="ascii")
    path = f"{tmp_path}:/usr/bin:/bin"
    subprocess.run(["/bin/sh", str(SYSTEMD / "backoff.sh"), str(count)], env={"PATH": path}, check=True, timeout=60)
    assert int(count.read_text(encoding="ascii")) == (failed or 0) + 1
    slept = tmp_path / "slept"
    assert (slept.read_text(encoding="ascii").strip() if slept.exists() else None) == pause
