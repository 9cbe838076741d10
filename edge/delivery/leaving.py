"""Photos leave the card once the centre said, of each of them, that it read its own copy and the SHA-256 is right."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from edge.cases import LeavingCase, StateFolder, clock_is_trusted, let_leave, may_leave, remove_left
from edge.cases.evidence import Signs
from edge.delivery.wire import MAX_LEAVING, MAX_LEAVING_BYTES

log = logging.getLogger(__name__)

DAY_S: Final = 86_400.0
LOOK_S: Final = 3600.0
"""Between two looks where none was left over."""


class LeavingPhotos:
    """What the courier asks the centre about with each status. Its methods are called from the courier's thread."""

    def __init__(
        self,
        state_dir: Path,
        days: float | None,
        signer: Signs,
        centre: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Photos leave *days* after their trigger, never where that is None; *centre* is its URL, for the entry."""
        self._folder = StateFolder(state_dir)
        self._days = days
        self._signer = signer
        self._centre = centre
        self._clock = clock
        self._next_s = clock()
        self._is_tidy = False
        self._asked: list[LeavingCase] = []

    def asks(self) -> list[str]:
        """The SHA-256 (hex) of photos that may leave if the centre has them.

        Raises:
            CaseError: the store cannot be read.
        """
        self._asked = []
        if self._days is None or self._clock() < self._next_s or not clock_is_trusted():
            return []
        self._next_s = self._clock() + LOOK_S
        if not self._is_tidy:
            remove_left(self._folder)  # files that were to go when the power failed
            self._is_tidy = True
        before_utc = time.time() - DAY_S * self._days
        found = may_leave(self._folder, before_utc=before_utc, most_photos=MAX_LEAVING, most_bytes=MAX_LEAVING_BYTES)
        self._asked = [case for case in found if len(case.photos) <= MAX_LEAVING]
        return sorted({digest for case in self._asked for digest in case.photos})

    def take(self, answer: Mapping[str, Any]) -> None:
        """Let those cases leave of which the *answer* of the centre names every photo.

        Raises:
            CaseError: the store cannot be written.
        """
        said = answer.get("held")
        held = {digest for digest in said if isinstance(digest, str)} if isinstance(said, list) else set()
        cases = [case for case in self._asked if held.issuperset(case.photos)]
        self._asked = []
        if not cases:
            return
        self._next_s = self._clock()  # there may be more
        left = let_leave(self._folder, cases, self._signer, {"centre": self._centre})
        log.info("the photos of %d cases left the card: the centre has them", left)
