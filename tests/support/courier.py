"""A unit's courier at a real centre."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from edge.cases.storage.layout import StateFolder
from edge.cases.storage.outbox import Outbox, read_delivered
from edge.delivery import Client, Courier, DailyBudget, Progress, trusting
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre

SERIAL = "AVX-TEST"


def courier_of(centre: Centre, state_dir: Path, budget: int = 1 << 40, progress: Progress | None = None) -> Courier:
    """The courier of the store in *state_dir*, which may send so many bytes a day."""
    client = Client(centre.url, trusting(centre.authority), SERIAL, SIGNER)
    return Courier(
        client,
        Outbox(state_dir),
        budget=DailyBudget(budget),
        facts=lambda: {"software": "test"},
        progress=progress,
    )


@asynccontextmanager
async def at_work(courier: Courier) -> AsyncIterator[None]:
    """The courier's task, until the block ends."""
    task = asyncio.create_task(courier.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until the *condition* holds; fails after so many *seconds*."""
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.05)


async def missing(centre: Centre) -> int:
    """How many photos the centre wants and has not."""
    return int(await centre.pool.fetchval("SELECT count(*) FROM blobs WHERE complete_at IS NULL"))


async def joined(centre: Centre, tmp_path: Path, cases: int = 3) -> Path:
    """The store of a unit that has joined, with so many decided *cases*."""
    state_dir = tmp_path / "unit"
    await filled(state_dir, cases)
    await centre.let_in(SERIAL, SIGNER, tmp_path)
    return state_dir


def settled(state_dir: Path) -> int:
    """Of how many cases the unit knows that the centre has them whole."""
    delivered = read_delivered(StateFolder(state_dir))
    return delivered.cases if delivered is not None else 0
