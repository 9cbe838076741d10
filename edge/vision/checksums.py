"""A folder of model files and the list of their checksums."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edge.errors import ModelError

LIST_NAME = "SHA256SUMS"
"""As ``sha256sum`` writes it: checksum, two spaces, file name."""
NETWORK_NAME = "plate_reader"
"""EasyOCR's name of the reader's network."""
LITERT_NAME = f"{NETWORK_NAME}_float32.tflite"
"""The same network for LiteRT; its description beside it names the checksums of both."""
READER_FILES = tuple(f"{NETWORK_NAME}.{suffix}" for suffix in ("py", "yaml", "pth", "json"))


def verify_folder(folder: Path, needed: tuple[str, ...]) -> None:
    """Check every file that ``SHA256SUMS`` in *folder* names, and that it names all *needed* ones.

    Raises :class:`~edge.errors.ModelError` where the list or a file is missing, or a file is not the one listed.
    """
    listed = _listed(folder)
    for name in needed:
        if name not in listed:
            raise ModelError(f"{folder / LIST_NAME} does not list {name}", "install the models again")
    for name, expected in listed.items():
        try:
            actual = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError:
            raise ModelError(f"{folder / name} is missing or unreadable", "install the models again") from None
        if actual != expected:
            raise ModelError(f"{folder / name} is not the file that was released", "install the models again")


def reader_checksum(models: Path) -> str:
    """SHA-256 of the reader's weights in the folder of all *models*; see :func:`weights_checksum`."""
    return weights_checksum(models / "reader")


def weights_checksum(folder: Path) -> str:
    """SHA-256 of the weights in the reader's *folder*, as its list gives it: load them to check it.

    Raises :class:`~edge.errors.ModelError` where the list is missing, damaged or does not name them.
    """
    listed, weights = _listed(folder), f"{NETWORK_NAME}.pth"
    if weights not in listed:
        raise ModelError(f"{folder / LIST_NAME} does not list {weights}", "install the models again")
    return listed[weights]


def _listed(folder: Path) -> dict[str, str]:
    """File names and their checksums."""
    try:
        lines = (folder / LIST_NAME).read_text(encoding="utf-8").splitlines()
        return {name: expected for expected, name in (line.split(maxsplit=1) for line in lines if line.strip())}
    except (OSError, ValueError):
        raise ModelError(f"{folder / LIST_NAME} cannot be read", "install the models again") from None


def write_list(folder: Path, names: tuple[str, ...]) -> None:
    """Write ``SHA256SUMS`` for *names* in *folder*."""
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / LIST_NAME).write_text("".join(sums), encoding="utf-8")
