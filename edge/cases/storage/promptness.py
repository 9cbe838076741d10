"""Who waits for the disk has the processor back at once.

A thread that wakes up waits until the one that runs has had its slice of the processor, some milliseconds, and a filing
wakes up from its sync. Linux lets a thread ask for shorter slices (sched_setattr(2), since 6.12): it has the same
share of the processor, in smaller pieces, and goes before one that computes.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Final

SLICE_NS: Final = 200_000
_CALLS: Final = {"x86_64": (314, 315), "aarch64": (274, 275)}
"""Numbers of sched_setattr and sched_getattr: the C library has no functions for them."""
_ATTRIBUTES: Final = struct.Struct("=IIQiIQQQ")
"""``struct sched_attr``: size, policy, flags, nice, priority, runtime (the slice), deadline, period."""
_RESET_ON_FORK: Final = 1


def be_prompt() -> bool:
    """Ask for short slices for this thread; what it starts, threads and processes, has the usual ones.

    Returns:
        False where the kernel, or the service's system call filter, refuses: all works as before.
    """
    numbers = _CALLS.get(platform.machine())
    if numbers is None or os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    asked = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, _RESET_ON_FORK, nice, 0, SLICE_NS, 0, 0)
    return _call(numbers[0], asked) == 0 and slice_ns() == SLICE_NS


def slice_ns() -> int:
    """The length (ns) of this thread's slices; 0 where the kernel does not say."""
    found = ctypes.create_string_buffer(_ATTRIBUTES.size)
    numbers = _CALLS.get(platform.machine())
    if numbers is None or _call(numbers[1], found, _ATTRIBUTES.size) != 0:
        return 0
    return int(_ATTRIBUTES.unpack(found.raw)[5])


def _call(number: int, attributes: object, *more: int) -> int:
    return int(ctypes.CDLL(None).syscall(number, 0, attributes, *more, 0))
