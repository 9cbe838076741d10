"""Writing files so that a power cut leaves either the whole file or none."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from edge.crypto import sync_folder

PRIVATE, GROUP_READS, PRIVATE_FOLDER = 0o600, 0o640, 0o700
"""Modes, whatever the umask: what is in a state folder is its owner's alone; the group may read checkpoints."""
PART = ".part"
"""Suffix of a file that is being written. After a crash such a file is incomplete and is deleted."""


def write_durably(path: Path, data: bytes, *, secret: bool = False, mode: int = PRIVATE) -> None:
    """Write *data* to a new file beside *path*, sync it, rename it to *path*, and sync the folder.

    *mode* is the file's; what root writes belongs to the folder's owner. If it is *secret*, it is private, the earlier
    content of *path* is overwritten with zeros once the new file has its name, and an attempt that failed is
    overwritten as well. A link in place of the part is removed, never followed.

    Raises:
        OSError: the disk reports an error. *path* is then absent, or has its earlier content.
    """
    with ExitStack() as stack:
        before = _to_overwrite(path, stack) if secret else None
        _write(path, data, PRIVATE if secret else mode, secret=secret)
        if before is not None:
            _overwrite(before)


def write_together(files: Sequence[tuple[Path, bytes]], last: Path, data: bytes) -> None:
    """Write new *files* and then *last*, which names them and is secret, into one folder, which is made if need be.

    Whoever finds *last* with *data* after a power cut finds the *files* whole; without it they count for nothing, and
    may be there in part. *last* replaces what it was as :func:`write_durably` does.

    Everything is made, and on its way to the disk, before the first sync. That one is then a commit of the file
    system's journal for all the names, and what the folders' syncs wait for is there already.

    Raises:
        OSError: the disk reports an error. *last* then is absent, or has its earlier content.
    """
    folder = last.parent
    is_new = _make_folder(folder)
    part = last.with_name(last.name + PART)
    with ExitStack() as stack:
        before = _to_overwrite(last, stack)
        try:
            made = [_create(path, content, PRIVATE, stack) for path, content in (*files, (part, data))]
            for descriptor in made:
                with suppress(OSError):
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            for descriptor in made:
                os.fsync(descriptor)
            if is_new:
                sync_folder(folder.parent)
            if is_new or files:
                sync_folder(folder)
        except OSError:
            _discard(part, secret=True)
            for path, _ in files:
                path.unlink(missing_ok=True)
            raise
        try:
            part.replace(last)
        except OSError:
            _discard(part, secret=True)
            raise
        sync_folder(folder)
        if before is not None:
            _overwrite(before)


def _write(path: Path, data: bytes, mode: int, *, secret: bool) -> None:
    part = path.with_name(path.name + PART)
    try:
        with ExitStack() as stack:
            os.fsync(_create(part, data, mode, stack))
        part.replace(path)
    except OSError:
        _discard(part, secret=secret)
        raise
    sync_folder(path.parent)


def _create(path: Path, data: bytes, mode: int, stack: ExitStack) -> int:
    """The descriptor of a new file with *data*, which may still be in memory alone; *stack* closes it."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
    stack.callback(os.close, descriptor)
    os.fchmod(descriptor, mode)
    give_to_owner(descriptor, path.parent)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    return descriptor


def _discard(part: Path, *, secret: bool) -> None:
    if secret:
        with suppress(OSError):
            erase(part)
    part.unlink(missing_ok=True)


def give_to_owner(descriptor: int, folder: Path) -> None:
    """Give the open file to the owner of *folder* where root made it: the unit's own account has to go on with it.

    Raises:
        OSError: the folder cannot be looked at.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def is_own(status: os.stat_result, folder: Path) -> bool:
    """Whether a file with that *status* in *folder* is a regular one of the folder's owner, or of root.

    An earlier version let officers' accounts write into the state folder; what they left there counts for nothing.

    Raises:
        OSError: the folder cannot be looked at.
    """
    return stat.S_ISREG(status.st_mode) and status.st_uid in (0, folder.stat().st_uid)


def read_own(path: Path) -> bytes:
    """The content of the file at *path*, which is the folder's owner's; no link, and nothing that one would wait for.

    Raises:
        OSError: it cannot be read, or is somebody else's.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not is_own(os.fstat(file.fileno()), path.parent):
            raise PermissionError(errno.EPERM, "another account left it there", str(path))
        return file.read()


def make_folder(folder: Path) -> None:
    """Make *folder*, whose parent exists, and sync the parent. A link or a file in its place is removed, not followed.

    Raises:
        OSError: the disk reports an error.
    """
    if _make_folder(folder):
        sync_folder(folder.parent)


def _make_folder(folder: Path) -> bool:
    """Make *folder*; returns False if it was there, True if its parent has to be synced."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.unlink()
    if folder.is_dir():
        return False
    folder.mkdir(mode=PRIVATE_FOLDER)
    folder.chmod(PRIVATE_FOLDER)
    return True


def erase(path: Path) -> None:
    """Overwrite the file at *path* with zeros, sync, and remove it; do nothing if it does not exist.

    Of a link, or what another account left there, the name alone is removed.

    On flash memory the old blocks may remain until the card reuses them: docs/privacy.md.

    Raises:
        OSError: the disk reports an error.
    """
    if not os.path.lexists(path):
        return
    with ExitStack() as stack:
        if (file := _to_overwrite(path, stack)) is not None:
            _overwrite(file)
    path.unlink()
    sync_folder(path.parent)


def withdraw(path: Path) -> None:
    """Remove the file at *path* first and overwrite its blocks then: a crash leaves it whole or gone, never zeros.

    One that cannot be opened is removed all the same.

    Raises:
        OSError: the file does not exist, or the disk reports an error.
    """
    with ExitStack() as stack:
        file = None
        with suppress(OSError):
            file = _to_overwrite(path, stack)
        path.unlink()
        sync_folder(path.parent)
        if file is not None:
            _overwrite(file)


def sync_file(file: BinaryIO) -> None:
    """Bring what was written to *file* to the disk.

    Raises:
        OSError: the disk reports an error.
    """
    file.flush()
    os.fsync(file.fileno())


def sync_tree(folder: Path, before_sync: Callable[[], None] = lambda: None) -> None:
    """Bring all files and folders below *folder* to the disk; *before_sync* is called before each of them.

    Raises:
        OSError: the disk reports an error.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            before_sync()
            with Path(parent, name).open("rb") as file:
                os.fsync(file.fileno())
        before_sync()
        sync_folder(Path(parent))


def _to_overwrite(path: Path, stack: ExitStack) -> BinaryIO | None:
    """The file at *path*, whose content has to go; None if there is none, or a link or something else in its place."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):  # a link, a socket, a folder
            return None
        raise
    status = os.fstat(descriptor)
    if not is_own(status, path.parent) or status.st_nlink != 1:  # a pipe, or another name of another file
        os.close(descriptor)
        return None
    return stack.enter_context(os.fdopen(descriptor, "r+b"))


def _overwrite(file: BinaryIO) -> None:
    file.write(bytes(os.fstat(file.fileno()).st_size))
    sync_file(file)
