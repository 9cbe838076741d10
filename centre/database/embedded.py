"""The centre's own PostgreSQL: a cluster in the state folder, reached through a Unix socket in a private folder.

It listens at no network port. Whoever may enter the socket's folder is in: the account that runs the server, and root.
PostgreSQL refuses to run as root; where root starts the centre, the server runs as another account.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import pwd
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import asyncpg

from centre.database.binaries import find_binaries
from centre.errors import DatabaseError

log = logging.getLogger(__name__)

START_TIMEOUT_S, STOP_TIMEOUT_S = 60.0, 30.0
BETWEEN_TRIES_S = 0.05
START_TRIES, BETWEEN_STARTS_S = 5, 0.5
_BECOME = (
    "import os, signal, sys; signal.signal(signal.SIGPIPE, signal.SIG_DFL); os.setgroups([]);"
    " os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1])); os.execv(sys.argv[3], sys.argv[3:])"
)
"""Another account's process with the same id, of any event loop: uvloop starts none as somebody else."""
LONGEST_SOCKET = 100
"""A Unix socket's path has at most 107 bytes; PostgreSQL adds nothing to the name below."""
SOCKET = ".s.PGSQL.5432"
ROLE, DATABASE = "centre", "centre"
SERVICE_ROLE, OPENER_ROLE = "autovelox_service", "autovelox_opener"
"""What the schema makes: the rights of what answers units, and of the opening service."""
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a statement may hold personal data: none reaches a log
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
    "dynamic_shared_memory_type": "mmap",  # no /dev/shm is needed, which containers make small
}


class EndedAtStart(DatabaseError):
    """The server ended before it answered."""


