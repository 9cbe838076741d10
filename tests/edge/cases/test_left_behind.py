"""What officers' accounts left in the state folder of an earlier version, which let them in: tried as real accounts."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.audit import audit
from edge.cases.retention import RetentionPolicy, due_now
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.wal import COPY, wal_path
from edge.errors import EdgeError
from tests.support import cases
from tests.support.accounts import GROUP, UNIT, Place, as_officer, as_unit, refused, run_unit, unit_place

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become other accounts")
OLD_MODE = 0o3770
"""The state folder's mode then."""


@pytest.fixture(scope="module", autouse=True)
def _all_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Do everything once: other accounts may not be able to read this interpreter's modules."""
    folder = tmp_path_factory.mktemp("warm")
    run_unit(folder)
    due_now(folder, RetentionPolicy())


@pytest.fixture
def place() -> Iterator[Place]:
    with unit_place() as found:
        yield found


LEFT: dict[str, Callable[[StateFolder], object]] = {
    "a locked lock of the daemon": lambda folder: _plant(folder.lock, b""),
    "a pipe as the store's lock": lambda folder: os.mkfifo(folder.store_lock, 0o666),
    "a link as the store's lock": lambda folder: folder.store_lock.symlink_to("/etc/hostname"),
    "a copy of the log that was changed": lambda folder: _plant(
        folder.root / f"cases.sqlite{COPY}1", wal_path(folder.database).read_bytes()[:32] + b"forged" * 1000
    ),
    "a pipe as a copy of the log": lambda folder: os.mkfifo(folder.root / f"cases.sqlite{COPY}1", 0o666),
    "a folder of pictures": lambda folder: folder.derived.mkdir(),
    "a module": lambda folder: _plant(folder.root / "multiprocessing.py", b"raise SystemExit"),
}


def _plant(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o666)


@pytest.mark.parametrize("name", LEFT)
def test_what_an_officer_left_in_the_folder_of_an_earlier_version_counts_for_nothing(place: Place, name: str) -> None:
    as_unit(lambda: run_unit(place.state))
    folder = StateFolder(place.state)
    for path in (folder.lock, folder.store_lock):
        path.unlink()
    with closing(sqlite3.connect(folder.database)) as database:  # an earlier version's unit runs: there is a log
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("PRAGMA user_version = 3")
        for path in (place.state, folder.database, wal_path(folder.database)):
            os.chown(path, UNIT, GROUP)
            path.chmod(OLD_MODE if path == place.state else 0o660)
        as_officer(lambda: LEFT[name](folder))
    as_unit(lambda: run_unit(place.state))
    assert "4 cases" in audit(place.state, trusted=cases.SIGNER.public_key)
    assert place.state.stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("name", ["head.json", "believed-time.json"])
def test_a_file_that_an_officer_wrote_in_the_units_name_is_not_believed(place: Place, name: str) -> None:
    as_unit(lambda: run_unit(place.state))
    (place.state / name).unlink(missing_ok=True)
    place.state.chmod(OLD_MODE)
    as_officer(lambda: _plant(place.state / name, b'{"format": 2, "hash": "", "seq": 0}'))

    def go_on() -> None:
        if name == "head.json":
            refused(lambda: run_unit(place.state), EdgeError, "another account left it there")
        else:
            refused(lambda: due_now(place.state, RetentionPolicy()), EdgeError, "another account left it there")

    as_unit(go_on)
