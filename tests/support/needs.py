"""What tests need besides Python's packages, and one line for each thing that is left out where it is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: nobody else may look into the unit's processes")
"""A unit's processes are closed to other accounts, and to its own (``PR_SET_DUMPABLE``)."""
PACKAGES = Path(__file__).resolve().parents[2] / "systemd" / "setup" / "packages"

NEEDS = {
    "the viewer": ("_tkinter",),
    "the viewer under real keys": ("Xvfb", "xdotool", "import"),
    "the viewer over ssh": ("ssh", "ssh-keygen", "/usr/sbin/sshd", "xauth"),
    "the JavaScript car": ("node", "npm"),
    "power cuts and hangs": ("cc",),
    "chips in a PKCS#11 token": ("softhsm2-util",),
    "health over MQTT": ("/usr/sbin/mosquitto",),
    "the man pages": ("man", "mandoc"),
    "the completions of zsh and fish": ("zsh", "fish"),
    "the report's text": ("pdftotext",),
    "the validator of archival PDFs": ("java",),
    "time stamps": ("openssl",),
    "the units, by systemd's own checks": ("systemd-analyze", "systemd-sysusers"),
}
"""What is tested: the programs or modules it needs. Their Debian packages stand in ``systemd/setup/packages``."""


def lacking(needs: tuple[str, ...]) -> list[str]:
    """Those of *needs*, programs on the path or modules, that are not here."""
    return [name for name in needs if shutil.which(name) is None and not _is_module(name)]


def _is_module(name: str) -> bool:
    return name.startswith("_") and importlib.util.find_spec(name) is not None


def apt_line() -> str:
    """The command that installs everything the tests can use."""
    lines = (line.split() for line in PACKAGES.read_text(encoding="utf-8").splitlines() if line)
    packages = [name for group, *names in lines if group in ("start", "tests") for name in names]
    return f"sudo apt install {' '.join(packages)}"


def left_out() -> list[str]:
    """A line for each thing that is left out here, then how to get them all; empty if nothing is left out."""
    out = {what: names for what, needs in NEEDS.items() if (names := lacking(needs))}
    lines = [f"Left out: {what} (no {', '.join(names).replace('_tk', 'tk')})" for what, names in out.items()]
    return [*lines, f"To have them: {apt_line()}"] if lines else []
