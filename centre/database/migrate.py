"""The schema of the database, in numbered steps; each is one transaction, and only one process makes it.

A step is known by the number in its file's name. Earlier versions counted steps by position, so that the meaning of a
row changed when a file came in between; what they wrote is read by :func:`_former`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from centre.database.types import Connection, Pool
from centre.errors import DatabaseError

LOCK = 0x41565831
"""The advisory lock that lets one process migrate."""
COUNTED = (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15)
"""The steps that were counted by position, in that order: row N stands for the Nth of them."""
LATE = frozenset({13, 14})
"""Steps that came after step 15, which they do not touch: a database that lacks them still gets them."""
_ADD_STEP = "ALTER TABLE schema_version ADD COLUMN step integer UNIQUE"
_HAS_STEP = """
SELECT count(*) FROM pg_attribute WHERE attrelid = 'schema_version'::regclass AND attname = 'step' AND NOT attisdropped
"""
_DONE = "SELECT step FROM schema_version WHERE step IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the schema: its number, and the SQL script that makes it."""

    number: int
    sql: str


@lru_cache(maxsize=1)
def steps() -> tuple[Step, ...]:
    """The steps, oldest first.

    Raises:
        DatabaseError: two of them have one number.
    """
    folder = resources.files("centre.database") / "schema"
    files = sorted(
        (file for file in folder.iterdir() if re.match(r"\d{3}_.*\.sql$", file.name)), key=lambda at: at.name
    )
    found = tuple(Step(int(file.name[:3]), file.read_text(encoding="utf-8")) for file in files)
    if len({step.number for step in found}) < len(found):
        raise DatabaseError("two steps of the schema have one number", "install this program anew")
    return found


async def migrate(connection: Connection, target: int | None = None) -> int:
    """Bring the database to the schema that ends with step number *target* (default: the newest), step by step.

    Returns:
        The number of the newest step that it had before, 0 for none.

    Raises:
        DatabaseError: a newer program wrote it, or one that is between two releases: it lacks a step before one that it
            has.
    """
    await connection.execute(f"SELECT pg_advisory_lock({LOCK})")
    try:
        done = await _done(connection)
        before = max(done, default=0)
        for step in missing(done):
            if target is None or step.number <= target:
                async with connection.transaction():
                    await connection.execute(step.sql)
                    await connection.execute("INSERT INTO schema_version (version, step) VALUES ($1, $1)", step.number)
        return before
    finally:
        await connection.execute(f"SELECT pg_advisory_unlock({LOCK})")


def missing(done: frozenset[int]) -> tuple[Step, ...]:
    """The steps that a database lacks which has those numbered *done*, oldest first.

    Raises:
        DatabaseError: as :func:`migrate` says.
    """
    known, newest = {step.number for step in steps()}, max(done, default=0)
    if unknown := sorted(done - known):
        raise DatabaseError(
            f"the database was written by a newer program (step {unknown[-1]} of the schema)", "update this program"
        )
    lacking = tuple(step for step in steps() if step.number not in done)
    for step in lacking:
        if step.number < newest and step.number not in LATE:
            raise DatabaseError(
                f"the database has step {newest} of the schema and lacks step {step.number} before it",
                "use the version that wrote the database, or restore a backup of before",
            )
    return lacking


async def is_newest(pool: Pool) -> bool:
    """Whether the database has exactly this program's schema.

    Raises:
        asyncpg.PostgresError: it has none, or that of a version which counted steps by position.
    """
    return {row["step"] for row in await pool.fetch(_DONE)} == {step.number for step in steps()}


async def _done(connection: Connection) -> frozenset[int]:
    """The numbers of the steps that the database has; what earlier versions wrote is brought into today's form."""
    async with connection.transaction():
        await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)")
        if not await connection.fetchval(_HAS_STEP):
            await connection.execute(_ADD_STEP)
        counted = await connection.fetch("SELECT version FROM schema_version WHERE step IS NULL ORDER BY version")
        numbers = await _former(connection, [row["version"] for row in counted]) if counted else {}
        await connection.executemany(
            "UPDATE schema_version SET step = $2 WHERE version = $1 AND step IS NULL", list(numbers.items())
        )
    return frozenset(row["step"] for row in await connection.fetch(_DONE))


async def _former(connection: Connection, positions: list[int]) -> dict[int, int]:
    """The numbers of the steps that were counted by *positions*."""
    if positions[-1] > len(COUNTED):
        raise DatabaseError(
            f"the database was written by a newer program (schema {positions[-1]})", "update this program"
        )
    numbers = {position: COUNTED[position - 1] for position in positions}
    was_13 = COUNTED.index(13) + 1
    if was_13 in numbers and not await connection.fetchval(
        "SELECT count(*) FROM pg_proc WHERE proname = 'plate_pairs'"
    ):
        numbers[was_13] = 15  # written by a version that had step 15 before there were steps 13 and 14
    return numbers
