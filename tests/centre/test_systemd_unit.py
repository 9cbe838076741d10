"""The service file: systemd finds no fault in it, and it leaves the process little."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "centre" / "systemd" / "autovelox-centre.service"
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@needs_systemd
def test_systemd_has_nothing_to_say(tmp_path: Path) -> None:
    """Any output is a fault: an unknown key is only a warning. The program itself is not installed here."""
    unit = tmp_path / UNIT.name
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if UNIT.name in line or unit.name in line]
    assert said == []


@needs_systemd
def test_it_is_hardened() -> None:
    command = ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=16", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]
