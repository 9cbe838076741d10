"""What commands do not load: whoever looks at cases waits for no network, no PDF and no photo."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cases import filled, write_key

HEAVY = {"numpy", "aiohttp", "reportlab", "PIL", "pikepdf", "Crypto", "cv2", "torch", "tkinter", "multiprocessing"}


@pytest.fixture
async def where(tmp_path: Path) -> list[str]:
    await filled(tmp_path / "state", 1)
    return ["--state-dir", str(tmp_path / "state"), "--signing-key", str(write_key(tmp_path / "signing.key"))]


def loaded(*words: str) -> set[str]:
    """Which of the heavy libraries a command has loaded when it has done its work."""
    code = f"import sys\nfrom edge.cli import main\nassert main({list(words)}) == 0\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return HEAVY & set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(("words", "needed"), [(("list",), set()), (("show", "1", "--json"), {"Crypto"})])
def test_a_look_at_the_cases_loads_what_it_needs(words: tuple[str, ...], needed: set[str], where: list[str]) -> None:
    """Whoever is shown a case is shown what was signed: that is checked."""
    assert loaded("cases", *words, *where) == needed
