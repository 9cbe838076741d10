"""The lock of a state folder: whoever holds ``daemon.lock`` is its one daemon."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from edge.cases.storage.durable import GROUP_READS
from edge.errors import CaseError

LOCK_NAME = "daemon.lock"


def take_lock(state_dir: Path) -> int:
    """Take the lock, making the folder if it is not there; returns the handle that holds it until it is closed.

    Raises:
        CaseError: another daemon has it, or the folder cannot be written.
    """
    try:
        state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        handle = os.open(state_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, GROUP_READS)
        os.fchmod(handle, GROUP_READS)  # an officer's viewer asks it whether the daemon is there
    except OSError as error:
        raise CaseError(
            f"{state_dir} cannot be written ({error.strerror})", "check unit.state_dir, its owner"
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise CaseError(f"another daemon has the cases in {state_dir}", "stop it, or use another state_dir") from None
    return handle


def is_locked(state_dir: Path) -> bool:
    """Whether a daemon holds the lock; without the right to ask, the answer is no."""
    with suppress(FileNotFoundError, PermissionError):
        handle = os.open(state_dir / LOCK_NAME, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
    return False
