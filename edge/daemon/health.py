"""What is wrong with the unit now, part by part, and who is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

VITAL = frozenset({"workers", "camera", "disk"})
"""Parts without which the unit does no work: while one has a problem, the watchdog is not fed. Not `cases` and
`room`: a database behind its journal, or little room on the disk, loses nothing yet, and no restart mends it."""


class Health:
    """Asks each part for its problem."""

    def __init__(self, checks: Mapping[str, Callable[[], str | None]]) -> None:
        """*checks* gives each part's problem as ``cause: remedy``, or None."""
        self._checks = dict(checks)
        self._logged: dict[str, str] = {}

    def problems(self) -> dict[str, str]:
        """What is wrong now, by part; empty when the unit is healthy."""
        found = {part: check() for part, check in self._checks.items()}
        return {part: problem for part, problem in found.items() if problem is not None}

    def log_changes(self) -> bool:
        """Log what went wrong, and what recovered, since the last call; returns whether the unit is healthy."""
        problems = self.problems()
        for part in problems.keys() - self._logged.keys():
            log.warning("%s: %s", part, problems[part])
        for part in self._logged.keys() - problems.keys():
            log.info("%s: recovered", part)
        self._logged = problems
        return not problems
