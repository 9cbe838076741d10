"""One strike of every kind against the centre; ``make chaos-centre`` strikes 200 times."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUNNER = Path(__file__).with_name("centre_run.py")


@pytest.mark.timeout(1800)
def test_what_was_confirmed_is_found_and_every_fork_is_seen() -> None:
    seed = os.environ.get("CHAOS_SEED", "2")
    command = [sys.executable, str(RUNNER), "--strikes", "1", "--seed", seed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1750, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    total = re.search(r"\| \*\*all\*\* \| " + r" \| ".join([r"\*\*(\d+)\*\*"] * 6), done.stdout)
    assert total is not None, done.stdout
    strikes, confirmed, found, forks, seen, wrong = map(int, total.groups())
    can_mount = os.geteuid() == 0 and shutil.which("mount") is not None
    assert (strikes, wrong) == (17 if can_mount else 15, 0), "small disks are root's to make"
    assert confirmed == found == strikes
    assert forks == seen == 2
