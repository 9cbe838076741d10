"""What the converter refuses, in one sentence each."""

from __future__ import annotations

from pathlib import Path


class ConverterError(Exception):
    """Base of every error that the converter raises on purpose; the message is for a person."""


class LabelError(ConverterError, ValueError):
    """A label file says something that cannot be; the message names the file and the line, or the place by name."""

    def __init__(self, path: Path, place: int | str, what: str) -> None:
        super().__init__(f"{path}, {place if isinstance(place, str) else f'line {place}'}: {what}")


class MissingError(ConverterError, RuntimeError):
    """A package or a file that this command needs is not there."""
