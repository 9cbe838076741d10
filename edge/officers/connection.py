"""HTTP over the service's socket with the standard library's client: requests, problems, and answers that take long."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from edge.cases import Progress
from edge.errors import CaseError, EdgeError
from edge.officers import wire

LONG_ANSWER_S = 120.0
"""How long the service may say nothing while it works: it sends a line a second, once it has something to say."""
BLOCK = 1 << 18
"""Bytes that are read and written at once."""
LONGEST_LINE = 1 << 16
ACCEPTED = frozenset({200, 201})


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the Unix socket at a path."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        """Nothing is connected before the first request."""
        super().__init__("localhost", timeout=timeout_s)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def say_long(path: Path, address: str, body: Mapping[str, Any], progress: Progress) -> str:
    """Ask for long work, and tell *progress* of it; returns what the service says of it.

    Raises:
        EdgeError: the problem that the service has, or it does not answer.
    """
    with closing(UnixConnection(path, LONG_ANSWER_S)) as connection:
        return str(_until_done(connection, address, body, progress)[1]["says"])


def fetch(path: Path, address: str, body: Mapping[str, Any], to: Path, progress: Progress) -> str:
    """Ask for a file, check it and write it to the new file *to*; returns what the service says of it.

    Raises:
        CaseError: *to* exists, cannot be written, or the file did not arrive whole.
        EdgeError: the problem that the service has, or it does not answer.
    """
    if to.exists():
        raise CaseError(f"{to} exists already", "choose another name, nothing is overwritten")
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file, closing(UnixConnection(path, LONG_ANSWER_S)) as connection:
            answer, said = _until_done(connection, address, body, progress)
            digest, left = hashlib.sha256(), int(said["size"])
            while left:
                with asked(path):
                    block = answer.read(min(BLOCK, left))
                if not block:
                    break
                left -= len(block)
                digest.update(block)
                file.write(block)
                file.flush()
                _begin_to_write(file.fileno(), file.tell() - len(block), len(block))
            if left or digest.hexdigest() != said["sha256"]:
                raise CaseError("the file did not arrive as it was sent", "ask for it again")
            file.flush()
            os.fsync(file.fileno())
        part.rename(to)
    except OSError as error:
        raise CaseError(f"{to} cannot be written ({error.strerror})", "check its folder and the disk") from None
    finally:
        part.unlink(missing_ok=True)
    return str(said["says"])


def _begin_to_write(descriptor: int, offset: int, size: int) -> None:
    """Have the kernel begin to write these bytes to the disk.

    On the unit the camera files to the same disk. A sync of every block would be a commit of the file system each time,
    which the camera's own syncs wait for; one sync at the end alone would be one long wait.
    """
    with suppress(OSError):
        os.posix_fadvise(descriptor, offset, size, os.POSIX_FADV_DONTNEED)


def _until_done(
    connection: UnixConnection, address: str, body: Mapping[str, Any], progress: Progress
) -> tuple[http.client.HTTPResponse, Mapping[str, Any]]:
    """Ask, and read lines until the last one; a file's bytes are not read yet."""
    with asked(connection.path):
        headers = {"Content-Type": "application/json", "Accept": wire.LINES}
        connection.request("POST", address, encode(body), headers)
        answer = connection.getresponse()
    if answer.status not in ACCEPTED:
        with asked(connection.path):
            refuse(answer, answer.read())
    with understood():
        if answer.headers.get_content_type() != wire.LINES:
            raise TypeError
        while True:
            with asked(connection.path):
                line = answer.readline(LONGEST_LINE)
            found = json.loads(line)
            if "type" in found:
                raise wire.to_error(found)
            if "says" in found:
                return answer, found
            progress(str(found["stage"]), int(found["done"]), int(found["total"]))


@contextmanager
def asked(path: Path) -> Iterator[None]:
    """Turn what goes wrong between here and the service into sentences."""
    try:
        yield
    except PermissionError:
        raise CaseError(
            "this account may not see the unit's cases", "let the operator add it to the unit's group, log in again"
        ) from None
    except TimeoutError:
        raise CaseError("the officers' service has not answered in time", "try again, or read its journal") from None
    except (OSError, http.client.HTTPException):
        raise CaseError(
            f"the officers' service does not answer at {path}", "let the operator start autovelox-officers"
        ) from None


def encode(body: Mapping[str, Any]) -> bytes:
    """*body* as JSON, what is None left out.

    Raises:
        CaseError: a text is no Unicode.
    """
    try:
        return json.dumps({name: value for name, value in body.items() if value is not None}).encode("ascii")
    except UnicodeEncodeError:
        raise CaseError("the text contains invalid characters", "type it again") from None


def refuse(answer: http.client.HTTPResponse, data: bytes) -> None:
    """Raise the error that a problem stands for."""
    if answer.status in ACCEPTED:
        return
    with understood():
        body = json.loads(data)
        raise wire.to_error(body)


@contextmanager
def understood() -> Iterator[None]:
    """Turn an answer that is none of this interface into a sentence."""
    try:
        yield
    except EdgeError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CaseError(
            "the officers' service answers in a way that this program does not know",
            "use the program that came with the service",
        ) from None
