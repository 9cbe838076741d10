"""The unit's look at a test photo whose text is known: before the first and after the last case of a day.

It is done before the radar starts, at the first idle moment of each new day, and at a stop if cases were decided since:
never while a case waits. What detector and reader made of the photo becomes an entry of the chain.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

from edge.errors import EdgeError
from edge.model import PhotoRead

log = logging.getLogger(__name__)

SELFCHECK = "selfcheck"
RETRY_S = 600.0
"""How long after one that failed the next one is due."""

END_S = 15.0
"""How long a stop waits for the last one; the first one of the next start follows in any case."""


class SelfChecks:
    """Looks at the test photo when it is due and nothing else is to be done."""

    def __init__(
        self,
        photo: Path,
        expected: str,
        *,
        recognise: Callable[[Path], Awaitable[PhotoRead]],
        is_read: Callable[[PhotoRead], bool],
        is_idle: Callable[[], bool],
        has_waiting: Callable[[], bool],
        enter: Callable[[str, Mapping[str, object]], None],
    ) -> None:
        """Nothing is looked at before :meth:`check`.

        Args:
            photo: the test photo.
            expected: the text that is on it.
            recognise: what reads it, as it reads the photos of cases.
            is_read: whether what it read is right.
            is_idle: whether nothing waits for a worker.
            has_waiting: whether a case is not decided yet.
            enter: what takes the entry, by kind.
        """
        self._photo = photo
        self._expected = expected
        self._recognise = recognise
        self._is_read = is_read
        self._is_idle = is_idle
        self._has_waiting = has_waiting
        self._enter = enter
        self._day: date | None = None
        self._failed_s: float | None = None
        self._cases = 0
        self._why = ""

    def decided(self) -> None:
        """A case was decided since the last check."""
        self._cases += 1

    async def round(self) -> None:
        """Look at the photo if that is due and the unit is idle."""
        new_day = date.today() != self._day
        retry = self._failed_s is not None and time.monotonic() - self._failed_s >= RETRY_S
        if (new_day or retry) and self._is_idle():
            await self.check()

    async def end(self) -> None:
        """Look at it a last time, if cases were decided since the last look and none waits.

        A photo too many, of a case that was decided without it, may still be read: the last look follows it.
        """
        if self._cases and not self._has_waiting():
            with suppress(TimeoutError):
                async with asyncio.timeout(END_S):
                    await self.check()

    async def check(self) -> None:
        """Look at the photo now, and enter what was made of it."""
        cases, day = self._cases, date.today()
        content: dict[str, object] = {}
        try:
            content["photo"] = hashlib.sha256(self._photo.read_bytes()).hexdigest()
            result = await self._recognise(self._photo)
        except (EdgeError, OSError) as error:
            good = False
            self._why = error.cause if isinstance(error, EdgeError) else "the test photo cannot be read"
            content["failure"] = self._why
        else:
            good = self._is_read(result)
            reads = [{"text": plate.text, "confidence": float(plate.confidence)} for plate in result.plates]
            content.update(expected=self._expected, reads=reads)
            self._why = "" if good else "the plate on it is not read"
        self._enter(SELFCHECK, {"good": good, **content})
        if not good:
            log.error("the self-check failed: %s", self._why)
        self._day, self._cases = day, self._cases - cases
        self._failed_s = None if good else time.monotonic()

    def problem(self) -> str | None:
        """One sentence while the last look failed, else None."""
        if self._failed_s is None:
            return None
        return f"the self-check failed, {self._why}: run autovelox doctor, and install the models again if it recurs"
