"""Disks of the centre's chaos: small ones that run full, and a synchronous standby that is lost or takes over."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
from pathlib import Path

import asyncpg

from centre.database import SETTINGS, EmbeddedServer, find_binaries

LARGE = "2g"
LEFT_BYTES = 200_000
"""What is left of PostgreSQL's disk when it runs full: less than one photo."""
SYNCHRONOUS = "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'standby' AND sync_state = 'sync'"


def can_mount() -> bool:
    """Whether a small disk can be made here."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


async def _run(*words: str, account: str | None = None) -> None:
    entry = pwd.getpwnam(account) if account is not None else None
    process = await asyncio.create_subprocess_exec(
        *words,
        user=entry.pw_uid if entry is not None else None,
        group=entry.pw_gid if entry is not None else None,
        extra_groups=[] if entry is not None else None,
        cwd="/",
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 0, f"{words[0]}: {said.decode()}"


async def mount(folder: Path) -> None:
    """A disk of its own at *folder*."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await _run("mount", "-t", "tmpfs", "-o", f"size={LARGE},mode=755", "tmpfs", str(folder))


async def unmount(folder: Path) -> None:
    await _run("umount", str(folder))


async def run_full(folder: Path, left_bytes: int) -> None:
    """Of the disk at *folder* hardly anything is left."""
    found = os.statvfs(folder)
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    await _run("mount", "-o", f"remount,size={used + left_bytes}", str(folder))


async def make_room(folder: Path) -> None:
    """The disk at *folder* is large again."""
    await _run("mount", "-o", f"remount,size={LARGE}", str(folder))


class Standby:
    """A copy of a server, which follows it and confirms each commit before it counts."""

    def __init__(self, primary: EmbeddedServer, folder: Path) -> None:
        """Copy *primary* into *folder* with :meth:`make`."""
        self.primary = primary
        self.server = EmbeddedServer(folder, settings={**SETTINGS, "hot_standby": "on"})

    async def make(self) -> None:
        """Copy the server, start the copy, and let commits wait for it."""
        account = "nobody" if os.geteuid() == 0 else None
        host = next(word for word in self.primary.dsn.partition("?")[2].split("&") if word.startswith("host="))
        source = f"{host} user=centre application_name=standby"
        self.server.folder.mkdir()
        if account is not None:
            os.chown(self.server.folder, pwd.getpwnam(account).pw_uid, -1)
        program = str(find_binaries() / "pg_basebackup")
        words = (program, "-D", str(self.server.data), "-d", source, "-X", "stream", "-c", "fast", "-R")
        await _run(*words, account=account)
        with (self.server.data / "postgresql.auto.conf").open("a") as file:
            file.write(f"primary_conninfo = '{source}'\nsynchronous_standby_names = ''\n")
        await self.server.start()

    async def follow(self) -> None:
        """Wait until the primary's commits wait for this server."""
        await self.need()
        async with asyncio.timeout(60):
            while not (await self._ask(self.primary, SYNCHRONOUS))[0][0]:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)

    async def need(self, *, needed: bool = True) -> None:
        """Whether the primary's commits wait for this server."""
        names = "standby" if needed else ""
        await self._ask(self.primary, f"ALTER SYSTEM SET synchronous_standby_names TO '{names}'")
        await self._ask(self.primary, "SELECT pg_reload_conf()")

    async def has(self, serial: str, confirmed: tuple[int, str]) -> bool:
        """Whether what was *confirmed* to the unit is in this server too, once it has replayed what it received."""
        of_unit = f"unit_id = (SELECT id FROM units WHERE serial = '{serial}')"
        sql = f"SELECT hash FROM entries WHERE {of_unit} AND seq = {confirmed[0]}"
        for _ in range(200):
            rows = await self._ask(self.server, sql)
            if [row["hash"] for row in rows] == [confirmed[1]] or not confirmed[0]:
                return True
            await asyncio.sleep(0.05)
        return False

    async def promote(self) -> None:
        """It takes over."""
        await self._ask(self.server, "SELECT pg_promote(true, 30)")

    async def _ask(self, server: EmbeddedServer, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(server.dsn, timeout=10)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()
