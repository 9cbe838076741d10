"""The right of way: while the unit files a case, its other work on the same disk and processor steps aside.

A filing waits for a sync, and that for whatever else is on its way to the disk; priorities do not help there. So the
daemon takes the right of way at the radar's edge, tens of milliseconds before the photo is there, and gives it back
when the case is filed. What officers, the centre or retention want meanwhile waits before its next step
(:func:`give_way`): an entry, a photo, a page of a list, a commit.

The sign is a lock of the open file ``filing.lock`` (an OFD lock, fcntl(2)): it needs no disk, ends with the daemon
however that ends, and others ask for it without taking anything, so that none of them can hold up a filing. The file is
in the state folder, which officers' accounts may not enter.

Nobody waits for ever: a process gives way for :data:`LONGEST_S` at a stretch, and then not before it has worked for as
long (:class:`Patience`). Under a storm of triggers, or a daemon that hangs, officers keep half of the time. Nobody
waits inside a transaction either: others would wait for its lock.
"""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

from edge.cases.storage.durable import is_own
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.lock import open_lock
from edge.cases.storage.promptness import First
from edge.errors import CaseError

Item = TypeVar("Item")

LONGEST_S: Final = 0.5
"""How long a process gives way at a stretch; and how long after it was taken the right of way counts at the most."""
LATER_S: Final = 0.01
"""So much after that it is given back: the clock of an event loop may be some milliseconds ahead."""
POLL_S: Final = 0.002
_LOCK: Final = struct.Struct("@hhqqi4x")
"""``struct flock`` of 64-bit Linux: type, whence, start, length (0: to the end), process."""


class RightOfWay:
    """The daemon's side: taken for each edge of the radar, and given back.

    For one thread, which runs in real time meanwhile, where it has leave (:mod:`edge.cases.storage.promptness`).
    """

    def __init__(self, folder: StateFolder, later: Callable[[float, Callable[[], None]], object] | None = None) -> None:
        """Make the file; what another account left in its place is removed.

        *later* calls what it is given after so many seconds, in the same thread. Without it :meth:`expire` is to be
        called now and then.

        Raises:
            CaseError: the folder cannot be written.
        """
        self._later = later
        try:
            self._descriptor = open_lock(folder.filing_lock)
        except OSError as error:
            raise CaseError(
                f"{folder.filing_lock} cannot be made ({error.strerror})", "check unit.state_dir and the folder's owner"
            ) from None
        self._until_s: dict[int, float] = {}
        self._first = First()

    def take(self, edge_ns: int) -> None:
        """Take it for the edge at *edge_ns* (monotonic nanoseconds), for :data:`LONGEST_S` from now at the most."""
        self._until_s[edge_ns] = time.monotonic() + LONGEST_S
        self._show()
        if self._later is not None:
            self._later(LONGEST_S + LATER_S, self.expire)

    def give_back(self, edge_ns: int) -> None:
        """The case of that edge is filed, or none is made of it."""
        self._until_s.pop(edge_ns, None)
        self._show()

    def expire(self) -> None:
        """Give back what was taken for edges of which nothing was heard any more."""
        now_s = time.monotonic()
        self._until_s = {edge: until for edge, until in self._until_s.items() if until > now_s}
        self._show()

    def close(self) -> None:
        """Give it back for good; what is taken then counts for nothing."""
        self._first.give_back()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _show(self) -> None:
        if self._descriptor < 0:
            return
        if self._until_s:
            self._first.take()
        else:
            self._first.give_back()
        kind = fcntl.F_WRLCK if self._until_s else fcntl.F_UNLCK
        with suppress(OSError):  # who locks it else is root: then everybody gives way to that, for a while
            fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, _LOCK.pack(kind, os.SEEK_SET, 0, 0, 0))


def is_filing(folder: StateFolder) -> bool:
    """Whether the unit files a case; False without a daemon, or where something else lies in the file's place."""
    try:
        descriptor = os.open(folder.filing_lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        if not is_own(os.fstat(descriptor), folder.root):
            return False
        asked = _LOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
        return bool(_LOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked))[0] != fcntl.F_UNLCK)
    except OSError:
        return False
    finally:
        os.close(descriptor)


class Patience:
    """How long this process may give way: :data:`LONGEST_S`, and then not before it has worked for as long.

    Time in which several threads wait counts once. May be used from any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Be patient; *clock* gives seconds that never run backwards."""
        self._clock = clock
        self._turn = threading.Lock()
        self._left_s = LONGEST_S
        self._waiting = 0
        self._at_s = clock()
        self._is_worn = False

    @contextmanager
    def waits(self) -> Iterator[None]:
        """Around one thread's waiting."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    @property
    def is_waiting(self) -> bool:
        """Whether a thread waits now."""
        return self._waiting > 0

    def lasts(self) -> bool:
        """Whether there is some left."""
        with self._turn:
            self._count()
            return not self._is_worn

    def _change(self, by: int) -> None:
        with self._turn:
            self._count()
            self._waiting += by

    def _count(self) -> None:
        now_s = self._clock()
        passed_s, self._at_s = now_s - self._at_s, now_s
        self._left_s = min(LONGEST_S, self._left_s - passed_s if self._waiting else self._left_s + passed_s)
        if self._left_s <= 0:
            self._left_s, self._is_worn = 0.0, True
        elif self._left_s >= LONGEST_S:
            self._is_worn = False


OWN = Patience()
"""This process's."""
_THREAD: Final = threading.local()


def pauses(folder: StateFolder) -> Iterator[float]:
    """Seconds to wait, again and again, as long as the unit files and this process's patience lasts.

    None inside a transaction of this thread.
    """
    if getattr(_THREAD, "transactions", 0) or not is_filing(folder):
        return
    patience = OWN
    with patience.waits():
        while patience.lasts() and is_filing(folder):
            yield POLL_S


def give_way(folder: StateFolder) -> None:
    """Wait while the unit files a case; to be called before a step that computes for milliseconds, or that syncs."""
    for pause_s in pauses(folder):
        time.sleep(pause_s)


def giving_way(folder: StateFolder, items: Iterable[Item], every: int = 1) -> Iterator[Item]:
    """*items*, before each of which (or of *every* so many) the unit may file."""
    for number, item in enumerate(items):
        if number % every == 0:
            give_way(folder)
        yield item


@contextmanager
def never_giving_way() -> Iterator[None]:
    """In this block this thread does not wait: it holds a lock that others wait for."""
    _THREAD.transactions = getattr(_THREAD, "transactions", 0) + 1
    try:
        yield
    finally:
        _THREAD.transactions -= 1
