"""The state folder is the unit's own, and officers get their cases from its service: tried as real other accounts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import check_package
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.wal import COPY
from edge.cases.views import EventKind
from edge.cli import main
from edge.errors import CaseError
from edge.officers.client import ServiceDesk
from edge.officers.service import run
from tests.support import cases
from tests.support.accounts import (
    GROUP,
    OFFICER,
    UNIT,
    Place,
    as_officer,
    as_stranger,
    as_unit,
    fork_as,
    refused,
    run_unit,
    unit_place,
)
from tests.support.officers import ask
from tests.support.xdisplay import wait_for

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become other accounts")


@pytest.fixture(scope="module", autouse=True)
def _all_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Do everything once: other accounts may not be able to read this interpreter's modules."""
    folder = tmp_path_factory.mktemp("warm")
    run_unit(folder)
    main(["cases", "report", "1", "--to", str(folder / "x.pdf"), "--state-dir", str(folder), *_key(folder)])
    main(["cases", "purge", "1", "--reason", "x", "--state-dir", str(folder), *_key(folder)])
    with pytest.raises(CaseError):
        ServiceDesk(folder / "nobody")


def _key(folder: Path) -> list[str]:
    return ["--signing-key", str(cases.write_key(folder.parent / "signing.key"))]


@pytest.fixture
def place() -> Iterator[Place]:
    with unit_place() as found:
        yield found


