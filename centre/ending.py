"""Ending tasks for certain, also where a library loses a cancellation."""

from __future__ import annotations

import asyncio
from typing import Any, Final

TIDYING_S: Final = 30.0
"""How long a task may take to leave in order, before it is cancelled once more."""


async def end(*tasks: asyncio.Task[Any], tidying_s: float = TIDYING_S) -> None:
    """Cancel *tasks* until each has ended; what they end with is not looked at.

    Once is not always enough: ``asyncio.wait_for`` of Python 3.11, by which libraries wait, returns what it waited for
    where that comes in the moment of the cancellation (https://github.com/python/cpython/issues/86296), and a loop
    around it goes on. A task is cancelled again after *tidying_s* seconds.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=tidying_s)
