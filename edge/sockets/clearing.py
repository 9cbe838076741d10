"""What the last end left of a Unix socket."""

from __future__ import annotations

import socket
import stat
from pathlib import Path


def clear_socket(path: Path) -> None:
    """Remove a socket at *path* that nobody answers at any more.

    Raises:
        OSError: somebody does, or there is something else.
    """
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(0, "there is a file of that name")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise FileExistsError(0, "another program answers there")
    path.unlink()
