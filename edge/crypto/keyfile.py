"""Files that hold a secret key: read, checked and written.

Under systemd a key comes as a credential (``LoadCredential=`` puts it into ``$CREDENTIALS_DIRECTORY``, memory that is
never swapped); elsewhere it is a file that only its owner may read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path

from edge.errors import SecretError

KEY_BYTES = 32


def read_key(path: Path, what: str, *, make: str = "make one", sizes: Collection[int] = (KEY_BYTES,)) -> bytes:
    """Read the key at *path*, or the systemd credential of the same file name if there is one.

    Args:
        path: the key file.
        what: names the key in errors, as in ``"the master key"``.
        make: says how a new unit gets one, for the remedy.
        sizes: how many bytes it may have.

    Returns:
        So many bytes; without *sizes*, :data:`KEY_BYTES`.

    Raises:
        SecretError: the key is missing, not readable by us, readable by others, or not so long.
    """
    source = credential_or_file(path)
    try:
        with source.open("rb") as file:
            status = os.fstat(file.fileno())
            key = file.read(max(sizes) + 1)
    except FileNotFoundError:
        raise SecretError(f"{what} {path} is missing", f"put it back, or if this is a new unit {make}") from None
    except OSError as error:
        raise SecretError(f"{what} {path} cannot be read ({error.strerror})", "run as the user it belongs to") from None
    if source is path and stat.S_IMODE(status.st_mode) & 0o077:
        raise SecretError(f"{what} {path} may be read by others", "chmod 600 it, and replace it if others had access")
    if len(key) not in sizes:
        raise SecretError(f"{what} {path} is not a key of {min(sizes)} bytes", "put back the key file from its copy")
    return key


def credential_or_file(path: Path) -> Path:
    """The systemd credential that has the file name of *path*, if there is one, else *path*."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / path.name if folder else path
    return credential if credential.is_file() else path


def write_key(path: Path, key: bytes, what: str) -> None:
    """Write *key* to a new file that only its owner may read, and sync it to the disk.

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, key)
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(path.parent)
    except FileExistsError:
        raise SecretError(f"{what} {path} exists already", "a key is never overwritten, rotate it instead") from None
    except OSError as error:
        raise SecretError(
            f"{what} {path} cannot be written ({error.strerror})", "check its folder and the disk"
        ) from None


def sync_folder(folder: Path) -> None:
    """Sync the names in *folder* to the disk.

    Raises:
        OSError: the folder cannot be opened or synced.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
