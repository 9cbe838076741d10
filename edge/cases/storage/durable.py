"""Writing files so that a power cut leaves either the whole file or none."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from edge.crypto.keyfile import sync_folder

PRIVATE, GROUP_READS, GROUP_WRITES = 0o600, 0o640, 0o660
"""Modes of the files in a state folder, whatever the umask. The folder's own mode says who may enter it."""
PART = ".part"
"""Suffix of a file that is being written. After a crash such a file is incomplete and is deleted."""


def write_durably(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write *data* to a new file beside *path*, sync it, rename it to *path*, and sync the folder.

    If the file is *secret*, the earlier content of *path* is overwritten with zeros once the new file has its name,
    and an attempt that failed is overwritten as well.

    Raises:
        OSError: the disk reports an error. *path* is then absent, or has its earlier content.
    """
    with ExitStack() as stack:
        before = None
        if secret:
            with suppress(FileNotFoundError):
                before = stack.enter_context(path.open("r+b"))
        _write(path, data, secret=secret)
        if before is not None:
            _overwrite(before)


def _write(path: Path, data: bytes, *, secret: bool) -> None:
    part = path.with_name(path.name + PART)
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        try:
            os.fchmod(descriptor, PRIVATE if secret else GROUP_READS)
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


def make_folder(folder: Path) -> None:
    """Make *folder*, whose parent exists, and sync the parent.

    Raises:
        OSError: the disk reports an error.
    """
    if not folder.is_dir():
        folder.mkdir(mode=0o750)
        folder.chmod(0o750)
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
