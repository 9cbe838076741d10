"""What the installer leaves out of the libraries: their tests and headers, and nothing that a program of ours loads."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SLIM = ROOT / "systemd" / "setup" / "slim.py"
sys.path.insert(0, str(SLIM.parent))
from slim import slim, unneeded  # noqa: E402

GOES = (
    "torch/include/ATen/ATen.h",
    "torch/test/tensor_test",
    "torch/bin/protoc",
    "torch/bin/upgrader_models/one.ptl",
    "numpy/tests/test_lazy.py",
    "scipy/stats/tests/data/tests/deep.txt",
    "skimage/measure/tests/__pycache__/x.pyc",
)
STAYS = (
    "torch/bin/torch_shm_manager",
    "torch/__init__.py",
    "torch/testing/__init__.py",
    "torch/utils/tests/x.py",  # only what is known goes: PyTorch's Python is not searched
    "numpy/testing/tests.py",
    "another/tests/test_it.py",
    "scipy/stats/_stats.py",
)


def tree(site: Path, *files: str) -> None:
    for name in files:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("12345")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_tests_headers_and_test_programs_go_and_nothing_else(tmp_path: Path) -> None:
    tree(tmp_path, *GOES, *STAYS)
    assert slim(tmp_path) == 5 * len(GOES)
    assert files(tmp_path) == set(STAYS)
    assert slim(tmp_path) == 0


def test_the_release_before_keeps_what_it_shares(tmp_path: Path) -> None:
    """An upgrade links the libraries of the release before: `cp -al`."""
    before, new = tmp_path / "before", tmp_path / "new"
    tree(before, *GOES, *STAYS)
    subprocess.run(["cp", "-al", before, new], check=True)
    slim(new)
    assert files(before) == {*GOES, *STAYS}
    assert (before / GOES[0]).read_text() == "12345"


def test_what_lies_elsewhere_is_not_followed(tmp_path: Path) -> None:
    outside, site = tmp_path / "outside", tmp_path / "site"
    tree(outside, "tests/precious", "include/precious", "bin/precious")
    tree(site, "numpy/core.py", "torch/__init__.py")
    (site / "numpy" / "tests").symlink_to(outside / "tests")
    (site / "scipy").symlink_to(outside)
    for name in ("include", "bin"):
        (site / "torch" / name).symlink_to(outside / name)
    slim(site)
    assert files(outside) == {"tests/precious", "include/precious", "bin/precious"}


def test_the_systems_own_python_is_left_alone() -> None:
    done = subprocess.run(
        [os.path.realpath(sys.executable), "-I", SLIM], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "this Python is the system's" in done.stderr


@pytest.mark.skipif(not (Path(sys.prefix) / ".installed").exists(), reason="an environment that make did not make")
def test_this_environment_was_made_without_them() -> None:
    """`make install` slims it; one that was made before that does so with the next `make install`."""
    assert [*unneeded(Path(sysconfig.get_path("platlib")))] == []


LOADED = """
import importlib, pkgutil, sys
from pathlib import Path
import edge, centre
from edge.config import models_dir
from edge.vision import selfcheck
from edge.vision.images import load_image
for room in (edge, centre):
    for found in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        if "__main__" not in found.name and not found.name.startswith("edge.viewer"):  # a minimal system has no Tk
            importlib.import_module(found.name)
from edge.vision.pipeline import Recogniser
for engine in ("easyocr", "litert"):
    (plate,) = Recogniser(models_dir(), engine).plates(load_image(selfcheck.PHOTO))
    assert plate.text == selfcheck.TEXT
print(*sorted({module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)}), sep="\\n")
mapped = (line.split(maxsplit=5)[5:] for line in Path("/proc/self/maps").read_text().splitlines())
print(*sorted({name for names in mapped for name in names}), sep="\\n")
"""


def test_no_program_of_ours_loads_a_librarys_tests() -> None:
    """Every module of unit and centre is imported and both engines read: none of it is of what is left out."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    site = Path(sysconfig.get_path("platlib"))
    loaded = {
        Path(line).relative_to(site).parts for line in done.stdout.splitlines() if Path(line).is_relative_to(site)
    }
    assert {"torch", "scipy", "numpy", "skimage"} <= {parts[0] for parts in loaded}
    assert not [
        parts for parts in loaded if "tests" in parts[1:-1] or parts[:2] in {("torch", "test"), ("torch", "bin")}
    ]
