"""Errors of the centre, beside those of :mod:`edge.errors`.

CentreError          20   the centre
├── DatabaseError    21   PostgreSQL
├── UnitError        22   a unit's enrolment or state
└── Refused               a request that is answered with a problem (RFC 9457); never reaches the command line
"""

from __future__ import annotations

from edge.errors import EdgeError


class CentreError(EdgeError, RuntimeError):
    """The centre cannot do what it was asked for."""

    exit_code = 20


class DatabaseError(CentreError):
    """PostgreSQL cannot be started, reached or used."""

    exit_code = 21


class UnitError(CentreError, ValueError):
    """A unit's enrolment or state does not allow it."""

    exit_code = 22


class Refused(CentreError):
    """A request is refused: ``word`` names the problem, ``status`` is HTTP's; ``retry_s`` says when to ask again."""

    def __init__(self, word: str, status: int, cause: str, remedy: str, *, retry_s: float | None = None) -> None:
        """Keep what the answer will say."""
        super().__init__(cause, remedy)
        self.word = word
        self.status = status
        self.retry_s = retry_s
