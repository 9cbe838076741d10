"""The locks of a state folder: at most one daemon uses it, and whoever mends or migrates it is alone with it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.cases.storage.durable import PRIVATE, PRIVATE_FOLDER, give_to_owner, is_own
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError

TRIES, BETWEEN_TRIES_S = 10, 0.05


def take_lock(folder: StateFolder) -> int:
    """Make the folder if it does not exist, take it from everybody but its owner, and lock it.

    Returns:
        The file descriptor of the lock file. The lock is held until it is closed, or until the process ends.

    Raises:
        CaseError: another daemon uses the folder, or the folder cannot be written.
    """
    try:
        folder.root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        if folder.root.stat().st_mode & 0o7777 != PRIVATE_FOLDER:
            folder.root.chmod(PRIVATE_FOLDER)  # an earlier version let officers' programs in
        descriptor = open_lock(folder.lock)
    except OSError as error:
        raise _refusal(folder, error) from None
    for _ in range(TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(BETWEEN_TRIES_S)  # it may be somebody who asks whether a daemon runs
        else:
            return descriptor
    os.close(descriptor)
    raise CaseError(f"another daemon uses the cases in {folder.root}", "stop it, or configure another state_dir")


def is_locked(folder: StateFolder) -> bool:
    """Whether a daemon uses the folder; False where this account may not open the lock file."""
    with suppress(FileNotFoundError, PermissionError):
        descriptor = os.open(folder.lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False


class StoreLock:
    """Held by every process that writes to the store, as long as it has the database open.

    Whoever comes first is alone from the beginning to the end of its first block of :meth:`alone`, which has to follow:
    of two that start together one mends the store, and the other waits for it.
    """

    def __init__(self, folder: StateFolder) -> None:
        """Take part; waits while another process is alone with the store.

        Raises:
            CaseError: the folder cannot be written.
        """
        try:
            self._descriptor = open_lock(folder.store_lock)
        except OSError as error:
            raise _refusal(folder, error) from None
        self._is_alone = _at_once(self._descriptor)
        if not self._is_alone:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Gives whether no other process writes to the store; if so, none begins before the end of the block."""
        for _ in range(2):  # a reader that mends the log is alone for a moment
            self._is_alone = self._is_alone or _at_once(self._descriptor)
            if self._is_alone:
                break
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        try:
            yield self._is_alone
        finally:
            self._is_alone = False
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def release(self) -> None:
        """Take part no longer."""
        os.close(self._descriptor)


@contextmanager
def nobody_writes(folder: StateFolder) -> Iterator[bool]:
    """Gives whether no process writes to the store; if so, none begins before the end of the block. Waits for nobody.

    Raises:
        OSError: the folder cannot be written.
    """
    descriptor = open_lock(folder.store_lock)
    try:
        yield _at_once(descriptor)
    finally:
        os.close(descriptor)


def _at_once(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_lock(path: Path) -> int:
    """The descriptor of the lock file at *path*, which is made if need be; what another account left there is removed.

    Raises:
        OSError: the folder cannot be written.
    """
    with suppress(FileNotFoundError):
        if not is_own(path.lstat(), path.parent):
            path.unlink()  # whoever left it there would hold the lock, or have its mode changed through a link
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, PRIVATE)
    os.fchmod(descriptor, PRIVATE)
    give_to_owner(descriptor, path.parent)
    return descriptor


def _refusal(folder: StateFolder, error: OSError) -> CaseError:
    return CaseError(
        f"{folder.root} cannot be written ({error.strerror})", "check unit.state_dir and the folder's owner"
    )
