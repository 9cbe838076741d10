"""The findings of the doctor's checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.errors import EdgeError


class Grade(StrEnum):
    """How grave a finding is: with a warning the unit runs, with something missing it does not."""

    GOOD = "good"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``remedy`` says what to do and is empty if nothing is to be done."""

    subject: str
    health: Grade
    text: str
    remedy: str = ""


def good(subject: str, text: str) -> Finding:
    """Return a finding that *subject* is in order."""
    return Finding(subject, Grade.GOOD, text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    """Return a finding with which the unit runs; *remedy* improves it."""
    return Finding(subject, Grade.WARNING, text, remedy)


def missing(subject: str, text: str, remedy: str) -> Finding:
    """Return a finding with which the unit does not run before *remedy* is done."""
    return Finding(subject, Grade.MISSING, text, remedy)


def from_error(subject: str, error: EdgeError) -> Finding:
    """Return the finding that *error* describes."""
    return missing(subject, error.cause, error.remedy)
