"""Writing files so that a power cut leaves either all of them or nothing."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from edge.crypto.keyfile import sync_folder

PRIVATE, GROUP_READS, GROUP_WRITES = 0o600, 0o640, 0o660
"""Modes of what is in a state folder, whatever the umask: who may enter the folder at all, the folder says."""
PART = ".part"
"""Ending of a file that is still being written; one that is found later is rubbish."""


def write_durably(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write *data* to *path*: beside it first, synced, renamed into place, the folder synced.

    Where the file is *secret*, what it held before is overwritten once the new one has its name, and so is what a
    refused attempt left.

    Raises:
        OSError: the disk refuses; nothing is left at *path* then, or what was there before.
    """
    with ExitStack() as stack:
        before = None
        if secret:
            with suppress(FileNotFoundError):
                before = stack.enter_context(path.open("r+b"))
        _write(path, data, secret=secret)
        if before is not None:
            _blank(before)


def _write(path: Path, data: bytes, *, secret: bool) -> None:
    part = path.with_name(path.name + PART)
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
        try:
            os.fchmod(handle, PRIVATE if secret else GROUP_READS)
            view = memoryview(data)
            while view:
                view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        part.replace(path)
    except OSError:
        if secret:
            with suppress(OSError):
                erase(part)
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make *folder* (its parent exists) and bring its name to the disk."""
    if not folder.is_dir():
        folder.mkdir(mode=0o750)
        folder.chmod(0o750)
        sync_folder(folder.parent)


def erase(path: Path) -> None:
    """Overwrite the file at *path* with zeros, sync, and remove it; one that is gone already is fine.

    On flash the old blocks may live on until the card reuses them: docs/privacy.md.
    """
    try:
        with path.open("r+b") as file:
            _blank(file)
    except FileNotFoundError:
        return
    path.unlink()
    sync_folder(path.parent)


def withdraw(path: Path) -> None:
    """Remove the file at *path*, which never was to be, and only then overwrite it: it is whole or gone, never zeros.

    Raises:
        OSError: it is not there, or the disk refuses.
    """
    with path.open("r+b") as file:
        path.unlink()
        sync_folder(path.parent)
        _blank(file)


def _blank(file: BinaryIO) -> None:
    file.write(bytes(os.fstat(file.fileno()).st_size))
    file.flush()
    os.fsync(file.fileno())
