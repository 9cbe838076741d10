"""A few strikes of every kind against the case store; ``make chaos`` strikes some hundred times."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("run.py")


@pytest.mark.skipif(
    shutil.which("cc") is None and shutil.which("gcc") is None, reason="needs a C compiler: apt install gcc"
)
@pytest.mark.timeout(900)
def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    seed = os.environ.get("CHAOS_SEED", "2")
    command = [sys.executable, str(RUNNER), "--storage", "24", "--radar", "1", "--daemon", "0", "--seed", seed]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=880, check=False)
    assert done.returncode == 0, done.stderr
    total = re.search(r"\*\*all\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\* \| \*\*(\d+)\*\*", done.stdout)
    assert total is not None, done.stdout
    strikes, acknowledged, found = map(int, total.groups())
    assert strikes >= 18
    assert acknowledged == found > 0
