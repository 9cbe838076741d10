"""Looks at the registry's file, and at what lies beside it, before SQLite opens it.

SQLite applies a file named ``registry.sqlite-journal`` or ``-wal`` to the database beside it, whoever wrote that file.
So files of other accounts are refused.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from edge.errors import RegistryError

ROOT = 0
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def check_files(path: Path, *, reading: bool) -> None:
    """Check the registry at *path* and the files that SQLite would take for its own.

    Args:
        path: the database.
        reading: it will be opened read-only, which cannot finish what an interrupted command left.

    Raises:
        RegistryError: there is no registry, somebody else could have written it, or a file beside it is foreign.
    """
    status = _status(path)
    if status is None:
        raise RegistryError(f"there is no registry {path}", "make one with autovelox registry init")
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        raise RegistryError(
            f"{path} is not a plain file of its own", "restore its last backup, as a file without links"
        )
    if os.geteuid() not in {ROOT, status.st_uid} and status.st_uid != ROOT:
        raise RegistryError(f"{path} belongs to another account", "run as the account that it belongs to")
    if status.st_mode & OTHERS_WRITE:
        raise RegistryError(f"{path} may be written by others", "chmod 600 it, and check it: autovelox registry check")
    for ending in ("-wal", "-shm"):
        if _status(beside(path, ending)) is not None:
            raise RegistryError(
                f"{beside(path, ending)} is not the registry's", "find out who left it there, and move it away"
            )
    journal = beside(path, "-journal")
    left = _status(journal)
    if left is None or left.st_size == 0:
        return
    own = stat.S_ISREG(left.st_mode) and left.st_nlink == 1 and left.st_uid in {ROOT, status.st_uid}
    if not own or left.st_mode & OTHERS_WRITE:
        raise RegistryError(f"{journal} is not the registry's", "find out who left it there, and move it away")
    if reading:
        raise RegistryError(
            f"{path} is in use, or a command was interrupted", "run autovelox registry check, which finishes it"
        )


def beside(path: Path, ending: str) -> Path:
    """The file of the same name with *ending*."""
    return path.with_name(path.name + ending)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryError(
            f"{path} cannot be looked at ({error.strerror})", "check its folder's permissions"
        ) from None
