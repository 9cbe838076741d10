"""Ten triggers a second beside a reader that stays, `cases verify`, `backup` and `export`: not one photo less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench" / "filing.py"


@pytest.mark.timeout(300)
def test_readers_of_any_length_cost_no_photo() -> None:
    """The figures are the bench's; here only whether every case has every photo counts."""
    done = subprocess.run(
        [sys.executable, str(BENCH), "--seconds", "4"], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every case has every photo" in done.stdout
    assert "0 rounds of housekeeping failed" in done.stdout
