"""Unpacking what earlier versions wrote, on every Python that the project supports."""

from __future__ import annotations

import tarfile
from pathlib import Path


def unpack(archive: Path, folder: Path) -> None:
    """Unpack *archive*, one of the repository's own, into *folder*."""
    with tarfile.open(archive) as opened:
        if hasattr(tarfile, "data_filter"):
            opened.extractall(folder, filter="data")
        else:  # Python 3.11.2 of Debian 12 has none
            opened.extractall(folder)
