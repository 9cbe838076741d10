"""Installs parts of the lock into the environment whose Python runs this, or downloads them: ``install.py PART...``.

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
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from locked import PARTS, Locked, locked

PYTORCH_INDEX = "https://download.pytorch.org/whl/cpu"
PYTORCH_TIMEOUT_S = 5.0
CUDA_FETCHED_GB, CUDA_INSTALLED_GB, CUDA_FREE_GB = 3.0, 5.5, 9.0
"""What the CUDA build costs (`make test-install` prints both), and the disk space to have for it."""
GLIBC_MINORS = (17, 24, 26, 27, 28, 31, 34, 35, 36)
"""The C libraries whose wheels a board with Debian 12 (glibc 2.36) runs."""


@dataclass(frozen=True)
class Pip:
    """pip of this environment, told for which machine and from where."""

    command: tuple[str, ...]
    machine: str
    python: str | None
    wheels: Path | None
    cpu_only: bool = False

    def run(self, *words: str, quiet: bool = False) -> bool:
        """Run it; True if it went well. *quiet* hides what it says when it does not."""
        command = [sys.executable, "-m", "pip", *self.command, "--quiet", "--no-deps", "--only-binary", ":all:", *words]
        return subprocess.run(command, stderr=subprocess.DEVNULL if quiet else None, check=False).returncode == 0

    def from_wheels(self, *words: str) -> bool:
        """Run it on the folder of wheels alone; False if there is none, or something is not in it."""
        return self.wheels is not None and self.run("--no-index", "--find-links", str(self.wheels), *words, quiet=True)

    def hashed(self, packages: Iterable[Locked]) -> bool:
        """Take *packages*, each with one of its hashes, from the wheels if all are there, else from the index, too."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("".join(f"{package.line}\n" for package in packages))
            file.flush()
            words = ("--require-hashes", "--requirement", file.name)
            places = ("--find-links", str(self.wheels)) if self.wheels else ()
            return self.from_wheels(*words) or self.run(*places, *words)

    def part(self, name: str) -> bool:
        """Take one part of the lock."""
        packages = locked(name, self.machine, self.python)
        if name == "torch" and self.machine == "x86_64":
            return self.cpu_build(packages) or self._cuda_build(packages)
        return self.hashed(packages.values())

    def cpu_build(self, packages: dict[str, Locked]) -> bool:
        """Take PyTorch's CPU build from wherever it is to be had; False if nowhere."""
        partner = packages["torchvision"]
        torch, vision = f"torch=={packages['torch'].version}+cpu", f"torchvision=={partner.version}+cpu"
        # The public index's torchvision beside a CPU build of torch: EasyOCR uses its Python part, which runs there.
        if self.from_wheels(torch):
            return self.from_wheels(vision) or self.hashed([partner])
        if self.run(torch, quiet=True):
            return self.run(vision, quiet=True) or self.hashed([partner])
        return answers(f"{PYTORCH_INDEX}/torch/") and self.run("--index-url", PYTORCH_INDEX, torch, vision)

    def _cuda_build(self, packages: dict[str, Locked]) -> bool:
        """Take the public index's build, after a sentence."""
        if self.cpu_only:
            sys.exit("make: no CPU build of PyTorch is to be had here: give a folder with it, WHEELS=folder")
        print(
            "PyTorch: its own index, which has the small CPU build, does not answer; the public one has only the build"
            f" with CUDA: {CUDA_FETCHED_GB:.1f} GB to fetch, {CUDA_INSTALLED_GB:.1f} GB on the disk. It runs without a"
            " graphics card, too.\nTo avoid it: Ctrl C, fetch"
            f" torch {packages['torch'].version}+cpu and torchvision {packages['torchvision'].version}+cpu from"
            f" {PYTORCH_INDEX} elsewhere, and give their folder: WHEELS=folder. Or the"
            " small way, which needs no PyTorch: make demo ENGINE=litert",
            flush=True,
        )
        free_gb = shutil.disk_usage(sys.prefix).free / 1e9
        if free_gb < CUDA_FREE_GB:
            sys.exit(
                f"make: {free_gb:.1f} GB are free on this disk, {CUDA_FREE_GB:.0f} are needed: make room, or WHEELS="
            )
        return self.hashed(packages.values())


def answers(address: str) -> bool:
    """Whether a page can be had at *address* within the time-out."""
    try:
        with urllib.request.urlopen(address, timeout=PYTORCH_TIMEOUT_S):  # noqa: S310 - the constant above
            return True
    except OSError:
        return False


def remove_others() -> None:
    """Uninstall what this environment holds and the lock does not: left from an older lock, it may not fit any more."""
    known = {"pip", "autovelox"}.union(*(locked(part) for part in PARTS))
    site = [path for path in sys.path if path.startswith(sys.prefix)]
    here = {re.sub(r"[-_.]+", "-", found.name).lower() for found in metadata.distributions(path=site)}
    if others := sorted(here - known):
        print(f"Removing what the lock does not name: {', '.join(others)}")
        subprocess.run([sys.executable, "-m", "pip", "uninstall", "--quiet", "--yes", *others], check=True)


def chosen() -> tuple[Pip, argparse.Namespace]:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="a folder of wheels to take before any index")
    parser.add_argument("--ignore-installed", action="store_true", help="install what the system has, too")
    parser.add_argument("--cpu-only", action="store_true", help="fail rather than take PyTorch's build with CUDA")
    parser.add_argument("--exact", action="store_true", help="remove what is installed and not in the lock")
    parser.add_argument("--download", type=Path, metavar="DIR", help="put wheels there instead of installing them")
    parser.add_argument("--machine", default=platform.machine(), help="download for this machine (aarch64, x86_64)")
    parser.add_argument("--python", metavar="X.Y", help="download for this Python")
    parser.add_argument("parts", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    arguments = parser.parse_args()
    wheels: Path | None = arguments.wheels.absolute() if arguments.wheels else None
    if wheels and not any(wheels.glob("*.whl")):
        sys.exit(f"make: WHEELS={arguments.wheels} holds no wheels: give the folder they lie in")
    if arguments.download:
        arguments.download.mkdir(parents=True, exist_ok=True)
        version = arguments.python or ".".join(platform.python_version_tuple()[:2])
        tags = [f"manylinux_2_{minor}_{arguments.machine}" for minor in GLIBC_MINORS]
        tags += [f"manylinux2014_{arguments.machine}", f"linux_{arguments.machine}"]
        command = ["download", "--dest", str(arguments.download), "--implementation", "cp", "--python-version", version]
        command += [word for tag in tags for word in ("--platform", tag)]
        return Pip(tuple(command), arguments.machine, version, wheels, arguments.cpu_only), arguments
    command = ["install", *(["--ignore-installed"] if arguments.ignore_installed else [])]
    return Pip(tuple(command), platform.machine(), None, wheels, arguments.cpu_only), arguments


def main() -> None:
    """Take what the command line names; exit 1 with a sentence where it cannot be had."""
    pip, arguments = chosen()
    for part in arguments.parts:
        if not pip.part(part):
            sys.exit(
                "make: packages could not be fetched (above): look at the network, or give a folder of wheels, WHEELS="
            )
    if arguments.exact:
        remove_others()


if __name__ == "__main__":
    main()
