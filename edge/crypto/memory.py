"""Keeps what is in this process's memory from every other process of the account.

Keys and opened packets are in memory as long as they are needed. So no core dump is written, and no other process may
trace this one or read ``/proc/PID/mem`` (prctl(2), ``PR_SET_DUMPABLE``). Root still may.
"""

from __future__ import annotations

import ctypes
import resource
from contextlib import suppress
from typing import Final

_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4
"""From linux/prctl.h."""


def forbid_inspection() -> None:
    """Forbid core dumps, and reading by other processes; a child that executes another program must call it again."""
    with suppress(OSError):  # a service manager may have set the limit for good
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def is_open_to_others() -> bool:
    """Whether another process of the account may look into this one."""
    return bool(ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0))
