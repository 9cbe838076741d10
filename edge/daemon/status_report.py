"""How the unit is, for the centre: what it is told every minute, nothing of it about a case."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

from edge.errors import EdgeError


class StatusReport:
    """Gathers what a status says; to be called."""

    def __init__(
        self,
        configuration: str,
        problems: Callable[[], Mapping[str, str]],
        clock_error_s: Callable[[], float],
        free_bytes: Callable[[], int],
    ) -> None:
        """*configuration* is the whole configuration as a text, of which the hash is told."""
        self._configuration = hashlib.sha256(configuration.encode("utf-8")).hexdigest()
        self._problems = problems
        self._clock_error_s = clock_error_s
        self._free_bytes = free_bytes

    def __call__(self) -> dict[str, object]:
        """Software, configuration, problems, clock and disk."""
        error_s = self._clock_error_s()
        try:
            free_bytes: int | None = self._free_bytes()
        except EdgeError:
            free_bytes = None
        return {
            "software": version("autovelox"),
            "configuration_sha256": self._configuration,
            "problems": dict(self._problems()),
            "utc": time.time(),
            "clock_error_s": None if math.isnan(error_s) else error_s,
            "free_bytes": free_bytes,
        }
