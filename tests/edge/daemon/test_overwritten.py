"""Freed memory of the daemon holds nothing; its children allocate as usual."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from edge.daemon import memory
from tests.support.memory import found_in_memory

PROGRAM = """
import json, os, sys
from edge.daemon.memory import wipe_freed_memory
before = os.getpid()
wipe_freed_memory()
wanted = [os.environ.get(name) for name in ("GLIBC_TUNABLES", "PYTHONMALLOC")]
print(json.dumps({"pid": os.getpid(), "argv": sys.argv, "environment": wanted}), flush=True)
for size in (7, 16, 32, 200, 800, 5000, 60000):
    for _ in range(50):
        text = ("secret" + os.environ["MARK"]) * (1 + size // 20)
        del text
sys.stdin.read()
"""
MARK = "q7Zk41"


def started(environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "MARK": MARK, **environment},
    )  # fmt: skip


@pytest.mark.skipif(not memory.is_glibc(), reason="only glibc overwrites what is freed")
@pytest.mark.parametrize("tunables", ["", "glibc.malloc.check=0"])
def test_a_program_starts_itself_anew_once_and_its_children_do_not(tunables: str) -> None:
    given = {memory.TUNABLES: tunables} if tunables else {}
    with started(given, "run", "--config", "a b") as process:
        assert process.stdout is not None and process.stdin is not None
        told = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(30) == 0
    assert told["pid"] == process.pid and told["argv"][1:] == ["run", "--config", "a b"]
    assert told["environment"] == [tunables or None, None]


@pytest.mark.skipif(os.geteuid() != 0 or not memory.is_glibc(), reason="only root looks into another process")
def test_what_was_freed_is_gone() -> None:
    wanted = {"secret": f"secret{MARK}".encode()}
    with started({}) as process:
        assert process.stdout is not None and process.stdin is not None
        process.stdout.readline()
        for _ in range(3):
            if not found_in_memory(process.pid, wanted):
                break
        assert found_in_memory(process.pid, {"mark": MARK.encode()}), "the environment is seen"
        assert not found_in_memory(process.pid, wanted)
        process.stdin.close()
        assert process.wait(30) == 0


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "is_glibc", lambda: False)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("it was started anew"))
    monkeypatch.delenv(memory.TUNABLES, raising=False)
    memory.wipe_freed_memory()
