"""Writing files so that a power cut leaves either the whole file or none."""

from __future__ import annotations

import errno
import os
import stat
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
        before = None
        if secret:
            with suppress(FileNotFoundError):
                before = stack.enter_context(path.open("r+b"))
        _write(path, data, PRIVATE if secret else mode, secret=secret)
        if before is not None:
            _overwrite(before)


def _write(path: Path, data: bytes, mode: int, *, secret: bool) -> None:
    part = path.with_name(path.name + PART)
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
        try:
            os.fchmod(descriptor, mode)
            give_to_owner(descriptor, part.parent)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        part.replace(path)
    except OSError:
        if secret:
            with suppress(OSError):
                erase(part)
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


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
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.unlink()
    if not folder.is_dir():
        folder.mkdir(mode=PRIVATE_FOLDER)
        folder.chmod(PRIVATE_FOLDER)
        sync_folder(folder.parent)


def erase(path: Path) -> None:
    """Overwrite the file at *path* with zeros, sync, and remove it; do nothing if it does not exist.

    On flash memory the old blocks may remain until the card reuses them: docs/privacy.md.

    Raises:
        OSError: the disk reports an error.
    """
    try:
        with path.open("r+b") as file:
            _overwrite(file)
    except FileNotFoundError:
        return
    path.unlink()
    sync_folder(path.parent)


def withdraw(path: Path) -> None:
    """Remove the file at *path* first and overwrite its blocks then: a crash leaves it whole or gone, never zeros.

    Raises:
        OSError: the file does not exist, or the disk reports an error.
    """
    with path.open("r+b") as file:
        path.unlink()
        sync_folder(path.parent)
        _overwrite(file)


def sync_file(file: BinaryIO) -> None:
    """Bring what was written to *file* to the disk.

    Raises:
        OSError: the disk reports an error.
    """
    file.flush()
    os.fsync(file.fileno())


def sync_tree(folder: Path) -> None:
    """Bring all files and folders below *folder* to the disk.

    Raises:
        OSError: the disk reports an error.
    """
    for parent, _, names in os.walk(folder):
        for name in names:
            with Path(parent, name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(parent))


def _overwrite(file: BinaryIO) -> None:
    file.write(bytes(os.fstat(file.fileno()).st_size))
    sync_file(file)
