"""What a check of the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge.errors import EdgeError


class Health(StrEnum):
    """Good; worth knowing, but the unit runs; or the unit does not run like this."""

    GOOD = "good"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``remedy`` says what to do unless all is good."""

    subject: str
    health: Health
    text: str
    remedy: str = ""


def good(subject: str, text: str) -> Finding:
    """All is well with *subject*."""
    return Finding(subject, Health.GOOD, text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    """The unit runs, but *remedy* should be taken."""
    return Finding(subject, Health.WARNING, text, remedy)


def missing(subject: str, text: str, remedy: str) -> Finding:
    """The unit does not run before *remedy* was taken."""
    return Finding(subject, Health.MISSING, text, remedy)


def from_error(subject: str, error: EdgeError) -> Finding:
    """An error as a finding."""
    return missing(subject, error.cause, error.remedy)