@pytest.fixture
def serving(place: Place) -> Iterator[Place]:
    """A unit with two cases, the second pending; its officers' service runs as a process of the unit's account."""
    as_unit(lambda: run_unit(place.state))
    child = fork_as(UNIT, GROUP, [], lambda: run(place.state, cases.SIGNER, place.socket))
    try:
        wait_for(lambda: place.socket.exists() and place.socket.stat().st_mode & 0o777 == 0o660)
        yield place
    finally:
        os.kill(child, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _events(state_dir: Path, number: int) -> list[tuple[str, str]]:
    with Archive(state_dir) as archive:
        return [(str(event.kind), event.officer) for event in archive.events(number)]


def _judge(place: Place) -> None:
    with closing(ServiceDesk(place.socket)) as desk:
        assert desk.cases().total == 2
        assert desk.open(1).case.driver is not None
        assert desk.photo(1, 0)
        desk.review(1, EventKind.CONFIRM, reason="checked")
        home = Path(tempfile.mkdtemp())
        desk.export([1], home / "case.zip")
        assert check_package(home / "case.zip", cases.SIGNER.public_key)
        assert (home / "case.zip").stat().st_uid == OFFICER
        shutil.rmtree(home)


def test_the_group_sees_and_judges_through_the_service_and_nobody_else_does(serving: Place) -> None:
    as_officer(lambda: _judge(serving))
    as_stranger(lambda: refused(lambda: ServiceDesk(serving.socket), CaseError, "may not see the unit's cases"))
    ServiceDesk(serving.socket).close()
    officer = f"uid {OFFICER}"
    assert _events(serving.state, 1) == [("view", officer), ("confirm", officer), ("export", officer)]


def test_the_kernel_says_who_it_is(serving: Place) -> None:
    """Attack 5: the recorded account was the client's own word."""

    def look() -> None:
        os.environ.update(LOGNAME="root", USER="root", SUDO_USER="conti")
        with closing(ServiceDesk(serving.socket)) as desk:
            assert desk.officer == f"uid {OFFICER}"
            desk.open(1)

    as_officer(look)
    with closing(ServiceDesk(serving.socket)) as desk:
        desk.open(1)
    assert _events(serving.state, 1) == [("view", f"uid {OFFICER}"), ("view", "root")]


def test_the_unit_runs_beside_its_service(serving: Place) -> None:
    as_unit(lambda: run_unit(serving.state))
    as_officer(lambda: _judge_number(serving, 3))
    as_unit(lambda: run_unit(serving.state))
    assert "6 cases" in audit(serving.state, trusted=cases.SIGNER.public_key)


def _judge_number(place: Place, number: int) -> None:
    with closing(ServiceDesk(place.socket)) as desk:
        desk.open(number)
        desk.review(number, EventKind.DISMISS, reason="an ambulance")


def database_rows(state: Path) -> None:
    with closing(sqlite3.connect(StateFolder(state).database)) as database:
        database.execute("INSERT INTO portraits VALUES (9, x'00')")


def bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


ATTEMPTS: dict[str, Callable[[Place], object]] = {
    "look into the folder": lambda place: list(place.state.iterdir()),
    "read the database": lambda place: StateFolder(place.state).database.read_bytes(),
    "read a photo": lambda place: StateFolder(place.state).photo(1, 0).read_bytes(),
    "read sealed packets": lambda place: StateFolder(place.state).journal(2).read_bytes(),
    "write a photo": lambda place: StateFolder(place.state).photo(1, 0).write_bytes(b""),
    "remove a photo": lambda place: StateFolder(place.state).photo(1, 0).unlink(),
    "remove the database": lambda place: StateFolder(place.state).database.unlink(),
    "rename the folder": lambda place: place.state.rename(place.top / "elsewhere"),
    "a module for Python": lambda place: (place.state / "multiprocessing.py").write_text("raise SystemExit"),
    "a hot journal": lambda place: (place.state / "cases.sqlite-journal").write_bytes(b"x"),
    "a copy of the log": lambda place: (place.state / f"cases.sqlite{COPY}1").write_bytes(b"x"),
    "a symlink": lambda place: (place.state / "head.json.part").symlink_to("/etc/passwd"),
    "a pipe": lambda place: os.mkfifo(place.state / "believed-time.json"),
    "a lock": lambda place: os.open(StateFolder(place.state).lock, os.O_RDWR | os.O_CREAT),
    "a picture for the report": lambda place: StateFolder(place.state).derived.mkdir(),
    "the mode of the folder": lambda place: place.state.chmod(0o777),
    "the mode of the socket": lambda place: place.socket.chmod(0o777),
    "a socket of one's own in place of the service's": lambda place: place.socket.unlink(),
    "a socket beside it": lambda place: bind(place.socket.with_name("other.sock")),
    "a file beside the socket": lambda place: place.socket.with_name("x").touch(),
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_officer_writes_and_reads_nothing_of_the_units(serving: Place, name: str) -> None:
    """Attacks 2, 3 and 5: an officer's account, no key."""
    before = _tree(serving.top)
    as_officer(lambda: refused(lambda: ATTEMPTS[name](serving), PermissionError))
    assert _tree(serving.top) == before


def test_an_officer_adds_no_row(serving: Place) -> None:
    as_officer(lambda: refused(lambda: database_rows(serving.state), sqlite3.OperationalError))
    as_officer(lambda: refused(lambda: Archive(serving.state), CaseError, "leave --state-dir out"))


def test_an_officers_command_on_the_folder_itself_says_what_to_do(serving: Place) -> None:
    def attempt() -> None:
        for folder in (serving.state, serving.state / "inside", serving.state / "far" / "inside"):
            assert main(["cases", "list", "--state-dir", str(folder)]) == CaseError.exit_code

    as_officer(attempt)


def _tree(top: Path) -> list[tuple[str, int, int]]:
    return sorted((str(path), path.lstat().st_mode, path.lstat().st_uid) for path in top.rglob("*"))


def test_whatever_is_in_the_folder_is_private(serving: Place) -> None:
    for path in (serving.state, *serving.state.rglob("*")):
        status = path.stat()
        assert (status.st_uid, stat.S_IMODE(status.st_mode) & 0o077) == (UNIT, 0), path


def test_one_officer_purges_nothing_and_changes_no_key(serving: Place) -> None:
    """Both need the signing key, which root and the unit's own services have, or a second officer."""
    cases.write_key(serving.top / "signing.key")
    config = serving.top / "autovelox.toml"
    keys = 'signing_key_file = "signing.key"'
    config.write_text(f'[unit]\nstate_dir = "state"\n[cases]\n{keys}\n[officers]\nsocket = "{serving.socket}"\n')
    config.chmod(0o644)

    def attempt() -> None:
        for words in (["purge", "1", "--reason", "x"], ["rotate-key"]):
            assert main(["cases", *words, "--config", str(config)]) != 0
        for method, address in (("DELETE", "/v1/cases/1"), ("POST", "/v1/cases/1/purges"), ("POST", "/v1/keys")):
            assert ask(serving.socket, method, address, {}).status in (404, 405)

    before = audit(serving.state)
    for _ in range(2):
        as_officer(attempt)
    assert audit(serving.state) == before
