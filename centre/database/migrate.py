"""The schema of the database, in numbered steps; each is one transaction, and only one process makes it."""

from __future__ import annotations

import re
from importlib import resources

from centre.database.types import Connection
from centre.errors import DatabaseError

LOCK = 0x41565831
"""The advisory lock that lets one process migrate."""


def steps() -> tuple[str, ...]:
    """The SQL scripts, oldest first; version N of the schema is the result of the first N."""
    folder = resources.files("centre.database") / "schema"
    scripts = sorted((entry for entry in folder.iterdir() if re.match(r"\d{3}_.*\.sql$", entry.name)), key=str)
    return tuple(script.read_text(encoding="utf-8") for script in scripts)


async def migrate(connection: Connection, target: int | None = None) -> int:
    """Bring the database to version *target* of the schema (default: the newest), step by step.

    Returns:
        The version that it had before.

    Raises:
        DatabaseError: a newer program wrote it.
    """
    scripts = steps()
    await connection.execute(f"SELECT pg_advisory_lock({LOCK})")
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)")
        before = int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version"))
        if before > len(scripts):
            raise DatabaseError(f"the database was written by a newer program (schema {before})", "update this program")
        for number in range(before + 1, (len(scripts) if target is None else target) + 1):
            async with connection.transaction():
                await connection.execute(scripts[number - 1])
                await connection.execute("INSERT INTO schema_version VALUES ($1)", number)
        return before
    finally:
        await connection.execute(f"SELECT pg_advisory_unlock({LOCK})")
