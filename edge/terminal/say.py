"""Lines for a person, on standard output or standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from edge.terminal.text import legible

SILENT_S = 1.0
"""How long work takes without anything being shown of it."""


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


@contextmanager
def progress_bar(work: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show how far *work* is, on a terminal and once it takes longer than a second; yields what is told of it.

    What is told is what is done, how many of them are, and how many there are.
    """
    if not sys.stderr.isatty():
        yield lambda _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Bar(*columns, console=Console(stderr=True, markup=False, highlight=False), transient=True)
    begun_s, task = time.monotonic(), bar.add_task(legible(work), total=None)

    def tell(stage: str, done: int, total: int) -> None:
        bar.update(task, description=legible(f"{work}: {stage}"), completed=done, total=total)
        if time.monotonic() - begun_s > SILENT_S:
            bar.start()

    try:
        yield tell
    finally:
        bar.stop()


def end_progress() -> None:
    """Clear the line of progress."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _encodable(text: str, stream: TextIO) -> str:
    """*text* with what the stream cannot encode written as an escape."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
