"""Log records as journal entries with fields of their own (systemd's native journal protocol).

``journalctl -u autovelox AUTOVELOX_CASE=12`` then finds all that was said of case 12.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
from pathlib import Path
from typing import Any

from edge.terminal import legible

SOCKET = Path("/run/systemd/journal/socket")
FIELDS = {"case": "AUTOVELOX_CASE", "part": "AUTOVELOX_PART", "outcome": "AUTOVELOX_OUTCOME"}
"""Attributes of a record (``extra=``) that become fields: numbers and fixed words, nothing of a person."""
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class LegibleFormatter(logging.Formatter):
    """A message is one line, whatever a device or a file says in it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the library's name
        """The line of *record*, without a traceback."""
        return legible(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the library's name
        """The traceback, line by line."""
        return "\n".join(map(legible, super().formatException(ei).split("\n")))


def handler() -> logging.Handler:
    """A handler for the journal where our standard error goes there, else one for standard error."""
    if _stderr_is_journal() and SOCKET.exists():
        return JournalHandler(SOCKET)
    plain = logging.StreamHandler(sys.stderr)
    plain.setFormatter(LegibleFormatter(PLAIN))
    return plain


def _stderr_is_journal() -> bool:
    """Whether ``$JOURNAL_STREAM`` (device:inode) names the file that standard error is."""
    stream = os.environ.get("JOURNAL_STREAM", "")
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return stream == f"{status.st_dev}:{status.st_ino}"


class JournalHandler(logging.Handler):
    """Sends each record to the journal's socket; a journal that is full or gone loses it, and the unit goes on."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.setFormatter(LegibleFormatter("%(message)s"))  # level and logger are fields of the entry
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def emit(self, record: logging.LogRecord) -> None:
        """Send *record*."""
        with contextlib.suppress(OSError):
            self._socket.sendto(entry(record, self.format(record)), self._path)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()


def entry(record: logging.LogRecord, message: str) -> bytes:
    """*record* in the journal's native format, *message* its text."""
    fields = {
        "MESSAGE": message,
        "PRIORITY": str(next((number for level, number in PRIORITIES if record.levelno >= level), 7)),
        "SYSLOG_IDENTIFIER": "autovelox",
        "LOGGER": record.name,
        "CODE_FUNC": record.funcName or "",
    }
    fields |= {name: str(record.__dict__[key]) for key, name in FIELDS.items() if key in record.__dict__}
    return b"".join(_field(name, value.encode("utf-8", "replace")) for name, value in fields.items())


def _field(name: str, value: bytes) -> bytes:
    if b"\n" in value:
        return name.encode("ascii") + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name.encode("ascii") + b"=" + value + b"\n"