class EmbeddedServer:
    """One PostgreSQL server with its data below *folder*. Start it, connect to ``dsn``, stop it."""

    def __init__(
        self,
        folder: Path,
        *,
        account: str = "nobody",
        binaries: Path | None = None,
        settings: Mapping[str, str] = SETTINGS,
    ) -> None:
        """Name the files; *account* runs the server where this process is root's; *settings* are PostgreSQL's."""
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self._account = account if os.geteuid() == 0 else None
        self._binaries = binaries
        self._settings = dict(settings)
        self._process: asyncio.subprocess.Process | None = None
        own = self.folder / "run"
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        is_short = len(os.fsencode(own / SOCKET)) <= LONGEST_SOCKET
        self._sockets = own if is_short else Path(tempfile.gettempdir()) / f"autovelox-centre-{os.getuid()}-{digest}"

    @property
    def dsn(self) -> str:
        """Where to connect, as libpq writes it."""
        return f"postgresql:///{DATABASE}?host={self._sockets}&user={ROLE}"

    def dsn_of(self, database: str, role: str = ROLE) -> str:
        """Where to connect to another *database* of the server, or as another *role*."""
        return f"postgresql:///{database}?host={self._sockets}&user={role}"

    @property
    def pid(self) -> int | None:
        """The process id of the server, None while it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def is_running(self) -> bool:
        """Whether a server on these data runs and answers, of this process or another."""
        if await asyncio.to_thread(self._earlier) is None:
            return False
        try:
            await (await asyncpg.connect(self.dsn)).close()
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    async def start(self) -> None:
        """Make the cluster if there is none, start the server and wait until it answers.

        Raises:
            DatabaseError: it cannot be made or started; its log says more.
        """
        programs = await asyncio.to_thread(find_binaries, self._binaries)
        try:
            await asyncio.to_thread(self._prepare)
            await self._end_earlier()
            if not (self.data / "PG_VERSION").is_file():
                await self._initdb(programs)
            await self._launch(programs)
        except OSError as error:
            raise DatabaseError(
                f"PostgreSQL cannot be started in {self.folder} ({error.strerror})", self._remedy()
            ) from None

    async def _end_earlier(self) -> None:
        """Stop the server that an earlier centre left running when it was killed."""
        pid = await asyncio.to_thread(self._earlier)
        if pid is None:
            return
        log.warning("PostgreSQL of an earlier centre still runs (process %d): it is stopped first", pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                while await asyncio.to_thread(self._earlier) is not None:  # noqa: ASYNC110 - it tells nobody of its end
                    await asyncio.sleep(BETWEEN_TRIES_S)
        except TimeoutError:
            raise DatabaseError(f"PostgreSQL of an earlier centre does not stop (process {pid})", "stop it") from None

    def _earlier(self) -> int | None:
        """The process of a server on our data, None if there is none."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(self.data) in words else None

    async def _initdb(self, programs: Path) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # what an attempt left that was killed
        await asyncio.to_thread(self._make_private, self.data)
        words = ["--pgdata", str(self.data), "--username", ROLE, "--encoding", "UTF8", "--locale", "C"]
        words += ["--auth-local", "trust", "--auth-host", "reject", "--data-checksums"]
        process = await self._run(programs / "initdb", words, asyncio.subprocess.PIPE)
        _, said = await process.communicate()
        if process.returncode != 0:
            raise DatabaseError(f"initdb failed in {self.folder} ({_last_line(said)})", self._remedy())

    async def _launch(self, programs: Path) -> None:
        words = ["-D", str(self.data), "-k", str(self._sockets)]
        words += [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        for _ in range(START_TRIES - 1):  # what a server that was killed leaves behind ends a moment later
            try:
                await self._launch_once(programs, words)
            except EndedAtStart:
                await asyncio.sleep(BETWEEN_STARTS_S)
            else:
                return
        await self._launch_once(programs, words)

    async def _launch_once(self, programs: Path, words: Sequence[str]) -> None:
        with self.log.open("ab") as file:
            self._process = await self._run(programs / "postgres", words, file.fileno())
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._answer()
        except TimeoutError:
            await self.stop()
            raise DatabaseError(f"PostgreSQL did not answer within {START_TIMEOUT_S:.0f} s", self._remedy()) from None

    async def _answer(self) -> None:
        """Wait until the server answers, and make the centre's database if there is none."""
        assert self._process is not None
        while True:
            if self._process.returncode is not None:
                said = await asyncio.to_thread(self.log.read_bytes)
                raise EndedAtStart(f"PostgreSQL ended at its start ({_last_line(said)})", self._remedy())
            try:
                connection = await asyncpg.connect(self.dsn_of("postgres"))
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(BETWEEN_TRIES_S)
                continue
            try:
                if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                    await connection.execute(f"CREATE DATABASE {DATABASE}")
            finally:
                await connection.close()
            return

    async def stop(self) -> None:
        """Stop the server: sessions are ended, everything committed is on the disk."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)  # a "fast" shutdown
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            log.error(
                "PostgreSQL did not stop within %.0f s: it is killed, and recovers at its next start", STOP_TIMEOUT_S
            )
            process.kill()
            await process.wait()
        if self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)

    async def kill(self) -> None:
        """Kill the server as a power cut would; the next start recovers it."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def _run(self, program: Path, words: Sequence[str], stderr: int) -> asyncio.subprocess.Process:
        command = [str(program), *words]
        if self._account is not None:
            entry = pwd.getpwnam(self._account)
            command = [sys.executable, "-I", "-S", "-c", _BECOME, str(entry.pw_uid), str(entry.pw_gid), *command]
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,  # a Ctrl-C is the centre's to handle: it stops the server last
        )

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            try:
                pwd.getpwnam(self._account)
            except KeyError:
                raise DatabaseError(
                    f"there is no account {self._account} to run PostgreSQL", "set [database] account to one"
                ) from None
        self._make_private(self._sockets)
        if self.data.is_dir():
            self._give(self.data)

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        owners = {os.geteuid(), *([pwd.getpwnam(self._account).pw_uid] if self._account else [])}
        if status.st_uid not in owners:
            raise DatabaseError(f"{folder} is another account's", "remove it, or find out who made it")
        folder.chmod(0o700)
        self._give(folder)

    def _give(self, folder: Path) -> None:
        if self._account is not None:
            entry = pwd.getpwnam(self._account)
            os.chown(folder, entry.pw_uid, entry.pw_gid)

    def _remedy(self) -> str:
        if self._account is not None:
            return f"let account {self._account} reach that folder, or start as an ordinary account; see {self.log}"
        return f"read {self.log}"


def _last_line(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing"
