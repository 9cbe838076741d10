"""Every error that the converter raises on purpose: one tree.

    ConverterError
    ├── LabelError     a label file says something that cannot be
    ├── MissingError   a package or a file that a command needs is not there
    ├── RunError       a training in a folder does not fit what was asked for
    └── NetworkError   a file holds no network of the kind that was asked for

The command line prints ``cause: remedy`` and exits with 1.
"""

from __future__ import annotations

from pathlib import Path


class ConverterError(Exception):
    """Base of every error of the converter.

    ``cause`` says what is wrong and ``remedy`` what to do about it, both for a person; as a text the error is
    ``cause: remedy``.
    """

    def __init__(self, cause: str, remedy: str) -> None:
        """Keep both parts of the message."""
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause}: {self.remedy}"


class LabelError(ConverterError, ValueError):
    """A label file says something that cannot be; the cause begins with the file and the line, or the entry."""

    def __init__(self, path: Path, place: int | str, cause: str, remedy: str) -> None:
        """Keep the message; *place* is the number of a line or the name of an entry."""
        super().__init__(f"{path}, {place if isinstance(place, str) else f'line {place}'}, {cause}", remedy)
        self._place = path, place, cause

    def __reduce__(self) -> tuple[type[LabelError], tuple[Path, int | str, str, str]]:
        return type(self), (*self._place, self.remedy)


class MissingError(ConverterError, RuntimeError):
    """A package or a file that a command needs is not there, or is damaged."""


class RunError(ConverterError, ValueError):
    """A training in a folder does not fit what was asked for."""


class NetworkError(ConverterError, ValueError):
    """A file holds no network of the kind that was asked for."""
