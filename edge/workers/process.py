"""How a worker process lives: behind everybody else on the CPU, and never longer than the daemon."""

from __future__ import annotations

import ctypes
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import connection, forkserver, parent_process
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from edge.crypto import forbid_inspection
from edge.workers.confinement import Confinement, restrict_calls, restrict_files

T = TypeVar("T")

NICENESS = 15
"""How far a worker steps back: cars get their answer while every core recognises plates."""
PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal that a process gets when its parent ends."""
_confinement = Confinement(0, seccomp=False)
READY_ANSWER_S = 0.05
"""How long a worker takes to say that it is ready: long enough for the other workers to take the next question."""


class Call(Generic[T]):
    """A call for a worker, which can be emptied: pebble's threads hold the last task until the next one comes."""

    __slots__ = ("_call",)

    def __init__(self, function: Callable[..., T], args: Sequence[object], kwargs: Mapping[str, object]) -> None:
        """Keep what is to be called, and with what."""
        self._call: tuple[Callable[..., T], Sequence[object], Mapping[str, object]] | None = (function, args, kwargs)

    def __call__(self) -> Result[T]:
        """Call it, in the worker."""
        assert self._call is not None, "a job that has ended is not begun"
        function, args, kwargs = self._call
        return Result(function(*args, **kwargs))

    def forget(self) -> None:
        """Hold nothing any more."""
        self._call = None


class Result(Generic[T]):
    """What a worker gave back, to be taken once: pebble's threads hold the last result until the next one comes."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        """Hold *value*."""
        self._value: T | None = value

    def take(self) -> T:
        """The value, which is held no longer."""
        value, self._value = self._value, None
        return cast("T", value)


def start(
    initializer: Callable[..., None], arguments: tuple[object, ...], reads: tuple[Path, ...], niceness: int = NICENESS
) -> None:
    """Prepare this process, then call ``initializer(*arguments)``, which must not raise: that would break the pool.

    From here on it reads code and what is below *reads*. Until the initializer has ended it may write temporary files,
    as a library does that loads a network; then it writes nothing, and has no system call for more. *niceness* is how
    far it steps back behind others on the CPU.
    """
    global _confinement
    forbid_inspection()
    with suppress(OSError):  # a service manager may forbid it
        os.nice(niceness)
    restrict_files(reads, writes=(Path(tempfile.gettempdir()),))
    # A worker that hangs in C with the GIL held notices nothing any more: the kernel ends it after the fork server.
    _let_fork_server_end()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the daemon stops its workers itself
    initializer(*arguments)
    _confinement = Confinement(restrict_files(reads), restrict_calls())  # before there are threads of ours
    threading.Thread(target=_die_with_daemon, daemon=True).start()


def confinement() -> Confinement:
    """What holds this worker."""
    return _confinement


def nothing() -> None:
    """For workers that need nothing but their jobs."""


def answer(ready: Callable[[], None]) -> int:
    """Return this worker's process id if *ready* raises nothing; what *ready* raises comes through."""
    ready()
    time.sleep(READY_ANSWER_S)
    return os.getpid()


def _let_fork_server_end() -> None:
    """Close the pipe that tells the fork server of the daemon's death: every worker inherits the daemon's end of it."""
    server: Any = forkserver._forkserver
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None


def _die_with_daemon() -> None:
    daemon = parent_process()
    assert daemon is not None
    connection.wait([daemon.sentinel])
    os._exit(1)
