"""The running opening service: a process and a database role of its own, and no other process needs the root key."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from centre.config import Settings
from centre.database import DATABASE, OPENER_ROLE, EmbeddedServer, Pool, open_as
from centre.errors import CentreError
from centre.opening.checks import Bounds
from centre.opening.service import OpeningDesk
from centre.opening.web import Counter, application
from centre.registry import PostgresCounters, PostgresRegistry, load_root_key
from centre.service import Files, listen, serve
from centre.service.connections import Connections
from centre.service.tls import prepare
from centre.web import Limits
from edge.cases.evidence import Signer, create_signing_key, load_signer
from edge.config import models_dir
from edge.crypto import KEY_BYTES, read_key, write_key
from edge.crypto.sealed_uid import registry_public_key
from edge.delivery.openings import OpeningService
from edge.identify import Formats
from edge.terminal import legible
from edge.vision.calibration import load_thresholds
from edge.vision.checksums import reader_checksum
from edge.workers import WorkerPool, WorkerSetup

log = logging.getLogger(__name__)

PREPARED: Final = "centre.opening.prepared"
SEALING, TELLING = "the opener's sealing key", "the opener's telling key"
JOBS_EACH: Final = 2
"""Processes an opening takes, one after the other: the second must not have to be started while a unit waits."""
BODY_BYTES: Final = 16 * 1024 * 1024
_ENTER: Final = """
INSERT INTO opener (id, url, signing_key, sealing_key, uid_key) VALUES (1, $1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET url = $1, signing_key = $2, sealing_key = $3, uid_key = $4, since = now()
"""


def run(settings: Settings) -> int:
    """Run the opening service until SIGTERM or SIGINT; returns 0.

    Raises:
        EdgeError: a part cannot start.
    """
    return serve(opening(settings))


@asynccontextmanager
async def opening(settings: Settings) -> AsyncIterator[int]:
    """The opening service at work; gives its port.

    Raises:
        EdgeError: a part cannot start.
    """
    asked, root = settings.opening, settings.registry.root_key_file
    signer, sealing_key, tell = _own_keys(asked.state_dir)
    models = models_dir(asked.models_dir)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(_database(settings))
        registry = await PostgresRegistry.open(pool, lambda: load_root_key(root, settings.registry.root_key_token))
        workers = WorkerPool(
            WorkerSetup(preload=(PREPARED,), niceness=0),  # opening is what this machine is for
            workers=JOBS_EACH * asked.workers,
            job_timeout_s=asked.job_timeout_s,
            one_job_each=True,
        )
        await workers.start()
        stack.push_async_callback(workers.stop)
        desk = OpeningDesk(
            name=settings.centre.name,
            pool=pool,
            registry=registry,
            counters=PostgresCounters(pool, registry),
            workers=workers,
            signer=signer,
            sealing_key=sealing_key,
            tell=tell,
            bounds=Bounds(asked.least_cases_a_day, asked.window_s, asked.hours),
            thresholds=await asyncio.to_thread(load_thresholds, models),
            reader=await asyncio.to_thread(reader_checksum, models),
            formats=Formats(settings.verdict.plate_countries, settings.verdict.plate_pattern),
            licence_pattern=settings.verdict.licence_pattern,
        )
        requests = settings.limits.requests
        limits = Limits(requests, settings.limits.logins_per_minute, body_bytes=requests * BODY_BYTES)
        counter = Counter(desk, limits, asked.request_s, BODY_BYTES)
        doors = Connections(settings.limits.connections, settings.limits.connections_of_one_address)
        certificates = prepare(settings.listen, Files(settings.centre.state_dir).tls)
        port = await listen(stack, application(counter), asked.host, asked.port, certificates, doors)
        uid_key = await registry.uid_key()
        service = OpeningService(
            url=asked.url or f"https://{settings.listen.names[0]}:{port}",
            signing_key=signer.public_key,
            sealing_key=registry_public_key(sealing_key),
            uid_key=uid_key.public if uid_key is not None else None,
        )
        await pool.execute(_ENTER, service.url, service.signing_key, service.sealing_key, service.uid_key)
        log.info("%s", legible(f"the opening service of {settings.centre.name} listens at {asked.host} port {port}"))
        yield port


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Pool]:
    """Connections with the rights of the opening service; the schema is the centre's to make."""
    dsn = settings.opening.database_url
    if dsn is None:
        if settings.database.url is not None:
            raise CentreError(
                "the opening service has no database", f"set [opening] database_url to one of role {OPENER_ROLE}"
            )
        asked = settings.database
        folder = Files(settings.centre.state_dir).database
        dsn = EmbeddedServer(folder, account=asked.account, binaries=asked.binaries).dsn_of(DATABASE, OPENER_ROLE)
    pool = await open_as(
        dsn,
        connections=settings.database.connections,
        statement_timeout_s=settings.database.statement_timeout_s,
        name="autovelox-opening",
    )
    try:
        yield pool
    finally:
        await pool.close()


def _own_keys(folder: Path) -> tuple[Signer, bytes, bytes]:
    """What signs statements, what units enclose packets to, and the key of what is remembered of who was named.

    Raises:
        CentreError: the folder cannot be made.
        SecretError: a key cannot be read or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CentreError(
            f"{folder} cannot be made ({error.strerror})", "set [opening] state_dir to a folder of this account"
        ) from None
    signing = folder / "signing.key"
    signer = load_signer(signing) if signing.exists() else create_signing_key(signing)
    return signer, _key(folder / "sealing.key", SEALING), _key(folder / "telling.key", TELLING)


def _key(file: Path, what: str) -> bytes:
    if not file.exists():
        write_key(file, secrets.token_bytes(KEY_BYTES), what)
    return read_key(file, what)
