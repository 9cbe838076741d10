"""How good the unit's clock is, from the kernel (adjtimex(2))."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

TIME_ERROR = 5
"""What ``adjtimex`` returns if the clock is not synchronised."""


class _Timex(ctypes.Structure):
    """The beginning of the kernel's ``struct timex``, and enough bytes for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("rest", ctypes.c_byte * 256),
    )


def clock_state() -> dict[str, object]:
    """``synchronised``, ``max_error_s`` (the kernel's bound on the clock's error), ``source`` and ``boot_id``.

    ``synchronised`` and ``max_error_s`` are None if the kernel does not tell. Monotonic times of two cases can be
    compared only if their ``boot_id`` is the same.
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
