"""``run --check`` and ``run`` refuse the same, with the same words: one list of checks."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli import main
from edge.config import models_dir
from tests.support.cases import write_key
from tests.support.daemon import Daemon
from tests.support.registry import enter
from tests.support.unit_files import write_feed, write_settings

Break = Callable[[Path], None]
SECONDS = 120


def is_there(_: Path) -> None:
    """The settings alone are wrong."""


def removed(name: str) -> Break:
    return lambda folder: (folder / name).unlink()


def written(name: str, content: bytes) -> Break:
    return lambda folder: (folder / name).write_bytes(content) and None


def readable_by_all(name: str) -> Break:
    return lambda folder: (folder / name).chmod(0o644)


def registry_of_another_key(folder: Path) -> None:
    enter(folder)  # an empty registry fits every key
    (folder / "master.key").write_bytes(bytes(32))


def store(folder: Path, *statements: str) -> None:
    (folder / "state").mkdir()
    with closing(sqlite3.connect(folder / "state" / "cases.sqlite")) as database:
        for statement in statements:
            database.execute(statement)


def newer_store(folder: Path) -> None:
    store(folder, "CREATE TABLE t (a)", "PRAGMA user_version = 9999")


def damaged_store(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "cases.sqlite").write_bytes(b"no database" * 1000)


def bad_head(folder: Path) -> None:
    store(folder, "CREATE TABLE t (a)")
    (folder / "state" / "head.json").write_text("{}")


def state_is_a_file(folder: Path) -> None:
    (folder / "state").write_bytes(b"")


def damaged_models(folder: Path) -> None:
    shutil.copytree(models_dir(), folder / "models")
    (folder / "models" / "detector.tflite").write_bytes(b"no network")


BROKEN: dict[str, tuple[dict[str, str], Break, str]] = {
    "unknown key": ({"speed": "limitt_kmh = 50.0"}, is_there, "did you mean limit_kmh?"),
    "no country": ({"verdict": 'plate_countries = ["XX"]'}, is_there, "XX"),
    "broken plate pattern": ({"verdict": 'plate_pattern = "[A-"'}, is_there, "plate_pattern is not a regular"),
    "broken licence pattern": ({"verdict": 'licence_pattern = "(("'}, is_there, "licence_pattern is not a regular"),
    "min over max": ({"radar": "min_speed_kmh = 230.0"}, is_there, "min_speed_kmh is not below max_speed_kmh"),
    "no manifest": ({}, removed("feed.toml"), "there is no manifest"),
    "wrong manifest": ({}, written("feed.toml", b"clip = 3"), "clip"),
    "clip that is none": (
        {},
        lambda folder: (folder / "feed.toml").write_text('[[clip]]\nfile = "master.key"\n') and None,
        "cannot be played",
    ),
    "no models": ({"recognition": 'models_dir = "none"'}, is_there, "none"),
    "damaged model": ({"recognition": 'models_dir = "models"'}, damaged_models, "damaged or was exchanged"),
    "no master key": ({}, removed("master.key"), "the master key"),
    "open master key": ({}, readable_by_all("master.key"), "may be read by others"),
    "another master key": ({}, registry_of_another_key, "master key"),
    "no registry": ({}, removed("registry.sqlite"), "there is no registry"),
    "damaged registry": ({}, written("registry.sqlite", b"no database" * 1000), "registry"),
    "no signing key": ({}, removed("signing.key"), "the signing key"),
    "short signing key": ({}, written("signing.key", b"short"), "is not a key of 32 bytes"),
    "state folder is a file": ({}, state_is_a_file, "cannot be written"),
    "store of a newer program": ({}, newer_store, "update this program"),
    "damaged store": ({}, damaged_store, "restore the last backup"),
    "wrong head": ({}, bad_head, "does not say which entry"),
    "no TLS certificate": ({"link": 'tls_certificate = "no.pem"\ntls_key = "no.key"'}, is_there, "is missing"),
    "no unit key": ({"link": 'versions = [2]\nunit_key_file = "u"\nunit_certificate = "c"'}, is_there, "registry"),
    "no centre": ({"centre": 'url = "https://127.0.0.1:1"\nauthority_file = "no.pem"'}, is_there, "authority"),
    "no stamping authority": (
        {"evidence": 'timestamp_url = "http://127.0.0.1:1"\ntimestamp_authority = "no.pem"'},
        is_there,
        "time stamping authority",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The files of a unit that starts."""
    write_feed(tmp_path, ("roundabout.mp4", 40, 71.0), gap_s=0.1)
    write_key(tmp_path / "signing.key")
    assert main(["registry", "init", "--config", str(configured(tmp_path))]) == 0
    capsys.readouterr()
    return tmp_path


def configured(folder: Path, *additions: dict[str, str]) -> Path:
    return write_settings(folder, {"recognition": 'engine = "litert"\nworkers = 1'}, *additions)


def autovelox(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def refusal(said: str) -> str:
    lines = said.strip().splitlines()
    assert lines and lines[-1].startswith("autovelox: "), said
    assert "Traceback" not in said
    return lines[-1]


@pytest.mark.parametrize("what", BROKEN)
def test_both_refuse_the_same(what: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, breaks, says = BROKEN[what]
    config = configured(folder, settings)
    breaks(folder)
    before = sorted(path for path in folder.rglob("*"))
    code = main(["run", "--check", "--config", str(config)])
    checked = refusal(capsys.readouterr().err)
    assert says in checked
    assert sorted(path for path in folder.rglob("*") if not path.name.endswith(("-wal", "-shm", ".lock"))) == before
    started = autovelox("run", "--config", str(config))
    assert (started.returncode, refusal(started.stderr)) == (code, checked)
    assert code != 0


async def test_what_the_check_lets_pass_starts_and_may_be_checked_while_it_runs(folder: Path) -> None:
    config = configured(folder)
    checked = autovelox("run", "--check", "--config", str(config))
    assert checked.returncode == 0, checked.stderr
    assert "engine = litert" in checked.stdout
    assert not (folder / "state").exists(), "a check makes no store"
    with Daemon.run(config, folder / "unit.log") as unit:
        await unit.expect("ready$")
        checked = autovelox("run", "--check", "--config", str(config))
        assert checked.returncode == 0, checked.stderr
        (folder / "other.key").write_bytes(bytes(32))
        (folder / "other.key").chmod(0o600)
        other = configured(folder, {"cases": 'signing_key_file = "other.key"'})
        checked = autovelox("run", "--check", "--config", str(other))
        assert "the cases are signed with key" in refusal(checked.stderr)
        unit.end()


def test_the_configuration_alone_can_be_checked_before_there_are_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--check=configuration", "--config", str(configured(tmp_path))]) == 0
    assert "[unit]" in capsys.readouterr().out
