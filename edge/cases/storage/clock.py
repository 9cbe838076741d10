"""How good the unit's clock is, as the kernel knows it."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

TIME_ERROR = 5
"""What ``adjtimex`` returns where nobody disciplines the clock (adjtimex(2))."""


class _Timex(ctypes.Structure):
    """The beginning of the kernel's ``struct timex``; the rest is room."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("room", ctypes.c_byte * 256),
    )


def clock_state() -> dict[str, object]:
    """Whether the clock is synchronised, the kernel's bound on its error in seconds, and which boot this is.

    ``synchronised`` and ``max_error_s`` are None where the kernel does not tell. Monotonic times of a case can be
    compared with those of another case of the same ``boot_id`` only.
    """
    timex = _Timex()
    libc = ctypes.CDLL(None, use_errno=True)
    status = libc.adjtimex(ctypes.byref(timex)) if hasattr(libc, "adjtimex") else -1
    known = status >= 0
    return {
        "synchronised": status != TIME_ERROR if known else None,
        "max_error_s": timex.maxerror / 1e6 if known else None,
        "source": "kernel" if known else "none",
        "boot_id": _boot_id(),
    }


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"unknown, process {os.getpid()}"
