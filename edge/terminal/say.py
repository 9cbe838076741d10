"""Lines for a person, on standard output or standard error."""

from __future__ import annotations

import json
import sys
from typing import TextIO

from edge.terminal.text import legible


def say(*lines: str, to: TextIO | None = None) -> None:
    """Print each of *lines*, made legible, to standard output or *to*."""
    stream = sys.stdout if to is None else to
    stream.writelines(f"{_encodable(legible(line), stream)}\n" for line in lines)
    stream.flush()


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print *value* as JSON; names stay as they are written, what no terminal should get is escaped."""
    say(*json.dumps(value, ensure_ascii=False, indent=indent).split("\n"))


def progress(text: str) -> None:
    """Show *text* on the line where the cursor stands, in place of the last progress; nothing without a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{_encodable(legible(text), sys.stderr)}\x1b[K")
        sys.stderr.flush()


def end_progress() -> None:
    """Clear the line of progress."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _encodable(text: str, stream: TextIO) -> str:
    """*text* with what the stream cannot encode written as an escape."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
