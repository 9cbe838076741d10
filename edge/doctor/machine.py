"""Checks of the machine itself: interpreter, clock, disk, display, power."""

from __future__ import annotations

import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec

from edge.config import Settings
from edge.doctor.finding import Finding, good, missing, warning
from edge.sensors.board import Board
from edge.workers import confinement

COMMAND_TIMEOUT_S = 5
LEAST_FREE_MIB = 1024


def python(_settings: Settings) -> Iterator[Finding]:
    """Check the version and the word size of Python."""
    text = f"{platform.python_version()}, {8 * struct.calcsize('P')} bits, {platform.machine()}"
    if struct.calcsize("P") < 8:
        yield missing("python", text, "install the 64-bit Raspberry Pi OS: the networks have no 32-bit builds")
    elif sys.version_info >= (3, 14):
        yield warning("python", text, "use Python 3.11 to 3.13: later ones were not tested")
    else:
        yield good("python", text)


def clock(_settings: Settings) -> Iterator[Finding]:
    """Check whether the clock is synchronised."""
    command = shutil.which("timedatectl")
    answer = ""
    if command is not None:
        try:
            answer = subprocess.run(
                [command, "show", "--property=NTPSynchronized", "--value"],
                capture_output=True,
                text=True,
                timeout=COMMAND_TIMEOUT_S,
                check=False,
            ).stdout.strip()
        except (OSError, subprocess.TimeoutExpired):
            answer = ""
    if answer == "yes":
        yield good("clock", "in sync with network time")
    elif answer == "no":
        yield warning("clock", "not in sync with network time", "run `timedatectl set-ntp true` and check the network")
    else:
        yield warning("clock", "no service tells whether the time is right", "install and start systemd-timesyncd")


def workers(_settings: Settings) -> Iterator[Finding]:
    """Check what the kernel would hold worker processes to."""
    held = confinement.probe()
    if held.lacks:
        remedy = "boot with lsm=landlock,... and a kernel that has both; the unit runs without"
        yield warning("workers", f"not held to their work: {held.lacks}", remedy)
    else:
        yield good("workers", f"no network, no programs, files by Landlock version {held.landlock}")


def state_folder(settings: Settings) -> Iterator[Finding]:
    """Check whether cases can be written, and how much room there is."""
    folder = settings.unit.state_dir
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"autovelox")
            os.fsync(probe.fileno())
        free_mib = shutil.disk_usage(folder).free // 2**20
    except FileNotFoundError:
        yield missing(
            "state folder", f"there is no {folder}", "run `make install SYSTEM=1`, or set state_dir in [unit]"
        )
        return
    except OSError as error:
        yield missing(
            "state folder",
            f"{folder} cannot be written ({error.strerror})",
            "run as the unit's user: sudo -u autovelox autovelox doctor",
        )
        return
    text = f"{folder} can be written, {free_mib} MiB free"
    if free_mib < LEAST_FREE_MIB:
        yield warning("state folder", text, "export and purge old cases, or use a larger disk")
    else:
        yield good("state folder", text)


def display(_settings: Settings) -> Iterator[Finding]:
    """Check whether the viewer can open a window."""
    if find_spec("tkinter") is None or find_spec("_tkinter") is None:
        yield warning("display", "Python has no Tk, so there is no viewer", "apt install python3-tk")
    elif not os.environ.get("DISPLAY"):
        yield warning("display", "none, so the viewer cannot open here", "log in with `ssh -X` to use the viewer")
    else:
        yield good("display", os.environ["DISPLAY"])


def power(_settings: Settings) -> Iterator[Finding]:
    """Check temperature, supply voltage and throttling, as far as the board tells them."""
    board = Board()
    board.measure()
    if board.temperature_c is None and board.throttled is None:
        yield good("board", "does not tell its temperature or voltage")
    elif (fault := board.fault()) is not None:
        yield warning("board", *fault)
    else:
        known = f"{board.temperature_c:.0f} °C" if board.temperature_c is not None else "temperature unknown"
        yield good("board", known + (", power good" if board.throttled is not None else ""))
