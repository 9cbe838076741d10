"""An officer leaves modules named like Python's own where the unit and its commands run: none of them is imported."""

from __future__ import annotations

import asyncio
import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.station import Station

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PLANTED = ("multiprocessing", "json", "socket", "ssl", "asyncio", "sqlite3", "selectors", "uvloop", "edge", "numpy")
"""What Python, its fork server and resource tracker, and our programs import."""
UNITS = sorted((ROOT / "systemd").glob("*.service"))


def plant(folder: Path) -> Path:
    """Leave the modules in *folder*; returns the file that shows which of them ran."""
    shown = folder / "ran"
    for name in PLANTED:
        (folder / f"{name}.py").write_text(
            f"with open({str(shown)!r}, 'a') as shown:\n    shown.write({name!r} + '\\n')\nraise SystemExit(1)\n"
        )
    return shown


def console_scripts() -> list[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return re.findall(r"^(\S+) *=", setup["options.entry_points"]["console_scripts"], re.MULTILINE)


def clean_environment() -> dict[str, str]:
    """The environment of somebody who has set no protection."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONSAFEPATH", "PYTHONPATH")}


def test_the_planted_modules_would_run(tmp_path: Path) -> None:
    """Python alone imports them, as it does for ``python -c``: the tests below can fail."""
    shown = plant(tmp_path)
    tracker = "from multiprocessing.resource_tracker import main"
    subprocess.run([sys.executable, "-c", tracker], cwd=tmp_path, env=clean_environment(), check=False, timeout=60)
    assert shown.read_text() == "multiprocessing\n"


@pytest.mark.parametrize("script", console_scripts())
def test_no_console_script_imports_from_where_it_is_called(script: str, tmp_path: Path) -> None:
    shown = plant(tmp_path)
    done = subprocess.run(
        [BIN / script, "--help"], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert not shown.exists(), shown.read_text()


async def test_the_unit_imports_nothing_from_its_folders(default_station: Station) -> None:
    """The attack that was done: the fork server and the resource tracker imported the officer's module as the unit."""
    station = default_station
    state = station.folder / "state"
    state.mkdir(exist_ok=True)
    shown = plant(state)
    station.write_feed(("roundabout.mp4", 40, 71.0), gap_s=1.0)
    unit = await asyncio.create_subprocess_exec(
        *(BIN / "autovelox", "run", "--config", station.config),
        cwd=state,
        env=clean_environment(),
        stderr=asyncio.subprocess.PIPE,
    )
    said = b""
    try:
        assert unit.stderr is not None
        async with asyncio.timeout(50):
            async for line in unit.stderr:
                said += line
                if b"case 1 decided" in line:
                    break
    finally:
        if unit.returncode is None:
            unit.terminate()
        await unit.wait()
    assert not shown.exists(), shown.read_text()
    assert b"case 1 decided" in said, said


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_no_service_runs_in_a_folder_that_others_may_write(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    assert re.findall(r"^WorkingDirectory=(.*)$", text, re.MULTILINE) == ["/"]
    assert re.search(r"^Environment=(\S+ )*PYTHONSAFEPATH=1\b", text, re.MULTILINE)


def test_the_installed_scripts_import_nothing_from_their_folder() -> None:
    """The installer's own line, on what pip writes."""
    installer = (ROOT / "systemd" / "install.sh").read_text(encoding="utf-8")
    found = re.search(r"^sed -i '(1s#.*-P#)' ", installer, re.MULTILINE)
    assert found is not None
    for shebang in ("#!/opt/autovelox/releases/0.1.0/bin/python3.11", "#!/opt/autovelox/releases/0.1.0/bin/python"):
        script = f"{shebang}\nimport sys\n"
        done = subprocess.run(["sed", found.group(1)], input=script, capture_output=True, text=True, check=True)
        assert done.stdout == f"{shebang} -P\nimport sys\n"
