"""Commits of entries: held under way as long as a strike needs, or seen while they wait for a standby."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from centre_world import World

HELD_COMMIT = """
CREATE OR REPLACE FUNCTION held_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(23); RETURN NULL; END $$;
DROP TRIGGER IF EXISTS held_commit ON units;
CREATE CONSTRAINT TRIGGER held_commit AFTER UPDATE OF head_seq ON units DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.head_seq <> OLD.head_seq) EXECUTE FUNCTION held_commit();
"""
"""A deferred trigger runs inside COMMIT: while it waits for a lock that is ours, the commit is under way."""
HOLD = "SELECT pg_advisory_lock(23)"
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'autovelox-centre'"
INSIDE = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 23 AND NOT granted"


class Commits:
    """The commits of entries at the world's PostgreSQL."""

    def __init__(self, world: World) -> None:
        """Nothing is held yet."""
        self._world = world
        self._holder: Any = None

    async def hold(self) -> None:
        """From here on none ends."""
        await self._world.ask(HELD_COMMIT)
        self._holder = await asyncpg.connect(self._world.server.dsn)
        await self._holder.execute(HOLD)

    async def release(self) -> None:
        """They end again, also one whose client is gone meanwhile; returns when it has."""
        holder, self._holder = self._holder, None
        if holder is not None:
            holder.terminate()  # its server may be gone, too
        await self._world.ask("DROP TRIGGER IF EXISTS held_commit ON units")

    async def under_way(self) -> None:
        """Return while one is under way."""
        await self._until(INSIDE, "a commit is under way")

    async def waiting_for_standby(self) -> None:
        """Return while one waits for the standby."""
        await self._until(WAITS, "a commit waits for the standby")

    async def _until(self, statement: str, what: str) -> None:
        async def look() -> bool:
            return bool((await self._world.ask(statement))[0][0])

        await self._world.until(look, what)
