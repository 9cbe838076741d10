"""A display of one's own, and hands to use it with: Xvfb and xdotool."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NEEDED = ("Xvfb", "xdotool", "import")
SSH_NEEDED = (*NEEDED, "ssh", "ssh-keygen", "xauth", "/usr/sbin/sshd")


def missing(programs: tuple[str, ...] = NEEDED) -> str:
    """The programs this machine lacks, as a reason to skip; empty if none."""
    absent = [program for program in programs if shutil.which(program) is None]
    return f"not installed here: {', '.join(absent)}" if absent else ""


@contextmanager
def xvfb(size: str = "1440x900", dpi: int = 96) -> Iterator[str]:
    """A running Xvfb; yields its display, such as ``:5``."""
    read, write = os.pipe()
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(write),
            "-screen",
            "0",
            f"{size}x24",
            "-dpi",
            str(dpi),
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=(write,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(10)


def press(display: str, *keys: str) -> None:
    """Press real *keys* (X names, such as ``Down`` or ``ctrl+f``)."""
    subprocess.run(["xdotool", "key", "--delay", "30", *keys], env=_env(display), check=True, timeout=20)


def type_text(display: str, text: str) -> None:
    """Type *text* on real keys."""
    subprocess.run(["xdotool", "type", "--delay", "10", "--", text], env=_env(display), check=True, timeout=20)


def click(display: str, x: int, y: int, button: int = 1) -> None:
    """Press a mouse button at a place of the screen."""
    subprocess.run(
        ["xdotool", "mousemove", str(x), str(y), "click", str(button)], env=_env(display), check=True, timeout=20
    )


def screenshot(display: str, path: Path) -> None:
    """Save what the display shows as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["import", "-window", "root", str(path)], env=_env(display), check=True, timeout=120)


def wait_for(
    what: Callable[[], bool], doing: Callable[[], object] = lambda: time.sleep(0.02), limit_s: float = 60
) -> None:
    """Do *doing* until *what* is true; the limit only ends a hang."""
    end = time.monotonic() + limit_s
    while not what():
        if time.monotonic() > end:
            raise TimeoutError("what the test waits for did not happen")
        doing()


def _env(display: str) -> dict[str, str]:
    return {**os.environ, "DISPLAY": display}
