"""Nobody but root looks into a process that keeps to itself, whatever account it runs under."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

KEEPER = """
import ctypes, os, sys
from edge.crypto.memory import forbid_inspection, is_open_to_others
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # changing the account has forbidden it, too
if sys.argv[1] == "keep":
    forbid_inspection()
print(is_open_to_others(), flush=True)
input()
"""
READER = """
import os, sys
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
open(f"/proc/{sys.argv[1]}/mem", "rb").close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize(("how", "is_open"), [("open", True), ("keep", False)])
def test_another_process_of_the_account_reads_its_memory_only_if_it_lets_it(how: str, is_open: bool) -> None:
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == f"{is_open}\n"
        reader = subprocess.run(
            [sys.executable, "-c", READER, str(keeper.pid)], capture_output=True, text=True, timeout=30
        )
        if is_open and reader.returncode != 0 and _yama():
            pytest.skip("this kernel forbids tracing among siblings anyway")
        assert (reader.returncode == 0) is is_open
        assert is_open or "PermissionError" in reader.stderr
    finally:
        keeper.communicate("\n", timeout=30)


def test_the_daemon_keeps_to_itself() -> None:
    """Seen from inside, before it opens a key."""
    program = """
import edge.daemon.main as daemon
from edge.config import Settings
from edge.crypto.memory import is_open_to_others
async def serve(settings):
    print(is_open_to_others())
daemon._serve = serve
daemon.preflight = lambda settings: None  # there is no unit here to check
print(is_open_to_others())
daemon.run(Settings())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "True\nFalse\n", os.geteuid()


def _yama() -> bool:
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    return scope.exists() and scope.read_text().strip() != "0"
