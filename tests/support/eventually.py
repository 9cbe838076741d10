"""Waiting for what another thread, or the kernel, does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edge.cases.archive import Archive
from edge.errors import NoSuchCase


async def eventually(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds; fail if it never does."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def in_database(state_dir: Path, number: int, *, photos: int = 1) -> None:
    """Return when the database has the case with so many *photos*: it follows the intake, on a thread of its own."""

    def is_there() -> bool:
        with Archive(state_dir) as archive, suppress(NoSuchCase):
            return len(archive.case(number).photos) >= photos
        return False

    await eventually(is_there)
