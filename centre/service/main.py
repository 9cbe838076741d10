"""The running centre: start -> serve -> stop."""

from __future__ import annotations

import asyncio
import itertools
import logging
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvloop
from aiohttp import web

from centre.config import Settings
from centre.database import BUSY, DATABASE, GONE, SERVICE_ROLE, EmbeddedServer, Pool, open_pool, taken, why_not
from centre.delivery import tidy_up
from centre.ending import end
from centre.errors import CentreError
from centre.notices import channels_of
from centre.records import Stamp, stamp_heads
from centre.service.connections import Connections
from centre.service.metrics import Counted, Figures, monitoring
from centre.service.telling import mqtt_of, watch_of
from centre.service.tls import Certificates, prepare
from centre.units import forget_old
from centre.web import Limits, Office, application
from edge.cases import TimeStamps
from edge.cases.evidence import Signer, create_signing_key, load_signer
from edge.errors import EdgeError
from edge.terminal import legible

log = logging.getLogger(__name__)

MONITOR_HOST: Final = "127.0.0.1"
FORGET_S = 60.0
ROUNDS_A_DAY = 1440
SHUTDOWN_S = 10.0
MOST_OWN: Final = 256
"""Connections to what is for this machine alone."""
IDLE_S = 90.0
"""A connection without a whole request's head ends; units report more often than that."""


@dataclass(frozen=True, slots=True)
class Files:
    """What the centre keeps in its state folder."""

    root: Path

    @property
    def database(self) -> Path:
        """The folder of its own PostgreSQL."""
        return self.root / "postgresql"

    @property
    def tls(self) -> Path:
        """The folder of its own certificates."""
        return self.root / "tls"

    @property
    def signing_key(self) -> Path:
        """The key that signs its own chain."""
        return self.root / "signing.key"


@asynccontextmanager
async def database(settings: Settings, *, as_service: bool = False) -> AsyncIterator[Pool]:
    """A pool of connections to the configured PostgreSQL, or to one of the centre's own, which is started and stopped.

    If the service runs its own server already, that one is used and left running. *as_service*: with the rights of what
    answers units, which may not read the registry.

    Raises:
        DatabaseError: it cannot be started or used.
    """
    asked = settings.database
    async with AsyncExitStack() as stack:
        dsn, service = asked.url, asked.service_url
        if as_service and dsn is not None and service is None:
            log.warning("units are answered with the rights of the database's owner: set [database] service_url")
        if dsn is None:
            folder = Files(settings.centre.state_dir).database
            server = EmbeddedServer(folder, account=asked.account, binaries=asked.binaries)
            if not await server.is_running():
                stack.push_async_callback(server.stop)
                await server.start()
            dsn, service = server.dsn, server.dsn_of(DATABASE, SERVICE_ROLE)
        pool = await open_pool(
            dsn,
            connections=asked.connections,
            statement_timeout_s=asked.statement_timeout_s,
            service_dsn=service if as_service else None,
        )
        stack.push_async_callback(pool.close)
        yield pool


def own_files(settings: Settings) -> tuple[Files, Certificates, Signer]:
    """The state folder with the certificates and the signing key in it, made where they are missing.

    Raises:
        CentreError: the folder cannot be made.
        SecretError: a key or certificate cannot be used.
    """
    files = Files(settings.centre.state_dir)
    try:
        files.root.mkdir(parents=True, exist_ok=True)
        files.tls.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CentreError(
            f"{files.root} cannot be made ({error.strerror})", "set [centre] state_dir to a folder of this account"
        ) from None
    certificates = prepare(settings.listen, files.tls)
    if not files.signing_key.exists():
        return files, certificates, create_signing_key(files.signing_key)
    return files, certificates, load_signer(files.signing_key)


def run(settings: Settings) -> int:
    """Run the centre until SIGTERM or SIGINT; returns 0.

    Raises:
        EdgeError: a part cannot start.
    """
    return serve(running(settings))


