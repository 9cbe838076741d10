"""Who waits for the disk has the processor back at once.

A thread that wakes up waits until the one that runs has had its slice of the processor, some milliseconds, and a filing
wakes up from its sync. So it runs in real time (sched(7)), before all programs that do not: the thread that files does
so always, for it does nothing else, the daemon's loop while it has the right of way. That needs leave, which is
``LimitRTPRIO=`` in systemd/autovelox.service. Without leave, and for other threads that write, Linux lets a thread ask
for shorter slices (sched_setattr(2), since 6.12): it has the same share of the processor, in smaller pieces, and goes
before most that compute.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Final

SLICE_NS: Final = 200_000
PRIORITY: Final = 1
"""The least there is in real time: it is before usual programs, and behind the kernel's own work."""
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
    return _is_usual() and _ask(os.SCHED_OTHER, 0, SLICE_NS) and slice_ns() == SLICE_NS


def be_first() -> bool:
    """Run this thread in real time from here on, or with short slices without leave; what it starts is as usual.

    Returns:
        Whether it runs in real time.
    """
    is_first = First().take()
    if not is_first:
        be_prompt()
    return is_first


class First:
    """Real time for a while, for one thread: when it gives it back, it is as it was. What it starts is as usual."""

    def __init__(self) -> None:
        """Nothing is taken yet."""
        self._before_ns: int | None = None

    def take(self) -> bool:
        """Run in real time from here on, if there is leave; twice is once.

        Returns:
            Whether it does.
        """
        if self._before_ns is None and _is_usual():
            before_ns = slice_ns()
            if _ask(os.SCHED_RR, PRIORITY, 0):
                self._before_ns = before_ns
        return self._before_ns is not None

    def give_back(self) -> None:
        """Run as before it was taken, if it was."""
        if self._before_ns is not None and _ask(os.SCHED_OTHER, 0, self._before_ns):
            self._before_ns = None  # else the next call tries again


def slice_ns() -> int:
    """The length (ns) of this thread's slices; 0 where the kernel does not say."""
    found = ctypes.create_string_buffer(_ATTRIBUTES.size)
    done = _call(1, found, _ATTRIBUTES.size) == 0
    return int(_ATTRIBUTES.unpack(found.raw)[5]) if done else 0


def _is_usual() -> bool:
    """Whether nobody chose another scheduling for this thread."""
    return os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_OTHER


def _ask(policy: int, priority: int, slice_ns: int) -> bool:
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    asked = _ATTRIBUTES.pack(_ATTRIBUTES.size, policy, _RESET_ON_FORK, nice, priority, slice_ns, 0, 0)
    return _call(0, asked) == 0


def _call(which: int, attributes: object, *more: int) -> int:
    numbers = _CALLS.get(platform.machine())
    return -1 if numbers is None else int(ctypes.CDLL(None).syscall(numbers[which], 0, attributes, *more, 0))
