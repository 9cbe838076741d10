"""The officers' service as a process, and the commands that ask it, as an operator starts both."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.errors import CaseError
from edge.officers.accounts import own_account
from tests.support.cases import filled, names, write_key
from tests.support.officers import ask

EDGE = [sys.executable, "-P", "-m", "edge"]
ME = own_account().officer
CONFIG = """\
[unit]
state_dir = "state"
[cases]
signing_key_file = "signing.key"
[officers]
socket = "o.sock"
"""


@pytest.fixture
async def config(tmp_path: Path) -> Path:
    """The configuration of a unit with two cases."""
    await filled(tmp_path / "state", 2)
    write_key(tmp_path / "signing.key")
    path = tmp_path / "autovelox.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def service(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The service of that unit, once it says that it answers."""
    process = subprocess.Popen([*EDGE, "officers", "--config", str(config)], stderr=subprocess.PIPE, cwd="/")
    assert process.stderr is not None
    late = threading.Timer(60, process.kill)
    late.start()
    assert process.stderr.readline().startswith(b"configuration: ")
    assert b"are answered at" in process.stderr.readline()
    late.cancel()
    yield process
    process.kill()
    process.communicate()


def test_whoever_starts_it_is_told_when_it_listens(config: Path, tmp_path: Path) -> None:
    told = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(told))
        manager.settimeout(60)
        command = [*EDGE, "officers", "--config", str(config)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "NOTIFY_SOCKET": str(told)})
        try:
            assert manager.recv(100) == b"READY=1"
            assert run("cases", "list", "--config", str(config)).returncode == 0
            assert ask(tmp_path / "o.sock", "GET", "/v1/me").status == 200
        finally:
            process.terminate()
            assert process.wait(30) == 0


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*EDGE, *words], capture_output=True, text=True, timeout=60, check=False)


def kinds(state_dir: Path) -> list[tuple[str, str]]:
    with Archive(state_dir) as archive:
        return [(str(event.kind), event.officer) for event in archive.events(1)]


def test_it_answers_the_commands_and_stops_cleanly(config: Path, service: subprocess.Popen[bytes]) -> None:
    state, where = config.parent / "state", ["--config", str(config)]
    for words in (["list"], ["show", "1"], ["review", "1", "confirm", "--reason", "agrees"], ["verify"]):
        done = run("cases", *words, *where)
        assert done.returncode == 0 and "autovelox: " not in done.stderr
    assert kinds(state) == [("view", ME), ("confirm", ME)]
    refused = run("cases", "rotate-key", *where)
    assert (refused.returncode, "stop autovelox and autovelox-officers" in refused.stderr) == (
        CaseError.exit_code,
        True,
    )
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 0
    assert not {"cases.sqlite-wal", "cases.sqlite-shm"} & set(names(state)), "the database was not closed"
    assert run("cases", "rotate-key", *where).returncode == 0


def test_root_and_the_units_account_work_on_a_stopped_store_as_what_they_are(config: Path) -> None:
    done = run("cases", "show", "1", "--config", str(config))
    assert done.returncode == 0 and "autovelox: " not in done.stderr
    assert kinds(config.parent / "state") == [("view", "root" if os.getuid() == 0 else ME)]


def test_the_officer_is_no_option(config: Path) -> None:
    """Attack 5: ``--officer x`` recorded whatever the client said."""
    done = run("cases", "show", "1", "--officer", "innocent", "--config", str(config))
    assert (done.returncode, "unrecognized arguments: --officer" in done.stderr) == (2, True)


def test_a_store_of_ones_own_finds_the_key_of_the_configuration_beside_it(config: Path, tmp_path: Path) -> None:
    done = run("cases", "show", "1", "--state-dir", str(tmp_path / "state"))
    assert done.returncode == 0 and "autovelox: " not in done.stderr
    config.unlink()
    done = run("cases", "show", "1", "--state-dir", str(tmp_path / "state"))
    assert done.returncode != 0
    assert "without the signing key nothing can be recorded" in done.stderr
    assert run("cases", "list", "--state-dir", str(tmp_path / "state")).returncode == 0


def test_a_service_of_other_cases_is_not_taken_for_the_configured_one(
    config: Path, service: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(CONFIG.replace('"state"', '"elsewhere"'))
    done = run("cases", "list", "--config", str(other))
    assert done.returncode == CaseError.exit_code
    assert "does not answer" in done.stderr
    assert service.poll() is None