def serve(work: AbstractAsyncContextManager[object]) -> int:
    """Log to the terminal or journal, and stay inside *work* until SIGTERM or SIGINT; returns 0.

    Raises:
        EdgeError: a part cannot start.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(work))
    return 0


async def _serve(work: AbstractAsyncContextManager[object]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with work:
        await stopped.wait()
        log.info("stopping")
    log.info("stopped")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[int]:
    """The centre at work; gives the port at which units are answered.

    Raises:
        EdgeError: a part cannot start.
    """
    _, certificates, _ = own_files(settings)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(database(settings, as_service=True))
        limits = settings.limits
        bounds = Limits(
            limits.requests,
            limits.logins_per_minute,
            unit_requests_per_minute=limits.unit_requests_per_minute,
            unit_bytes_per_day=1_000_000 * limits.unit_megabytes_per_day,
            body_bytes=limits.requests * max(limits.entries_bytes, limits.blob_bytes),
        )
        doors = Connections(limits.connections, limits.connections_of_one_address)
        office = Office(
            name=settings.centre.name,
            pool=pool,
            limits=bounds,
            authority_pem=certificates.authority_pem(),
            entries_bytes=limits.entries_bytes,
            blob_bytes=limits.blob_bytes,
            token_s=limits.token_s,
            request_s=limits.request_s,
            status_s=limits.status_s,
            token_of_one_address=limits.token_of_one_address,
        )
        channels = channels_of(settings.notices)
        watch = watch_of(settings, pool, channels, certificates)
        if channels:
            _begin(stack, watch.run(), "notices")
        if (publisher := mqtt_of(settings, pool, certificates)) is not None:
            _begin(stack, publisher.run(), "MQTT")
        figures = Figures(
            pool,
            silent_after_s=limits.silent_after_s,
            certificate_end=certificates.ends_at(),
            state_dir=settings.centre.state_dir,
            counted=lambda: Counted(bounds.turned_away + doors.turned_away, watch.sent, watch.failed),
        )
        if settings.metrics.enabled:
            port = await listen(stack, monitoring(figures), MONITOR_HOST, settings.metrics.port, None)
            log.info("health and metrics at %s port %d", MONITOR_HOST, port)
        stamp = TimeStamps.of(settings.evidence)
        _begin(stack, _forget(pool, settings.centre.name, stamp), "upkeep")
        listen_at = settings.listen
        port = await listen(stack, application(office), listen_at.host, listen_at.port, certificates, doors)
        log.info("%s", legible(f"the centre {office.name} answers units at {listen_at.host} port {port}"))
        yield port


def _begin(stack: AsyncExitStack, work: Coroutine[Any, Any, None], name: str) -> None:
    """Start *work* beside the answering of units; it ends with *stack*, and an error that ends it earlier is logged."""

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended by an unexpected %s: start the centre again", name, type(error).__name__)

    task = asyncio.create_task(work, name=name)
    task.add_done_callback(ended)
    stack.push_async_callback(end, task)


async def listen(
    stack: AsyncExitStack,
    app: web.Application,
    host: str,
    port: int,
    certificates: Certificates | None,
    connections: Connections | None = None,
) -> int:
    """Let *app* answer at *host* and *port* until *stack* closes, with as many *connections* at once; returns the port.

    Raises:
        CentreError: it cannot listen there.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, keepalive_timeout=IDLE_S)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    assert runner.server is not None
    try:
        server = await (connections or Connections(MOST_OWN, MOST_OWN)).listen(
            runner.server, host, port, certificates.context() if certificates else None
        )
    except OSError as error:
        raise CentreError(
            f"the centre cannot listen at {host} port {port} ({error.strerror})", "choose another host or port"
        ) from None
    stack.callback(server.close)
    return int(server.sockets[0].getsockname()[1])


async def _forget(pool: Pool, name: str, stamp: Stamp | None) -> None:
    """Delete what is over and what is left of purged cases, and have heads stamped, now and then, until cancelled."""
    every_month = False
    for number in itertools.count():
        await asyncio.sleep(FORGET_S)
        every_month |= number % ROUNDS_A_DAY == 0
        try:
            async with taken(pool) as connection:
                await forget_old(connection)
            dropped, erased = await tidy_up(pool, every_month=every_month)
            every_month = False
            if dropped or erased:
                log.info("purged cases: %s dropped, %d photos erased", ", ".join(dropped) or "no table", erased)
            if stamp is not None and await stamp_heads(pool, name, stamp):
                log.info("the heads of all units were stamped")
        except (*BUSY, *GONE) as error:
            log.warning("upkeep waits for its next round: %s", why_not(error))
        except EdgeError as error:
            log.warning("%s", error)
