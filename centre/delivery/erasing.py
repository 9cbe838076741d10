"""Photos of purged cases. Nobody can reach them from the tombstone on; their bytes go in the next round.

That round drops the partitions of a month in which every case was purged, which gives the space back at once and leaves
no row to clean up. Where one case of the month stays, the photos of the others are deleted row by row.
"""

from __future__ import annotations

from datetime import date

import asyncpg

from centre.database import Connection, Pool, Row, taken, transaction

MOST_AT_ONCE = 200
"""Photos deleted in one transaction."""
_NAMELESS = """
WITH gone AS (
    DELETE FROM files WHERE unit_id = $1 AND case_number = $2 RETURNING sha256, place
), unnamed AS (
    DELETE FROM blobs WHERE unit_id = $1 AND sha256 IN (SELECT sha256 FROM gone) AND NOT EXISTS (
        SELECT FROM files WHERE files.unit_id = $1 AND files.sha256 = blobs.sha256 AND case_number <> $2
    ) RETURNING sha256, month
)
INSERT INTO erasures (unit_id, sha256, month) SELECT $1, sha256, month FROM unnamed
ON CONFLICT (unit_id, sha256, month) DO UPDATE SET since = now()
"""


async def erase_files(connection: Connection, unit: int, number: int) -> None:
    """Let go of the photos and the portrait that case *number* alone names; the caller has begun a transaction."""
    await connection.execute(_NAMELESS, unit, number)


async def tidy_up(pool: Pool, *, every_month: bool = False) -> tuple[list[str], int]:
    """Drop the months that are over, then delete the photos of purged cases that are still there.

    Looks at the months that photos were purged of, or with *every_month* at all there are.

    Returns:
        The names of the partitions that were dropped, and how many photos were deleted one by one.

    Raises:
        BUSY, GONE: as they say; the next call goes on where this one ended.
    """
    dropped: list[str] = []
    async with taken(pool) as connection:
        months: list[Row] = await connection.fetch("SELECT month FROM purged_months($1) AS month", every_month)
    for row in months:
        dropped += await drop_month(pool, row["month"])
    erased = 0
    while count := await _erase(pool):
        erased += count
    return dropped, erased


async def drop_month(pool: Pool, month: date) -> list[str]:
    """Drop the partitions of the cases and photos of *month*, if every case of it was purged.

    Returns:
        Their names; empty if a case is alive, the month is not over for long, or somebody else reads it just now.
    """
    try:
        async with transaction(pool) as connection:
            return list(await connection.fetchval("SELECT drop_month($1)", month))
    except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        return []


async def _erase(pool: Pool) -> int:
    async with taken(pool) as connection:
        return int(await connection.fetchval("SELECT erase_photos($1)", MOST_AT_ONCE))
