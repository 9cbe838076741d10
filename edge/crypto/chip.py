"""The chip on a driver's licence: what a car needs to seal a packet for the police.

The file is one JSON object: ``{"uid": "...", "licence": "...", "public_key": "-----BEGIN PUBLIC KEY-----..."}``. It is
secret: whoever has the uid and the public key can send packets in the driver's name. So only its owner may read it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from edge.errors import SecretError

_FIELDS: Final = frozenset({"uid", "licence", "public_key"})


@dataclass(frozen=True, slots=True)
class Chip:
    """A licence's chip.

    Attributes:
        uid: the chip's secret unique ID.
        licence: the licence number.
        public_key: the RSA public key, PEM text.
    """

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    public_key: str = field(repr=False)


def load_chip(path: Path) -> Chip:
    """Read the chip file at *path*.

    Raises:
        SecretError: the file is missing, unreadable, or not a chip file.
    """
    try:
        chip = read_chip(path.read_bytes())
    except FileNotFoundError:
        raise SecretError(f"there is no chip file {path}", "autovelox registry enrol writes one") from None
    except OSError as error:
        raise SecretError(f"the chip file {path} cannot be read ({error.strerror})", "check its permissions") from None
    if chip is None:
        raise SecretError(
            f"{path} is not a chip file",
            "name the one that autovelox registry enrol wrote; registry replace makes another",
        )
    return chip


def read_chip(document: bytes) -> Chip | None:
    """The chip in *document*, what a chip file holds; None if it is none."""
    try:
        values = json.loads(document.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    complete = isinstance(values, dict) and set(values) == _FIELDS
    if not complete or not all(isinstance(value, str) and value for value in values.values()):
        return None
    return Chip(**values)


def chip_document(chip: Chip) -> bytes:
    """What a chip file holds (JSON)."""
    document = {"uid": chip.uid, "licence": chip.licence, "public_key": chip.public_key}
    return (json.dumps(document, indent=1) + "\n").encode("utf-8")


def save_chip(chip: Chip, path: Path) -> None:
    """Write *chip* to *path*, readable by its owner alone (mode 0600); an existing file is not overwritten.

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(chip_document(chip))
    except FileExistsError:
        raise SecretError(f"{path} exists already", "move it away, a chip is never overwritten") from None
    except OSError as error:
        raise SecretError(
            f"the chip file {path} cannot be written ({error.strerror})", "check its folder and the disk"
        ) from None
