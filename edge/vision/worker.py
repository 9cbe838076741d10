"""What runs inside a worker process: models loaded once, one photo a job.

The daemon imports this module to name its functions; the networks' libraries, with EasyOCR half of what the unit needs
in memory and most of its start, are imported in the workers alone (:mod:`edge.vision.pipeline`).
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, forkserver, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.config import Engine
from edge.crypto.memory import keep_to_itself
from edge.errors import EdgeError, ModelError, WorkerError
from edge.model import PlateRead
from edge.vision.network import BACKENDS

if TYPE_CHECKING:
    from edge.vision.pipeline import Recogniser

NETWORKS = "edge.vision.pipeline"


def shared(engine: Engine) -> tuple[str, ...]:
    """The modules that a fork server imports before it makes workers of *engine*, so that they share them."""
    return NETWORKS, BACKENDS[engine]


NICENESS = 15
"""How far a worker steps back: cars get their answer while every core recognises."""
PR_SET_PDEATHSIG = 1
"""From linux/prctl.h: the signal a process gets when its parent ends."""


@dataclass(frozen=True, slots=True)
class PhotoRead:
    """The plates of one photo, best detection first, and the milliseconds each stage took (total: with decoding)."""

    plates: tuple[PlateRead, ...]
    detect_ms: float
    read_ms: float
    total_ms: float


_recogniser: Recogniser | None = None
_failure: EdgeError = WorkerError("this worker was never started", "report this: it is a mistake of the program")


def start_without_models() -> None:
    """Prepare this worker: nobody looks into it, and it ends with the daemon."""
    keep_to_itself()
    with suppress(OSError):  # a service manager may forbid it
        os.nice(NICENESS)
    # A worker that hangs in C with the GIL held notices nothing any more: the kernel ends it after the fork server.
    _let_fork_server_end()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's business; it stops its workers itself
    threading.Thread(target=_die_with_daemon, daemon=True).start()


def start(models_dir: Path, engine: Engine) -> None:
    """Prepare this worker as :func:`start_without_models` does, and load its models.

    Never raises, since a failing initialiser breaks the whole pool: the first job reports what went wrong. Of an error
    that nobody foresaw only the type is told.
    """
    global _recogniser, _failure
    start_without_models()
    try:
        from edge.vision.pipeline import Recogniser

        _recogniser = Recogniser(models_dir, engine)
    except EdgeError as error:
        _failure = error
    except Exception as error:
        _failure = ModelError(f"the models in {models_dir} cannot be loaded", f"{type(error).__name__}")


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


def ready() -> int:
    """The process id of the worker that answers; slow enough for the others to take the next question.

    Raises:
        EdgeError: the models could not be loaded.
    """
    if _recogniser is None:
        raise _failure
    time.sleep(0.05)
    return os.getpid()


def recognise(photo: Path) -> PhotoRead:
    """Run the worker's models on the photo at *photo*.

    Raises:
        ImageError: the file is no picture.
        EdgeError: the models could not be loaded.
    """
    if _recogniser is None:
        raise _failure
    return _recogniser.read(photo)
