"""The driver that the tests of the whole unit rely on, tried on small programs."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.support.daemon import Daemon

SAYS = "import sys; print('workers ready: 3, 14', file=sys.stderr, flush=True)"
ANSWERS = "import json, sys\nfor line in sys.stdin: print(json.dumps(line.strip()), flush=True)"
DEAF = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SAYS + "\ntime.sleep(600)"
PATIENCE_S = 60.0


def program(code: str, log: Path, **how: bool) -> Daemon:
    return Daemon(["-c", code], log, **how)


async def test_expect_finds_each_line_once_and_fails_at_the_end(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('a 1\\nb\\na 2\\nhalf')"
    with program(code, tmp_path / "log") as daemon:
        assert (await daemon.expect(r"a (\d)")).group(1) == "1"
        assert (await daemon.expect(r"a (\d)")).group(1) == "2"
        with pytest.raises(AssertionError, match=r"ended before it said 'b'; last: half"):
            await daemon.expect("b")


def test_a_log_that_was_there_is_not_this_daemons(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("workers ready: 1, 2\n")
    with program(SAYS, log) as daemon:
        assert daemon.wait_for("ready", patience_s=PATIENCE_S)
        assert daemon.workers() == [3, 14]
    assert log.read_text() == "workers ready: 1, 2\nworkers ready: 3, 14\n"


def test_what_a_killed_daemon_had_said_is_there(tmp_path: Path) -> None:
    with program(DEAF, tmp_path / "log") as daemon:
        assert daemon.wait_for("ready", patience_s=PATIENCE_S)
        assert not daemon.wait_for("ready", after=1, patience_s=0.01)
        assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
        assert daemon.lines == ["workers ready: 3, 14"]
        assert not daemon.wait_for("never", patience_s=PATIENCE_S)


def test_a_daemon_that_does_not_stop_is_killed_and_fails_the_test(tmp_path: Path) -> None:
    with program(DEAF, tmp_path / "log") as daemon:
        assert daemon.wait_for("ready", patience_s=PATIENCE_S)
        assert daemon.stop(patience_s=0.05) == -signal.SIGKILL
        with pytest.raises(AssertionError, match="exit code -9"):
            daemon.end()


def test_questions_are_answered_until_it_ends(tmp_path: Path) -> None:
    with program(ANSWERS, tmp_path / "log", questions=True) as daemon:
        assert [daemon.ask("state"), daemon.ask("open")] == ["state", "open"]
        daemon.send(signal.SIGKILL)
        with pytest.raises((AssertionError, BrokenPipeError)):
            daemon.ask("state")
