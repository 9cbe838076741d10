"""What the commands share: how arguments are read, and whether the packages that a command needs are there."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import TypeAlias

from converter.errors import MissingError

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
"""Where a command is added."""

PICTURES = (".jpg", ".jpeg", ".png", ".webp")


def command(subparsers: Subparsers, name: str, what: str, example: str) -> argparse.ArgumentParser:
    """Add a command whose help shows an example.

    Args:
        subparsers: where the command is added.
        name: the words of the command, such as ``reader train``.
        what: what the command does, a sentence without its full stop.
        example: arguments that show its use.
    """
    return subparsers.add_parser(
        name.rpartition(" ")[2],
        help=what,
        description=what[0].upper() + what[1:] + ".",
        epilog=f"example:\n  autovelox-convert {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def size(text: str) -> tuple[int, int]:
    """Return ``512x384`` as (width, height) in pixels."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        width = height = 0
    if min(width, height) < 32 or max(width, height) > 4096:
        raise argparse.ArgumentTypeError(f"{text!r} is no size from 32 to 4096 pixels; write it like 512x384.")
    return width, height


def share(text: str) -> float:
    """Return a share from 0 to 0.5."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; give a number from 0 to 0.5.")
    return value


def factor(text: str) -> tuple[str, float]:
    """Return ``SOURCE=FACTOR`` as (source, factor), the factor from 1 to 3."""
    source, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not source or not 1.0 <= number <= 3.0:
        raise argparse.ArgumentTypeError(f"{text!r}: write SOURCE=FACTOR with a factor from 1 to 3.")
    return source, number


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number greater than zero.")
    return int(text)


def rate(text: str) -> float:
    """Return a learning rate: a number greater than 0, at most 1."""
    value = probability(text)
    if value == 0.0:
        raise argparse.ArgumentTypeError("0 is no learning rate; give a number above 0, e.g. 0.001.")
    return value


def picture(text: str) -> Path:
    """Return the path of a picture to write."""
    if Path(text).suffix.lower() not in PICTURES:
        raise argparse.ArgumentTypeError(f"{text!r} is no picture that can be written; end it with .png or .jpg.")
    return Path(text)


def probability(text: str) -> float:
    """Return a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 0 to 1.")
    return value


def need_tensorflow() -> None:
    """Check that TensorFlow is installed.

    Raises:
        MissingError: it is not.
    """
    if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("object_detection") is None:
        raise MissingError("this command needs the converter's environment", "run `make converter` and use its command")


def need_reader() -> None:
    """Check that the reader's packages are installed.

    Raises:
        MissingError: they are not.
    """
    if importlib.util.find_spec("easyocr") is None:
        raise MissingError("this command needs the unit's environment", "run `make install` and use its command")
