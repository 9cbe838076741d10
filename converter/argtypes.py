"""How arguments of the command line are read; each refuses with a sentence."""

from __future__ import annotations

import argparse


def size(text: str) -> tuple[int, int]:
    """`512x384` as (width, height)."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it like 512x384.") from None
    return width, height


def share(text: str) -> float:
    """A fraction from 0 up to one half."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r} is no share; give a number from 0 to 0.5.")
    return value


def factor(text: str) -> tuple[str, float]:
    """`SOURCE=FACTOR`."""
    source, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not source or not 1.0 <= number <= 3.0:
        raise argparse.ArgumentTypeError(f"{text!r}: write SOURCE=FACTOR with a factor from 1 to 3.")
    return source, number


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number greater than zero.")
    return int(text)


def probability(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no confidence; give a number from 0 to 1.")
    return value
