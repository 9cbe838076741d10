"""Removes from the environment whose Python runs this what no part of the project runs: ``slim.py``.

That is a fifth of an installation: the libraries' own tests, and PyTorch's headers and test programs, for building
extensions of it. The libraries stay as they are; pip may upgrade and remove them as before.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

TESTED = ("mpmath", "networkx", "numpy", "scipy", "shapely", "skimage", "sympy")
"""Packages that bring their tests along, in folders named ``tests`` from which nothing else of them is imported."""
WHOLE = ("torch/include", "torch/test")
"""C++ headers, for building extensions, and compiled tests."""
PROGRAMS = "torch/bin"
KEPT = "torch_shm_manager"
"""Of PyTorch's programs ``import torch`` asks for this one; the others are its tests, and a compiler of its formats."""


def unneeded(site: Path) -> Iterator[Path]:
    """Files and folders below the ``site-packages`` folder *site* that nothing needs; links are left alone."""
    for package in TESTED:
        yield from outermost(site / package, "tests")
    for name in WHOLE:
        if _is_own_folder(site / name):
            yield site / name
    if _is_own_folder(site / PROGRAMS):
        yield from sorted(path for path in (site / PROGRAMS).iterdir() if path.name != KEPT)


def outermost(folder: Path, name: str) -> Iterator[Path]:
    """The folders *name* below *folder* that are in no other of that name."""
    if not _is_own_folder(folder):
        return
    for path in sorted(folder.iterdir()):
        if not _is_own_folder(path):
            continue
        if path.name == name:
            yield path
        else:
            yield from outermost(path, name)


def _is_own_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def size(path: Path) -> int:
    """The bytes of a file, or of all files below a folder."""
    files = [path] if path.is_symlink() or not path.is_dir() else path.rglob("*")
    return sum(file.lstat().st_size for file in files if file.is_symlink() or file.is_file())


def slim(site: Path) -> int:
    """Remove what is unneeded below *site*; returns how many bytes that was."""
    removed = 0
    for path in list(unneeded(site)):
        removed += size(path)
        if _is_own_folder(path):
            shutil.rmtree(path)
        else:
            path.unlink()
    return removed


def main() -> None:
    """Slim the virtual environment of the running Python; the system's own Python is left alone."""
    if sys.prefix == sys.base_prefix:
        sys.exit("slim: this Python is the system's: call it with that of a virtual environment")
    if removed := sum(slim(Path(site)) for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}):
        print(f"Left out {removed / 1e6:.0f} MB of libraries' tests and headers, which nothing here runs.")


if __name__ == "__main__":
    main()
