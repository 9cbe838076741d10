"""The fault injector: built with the system's C compiler, preloaded into this process and its children."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("faults.c")
KILL, FAIL = 1, 2


def build(folder: Path) -> Path:
    """Compile the injector into *folder*; raises RuntimeError where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("there is no C compiler: apt install gcc")
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "faults.so"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
    fresh = folder / f"faults-{os.getpid()}.so"
    subprocess.run([compiler, *flags, "-o", str(fresh), str(SOURCE), "-ldl"], check=True)
    fresh.replace(library)  # another run may have the one before mapped
    return library


def preload(library: Path) -> None:
    """Start this program again with *library* preloaded, unless it is already."""
    if os.environ.get("LD_PRELOAD") != str(library):
        os.environ["LD_PRELOAD"] = str(library)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def arm(mode: int, at: int, folder: Path, *, error: int = 0, count: int = 1, delay_us: int = 0) -> None:
    """In a process that has the library: strike at call number *at* below *folder* (see faults.c)."""
    ctypes.CDLL(None).faults_arm(
        mode, ctypes.c_long(at), error, ctypes.c_long(count), ctypes.c_long(delay_us), bytes(folder)
    )


def environment(library: Path, **more: str) -> dict[str, str]:
    """The variables of a child process that has the library, beside those of this one."""
    return {"LD_PRELOAD": str(library), **more}
