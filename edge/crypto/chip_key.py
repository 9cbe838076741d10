"""The signing half of a chip: a key pair whose private half stays inside, and a counter that only rises.

The reference chip is a file that only its owner may read; the counter is kept in a file beside it, and is on the disk
before the signature that it goes into is given out.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Final, Protocol

from Crypto.PublicKey import RSA
from Crypto.PublicKey.RSA import RsaKey

from edge.crypto.chip_signature import enrolment_message, is_chips, sign_message
from edge.crypto.keyfile import sync_folder
from edge.crypto.packet import is_licence
from edge.crypto.rsa_key import KEY_BITS
from edge.crypto.sealed_uid import MAX_COUNTER
from edge.errors import SecretError

REQUEST_FORMAT: Final = "autovelox-chip-request/2"


class ChipKey(Protocol):
    """What signs for a chip."""

    @property
    def verify_key(self) -> bytes:
        """The public half, DER of its ``SubjectPublicKeyInfo``."""

    def next_counter(self) -> int:
        """A number that this chip has never given before, larger than all of them."""

    def sign(self, message: bytes) -> bytes:
        """The signature of *message*, RSASSA-PSS with SHA-256."""


class FileChipKey:
    """A chip's signing key in a file. Make one with :func:`save_chip_key`, open it with :func:`load_chip_key`."""

    def __init__(self, path: Path, key: RsaKey) -> None:
        """Sign with *key*; the counter is kept beside *path*."""
        self._path = path
        self._key = key
        self.verify_key = bytes(key.public_key().export_key("DER"))

    def __repr__(self) -> str:
        return f"FileChipKey({self._path.name})"

    def sign(self, message: bytes) -> bytes:
        """The signature of *message*, RSASSA-PSS with SHA-256."""
        return sign_message(self._key, message)

    def next_counter(self) -> int:
        """One more than the last number given; it is on the disk when this returns.

        Raises:
            SecretError: the counter's file is damaged, cannot be written, or is at its end.
        """
        place = counter_file(self._path)
        try:
            with self._path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                number = int(place.read_text(encoding="ascii")) + 1 if place.exists() else 1
                if not 0 < number <= MAX_COUNTER:
                    raise ValueError("at its end")
                fresh = place.with_name(place.name + ".new")
                handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    file.write(f"{number}\n")
                    file.flush()
                    os.fsync(handle)
                fresh.replace(place)
                sync_folder(place.parent)
        except ValueError:
            raise SecretError(f"the chip's counter {place} is damaged", "have the chip replaced") from None
        except OSError as error:
            raise SecretError(
                f"the chip's counter {place} cannot be kept ({error.strerror})", "check its folder and the disk"
            ) from None
        return number


def counter_file(path: Path) -> Path:
    """Where the counter of the signing key at *path* is kept."""
    return path.with_name(path.name + ".counter")


def load_chip_key(path: Path) -> FileChipKey:
    """The signing key in the file at *path* (PEM).

    Raises:
        SecretError: it is missing, readable by others, or not such a key.
    """
    try:
        with path.open("rb") as file:
            mode, text = os.fstat(file.fileno()).st_mode, file.read()
    except OSError as error:
        raise SecretError(f"the signing key {path} cannot be read ({error.strerror})", "check its name") from None
    if stat.S_IMODE(mode) & 0o077:
        raise SecretError(f"the signing key {path} may be read by others", "have the chip replaced, chmod 600 the next")
    try:
        key = RSA.import_key(text)
    except (ValueError, IndexError, TypeError):
        raise SecretError(f"{path} is not a signing key", "have the chip replaced") from None
    if key.size_in_bits() != KEY_BITS or not key.has_private():
        raise SecretError(f"{path} is not a private key of {KEY_BITS} bits", "have the chip replaced")
    return FileChipKey(path, key)


def save_chip_key(path: Path, key: RsaKey) -> FileChipKey:
    """Write *key* to a new file that only its owner may read.

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.export_key("PEM", pkcs=8) + b"\n")
            file.flush()
            os.fsync(handle)
        sync_folder(path.parent)
    except FileExistsError:
        raise SecretError(f"{path} exists already", "move it away, a signing key is never overwritten") from None
    except OSError as error:
        raise SecretError(f"{path} cannot be written ({error.strerror})", "check its folder and the disk") from None
    return FileChipKey(path, key)


def make_request(key: ChipKey, licence: str) -> bytes:
    """What the chip of *licence* asks the registry to enrol: its verify key, and the proof that it has the other half.

    JSON: ``{"format", "licence", "verify_key": base64 DER, "proof": base64 signature}``.

    Raises:
        SecretError: *licence* is no licence number.
    """
    if not is_licence(licence):
        raise SecretError("that is no licence number", "write its 1 to 20 characters of A to Z and 0 to 9")
    values = key.verify_key, key.sign(enrolment_message(licence, key.verify_key))
    verify_key, proof = (base64.b64encode(value).decode("ascii") for value in values)
    document = {"format": REQUEST_FORMAT, "licence": licence, "verify_key": verify_key, "proof": proof}
    return (json.dumps(document, indent=1) + "\n").encode()


def check_request(request: bytes, licence: str) -> bytes:
    """The verify key (DER) in a chip's *request*, if it was made for *licence* by who has the private half.

    A licence number is 1 to 20 characters of ``A-Z 0-9``.

    Raises:
        SecretError: it was not.
    """
    try:
        document = json.loads(request)
        if document["format"] != REQUEST_FORMAT or not is_licence(licence):
            raise ValueError("of another format, or for what is no licence number")
        verify_key, proof = (base64.b64decode(document[name], validate=True) for name in ("verify_key", "proof"))
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise SecretError("this is not the request of a chip", "make one with autovelox chip request") from None
    if document["licence"] != licence or not is_chips(verify_key, enrolment_message(licence, verify_key), proof):
        raise SecretError(
            "the chip does not prove, for this licence, that it has the signing key",
            "let it make its request again, for the licence that is enrolled",
        )
    return verify_key
