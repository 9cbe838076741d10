"""The lock of a state folder: at most one daemon uses a folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from edge.cases.storage.durable import GROUP_READS
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError


def take_lock(folder: StateFolder) -> int:
    """Make the folder if it does not exist, and lock it.

    Returns:
        The file descriptor of the lock file. The lock is held until it is closed, or until the process ends.

    Raises:
        CaseError: another daemon uses the folder, or the folder cannot be written.
    """
    try:
        folder.root.mkdir(mode=0o750, parents=True, exist_ok=True)
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT, GROUP_READS)
        os.fchmod(descriptor, GROUP_READS)  # an officer's viewer opens it to see whether the daemon runs
    except OSError as error:
        raise CaseError(
            f"{folder.root} cannot be written ({error.strerror})", "check unit.state_dir and the folder's owner"
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CaseError(
            f"another daemon uses the cases in {folder.root}", "stop it, or configure another state_dir"
        ) from None
    return descriptor


def is_locked(folder: StateFolder) -> bool:
    """Whether a daemon uses the folder; False where this account may not open the lock file."""
    with suppress(FileNotFoundError, PermissionError):
        descriptor = os.open(folder.lock, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False
