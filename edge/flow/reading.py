"""Reading the photos of a case in the worker processes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from edge.errors import EdgeError, WorkerError
from edge.flow.ports import Recogniser
from edge.model import PlateRead

log = logging.getLogger(__name__)

ATTEMPTS = 2
"""How often a photo is given to a worker before it counts as not read."""

Read = tuple[PlateRead, ...] | None
"""The plate reads of a photo, None if it could not be read."""


async def read_photos(recognise: Recogniser, photos: Iterable[Path]) -> list[Read]:
    """The plate reads of each of *photos*, in their order."""
    return await asyncio.gather(*(_read(recognise, photo) for photo in photos))


async def _read(recognise: Recogniser, photo: Path) -> Read:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await recognise(photo)
        except WorkerError as error:
            log.warning("attempt %d of %d to recognise a photo failed: %s", attempt, ATTEMPTS, error)
        except EdgeError as error:
            log.error("a photo could not be recognised: %s", error)
            break
    return None
