"""The project's wheel is whole: in an environment that has the libraries and no checkout, the demo plays from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    """What *command* prints, run in *cwd* with nothing of the checkout on Python's path."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, made through a source archive, and the libraries of this one."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT, cwd=folder)
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    # A .pth file's folders are not searched for .pth files: the checkout that this environment has does not come along.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    (wheel,) = (folder / "dist").glob("*.whl")
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    return python


def test_the_package_is_the_wheels_own(python: Path, tmp_path: Path) -> None:
    asked = "import edge, converter; print(edge.__file__, converter.__file__)"
    for file in run(python, "-c", asked, cwd=tmp_path).split():
        assert file.startswith(str(python.parents[1]))


def test_what_lies_beside_the_code_comes_along(python: Path, tmp_path: Path) -> None:
    asked = "import edge; print(*edge.__path__)"
    package = Path(run(python, "-c", asked, cwd=tmp_path).strip())
    installed = {str(file.relative_to(package)) for file in package.rglob("*") if file.is_file()}
    for folder in ("models", "docs"):
        tracked = run("git", "ls-files", folder, cwd=ROOT).split() if (ROOT / ".git").exists() else []
        assert {f"share/{name}" for name in tracked} <= installed
    assert {"share/autovelox.example.toml", "share/models/detector.tflite", "share/NOTICE"} <= installed
    assert any(name.endswith("viewer.mo") for name in installed)


def test_the_demo_plays_from_the_wheel(python: Path, tmp_path: Path) -> None:
    printed = run(python.with_name("autovelox"), "demo", "--dir", tmp_path / "state", cwd=tmp_path)
    assert re.search(r"^8 of 8 cases right\.$", printed, re.MULTILINE), printed


def test_the_converter_finds_the_network_there(python: Path, tmp_path: Path) -> None:
    asked = "from converter.reader.network import MODEL_DIR; print((MODEL_DIR / 'plate_reader.pth').is_file())"
    assert run(python, "-c", asked, cwd=tmp_path).strip() == "True"
