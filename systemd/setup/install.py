"""Installs parts of the lock into the environment of the Python that runs this: ``install.py [--wheels DIR] PART...``.

Each part is a file of ``systemd/setup/lock``, and every file that pip takes has one of the hashes there. One exception:
PyTorch's CPU build for x86_64, which the public index does not have. It comes, in this order, from the folder given
with ``--wheels``, from where pip is configured to look, or from PyTorch's own index, whose page carries its checksum.
Where none has it, the public index's build with CUDA is taken, after a sentence that says how large it is.
"""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from locked import PARTS, Locked, locked

if TYPE_CHECKING:
    from collections.abc import Iterable

PYTORCH_INDEX = "https://download.pytorch.org/whl/cpu"
PYTORCH_TIMEOUT_S = 5.0
CUDA_FETCHED_GB, CUDA_INSTALLED_GB, CUDA_FREE_GB = 3.0, 5.5, 9.0
"""What the CUDA build costs (`make test-install` prints both), and the disk space to have for it."""


def pip(*words: str, quiet: bool = False) -> bool:
    """Run pip of this environment; True if it went well. *quiet* hides what it says when it does not."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", *words]
    return subprocess.run(command, stderr=subprocess.DEVNULL if quiet else None, check=False).returncode == 0


def hashed(packages: Iterable[Locked], wheels: Path | None) -> bool:
    """Install *packages*, each with one of its hashes, from *wheels* alone if all of them are there."""
    chosen = Path(tempfile.mkdtemp()) / "packages.txt"
    chosen.write_text("".join(f"{package.line}\n" for package in packages), encoding="utf-8")
    words = ["--require-hashes", "--requirement", str(chosen)]
    if wheels and pip("--no-index", "--find-links", str(wheels), *words, quiet=True):
        return True
    return pip(*(["--find-links", str(wheels)] if wheels else []), *words)


def answers(address: str) -> bool:
    """Whether a page can be had at *address* within the time-out."""
    try:
        with urllib.request.urlopen(address, timeout=PYTORCH_TIMEOUT_S):  # noqa: S310 - the constant above
            return True
    except (OSError, urllib.error.URLError):
        return False


def cpu_build(wheels: Path | None) -> bool:
    """Install PyTorch's CPU build for x86_64 from wherever it is to be had; False if nowhere."""
    partner = locked("torch")["torchvision"]
    torch, vision = f"torch=={locked('torch')['torch'].version}+cpu", f"torchvision=={partner.version}+cpu"
    # The public index's torchvision beside a CPU build of torch: of it EasyOCR uses the Python part, which runs there.
    if wheels and pip("--no-index", "--find-links", str(wheels), torch, quiet=True):
        return pip("--no-index", "--find-links", str(wheels), vision, quiet=True) or hashed([partner], None)
    if pip(torch, quiet=True):
        return pip(vision, quiet=True) or hashed([partner], None)
    return answers(f"{PYTORCH_INDEX}/torch/") and pip("--index-url", PYTORCH_INDEX, torch, vision)


def torch(wheels: Path | None) -> bool:
    """Install PyTorch: the small build where there is one."""
    packages = locked("torch")
    if platform.machine() != "x86_64":
        return hashed(packages.values(), wheels)
    if cpu_build(wheels):
        return True
    free_gb = shutil.disk_usage(sys.prefix).free / 1e9
    print(
        "PyTorch: its own index, which has the small CPU build, does not answer; the public one has the build with CUDA"
        f" only: {CUDA_FETCHED_GB:.1f} GB to fetch, {CUDA_INSTALLED_GB:.1f} GB on the disk. It runs without a graphics"
        f" card, too.\nTo avoid it: Ctrl C, fetch torch {packages['torch'].version}+cpu and torchvision"
        f" {packages['torchvision'].version}+cpu from {PYTORCH_INDEX} elsewhere, and give their folder: WHEELS=folder",
        flush=True,
    )
    if free_gb < CUDA_FREE_GB:
        sys.exit(
            f"make: {free_gb:.1f} GB are free on this disk, the build with CUDA needs {CUDA_FREE_GB:.0f}: make room"
        )
    return hashed(packages.values(), wheels)


def remove_others() -> None:
    """Uninstall what this environment holds and the lock does not: left from an older lock, it may not fit any more."""
    known = {"pip", "autovelox"}.union(*(locked(part) for part in PARTS))
    site = [path for path in sys.path if path.startswith(sys.prefix)]
    here = {re.sub(r"[-_.]+", "-", found.name).lower() for found in metadata.distributions(path=site)}
    if others := sorted(here - known):
        print(f"Removing what the lock does not name: {', '.join(others)}")
        subprocess.run([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *others], check=True)


def main() -> None:
    """Install what the command line names; exit 1 with a sentence where it cannot be had."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="a folder of wheels to take before any index")
    parser.add_argument("--exact", action="store_true", help="remove what is installed and not in the lock")
    parser.add_argument("parts", nargs="+", choices=PARTS, metavar="PART")
    arguments = parser.parse_args()
    wheels: Path | None = arguments.wheels.absolute() if arguments.wheels else None
    if wheels and not any(wheels.glob("*.whl")):
        sys.exit(f"make: WHEELS={arguments.wheels} holds no wheels: give the folder they lie in")
    for part in arguments.parts:
        if not (torch(wheels) if part == "torch" else hashed(locked(part).values(), wheels)):
            sys.exit(
                "make: packages could not be fetched (above): look at the network, or give a folder of wheels, WHEELS="
            )
    if arguments.exact:
        remove_others()


if __name__ == "__main__":
    main()
