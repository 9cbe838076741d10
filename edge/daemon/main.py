"""The daemon: start, loop, stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack
from functools import partial

import uvloop

from edge.config import Settings
from edge.crypto import forbid_inspection
from edge.daemon import journald
from edge.daemon.health import VITAL
from edge.daemon.housekeeping import keep_diary, keep_registry, keep_store, run_housekeeping
from edge.daemon.preflight import preflight
from edge.daemon.systemd import Notifier
from edge.daemon.wiring import Parts, build
from edge.delivery import Ordered, ordered
from edge.errors import EdgeError, SecretError

log = logging.getLogger(__name__)


def run(settings: Settings) -> int:
    """Run the unit until SIGTERM or SIGINT; returns 0.

    It runs with what the centre's officers ordered. Where they order another configuration it stops in order and begins
    anew, as the same process.

    Raises:
        EdgeError: a part cannot start.
    """
    logging.basicConfig(level=logging.INFO, handlers=[journald.handler()])
    forbid_inspection()
    in_force = ordered(settings)
    preflight(in_force.settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        anew = runner.run(_serve(in_force))
    if anew:
        logging.shutdown()
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - ourselves, as we were started
    return 0


async def _serve(in_force: Ordered) -> bool:
    """Run until it is told to stop; True if it is to begin anew."""
    stopped, anew = asyncio.Event(), asyncio.Event()
    running = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        running.add_signal_handler(number, stopped.set)
    notifier = Notifier()
    async with AsyncExitStack() as stack:
        parts = await build(in_force, stack, partial(running.call_soon_threadsafe, _begin_anew, stopped, anew))
        await start(parts, stack, in_force.settings.recognition.stop_timeout_s)
        running.add_signal_handler(signal.SIGHUP, _reload, parts)
        log.info("ready")
        notifier.ready()
        await loop(parts, stopped, notifier)
        log.info("stopping")
        notifier.stopping()
    log.info("stopped")
    return anew.is_set()


def _begin_anew(stopped: asyncio.Event, anew: asyncio.Event) -> None:
    if not stopped.is_set():
        anew.set()
        stopped.set()


async def start(parts: Parts, stack: AsyncExitStack, stop_timeout_s: float) -> None:
    """Start the parts, those that others need first; *stack* stops them in the opposite order."""
    stack.push_async_callback(parts.disk.stop)
    stack.push_async_callback(parts.diary.end)
    await parts.diary.begin()
    stack.push_async_callback(parts.workers.stop)
    await parts.workers.start()
    stack.push_async_callback(parts.openers.stop)
    await parts.openers.start()
    stack.push_async_callback(parts.monitor.stop)
    await parts.monitor.start()
    stack.push_async_callback(parts.camera.stop)
    stack.push_async_callback(parts.flow.stop)
    stack.push_async_callback(parts.selfchecks.end)
    stack.push_async_callback(parts.queue.drain, stop_timeout_s)
    await parts.selfchecks.check()  # before a case can wait for it
    await parts.link.start()  # it listens or raises; then there is nothing to stop
    stack.push_async_callback(parts.link.stop)
    parts.queue.catch_up(await parts.cases.waiting())
    stack.push_async_callback(parts.radar.stop)
    await parts.radar.start()
    stack.push_async_callback(parts.panel.stop)
    await parts.panel.start()
    await parts.camera.start()


async def loop(parts: Parts, stopped: asyncio.Event, notifier: Notifier) -> None:
    """Turn triggers into cases until *stopped* is set; an error that ends the work is raised."""
    work = [
        asyncio.create_task(each(parts))
        for each in (_file_triggers, run_housekeeping, keep_store, keep_registry, keep_diary)
    ]
    if parts.courier is not None:
        work.append(asyncio.create_task(parts.courier.run()))
    if notifier.watchdog_s is not None:
        work.append(asyncio.create_task(notifier.feed(parts.health.problems, VITAL)))
    stop = asyncio.create_task(stopped.wait())
    try:
        done, _ = await asyncio.wait([*work, stop], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (*work, stop):
            task.cancel()
        await asyncio.gather(*work, stop, return_exceptions=True)


async def _file_triggers(parts: Parts) -> None:
    async for trigger in parts.radar.triggers():
        try:
            number = await parts.flow.file_trigger(trigger)
        except EdgeError as error:
            log.critical("a trigger could not be made a case: %s", error)
            continue
        if number is None:
            log.info("a trigger below the limit")
            continue
        log.info("case %d filed", number, extra={"case": number})
        parts.panel.beep()
        parts.queue.begin(number)


def _reload(parts: Parts) -> None:
    """Read both certificates of the link again; a bad one is reported and the one in use stays."""
    for what, again in (
        ("the TLS certificate", parts.link.reload_tls),
        ("the authority's certificate for the unit", parts.link.reload_identity),
    ):
        try:
            if again():
                log.info("%s was read again", what)
        except SecretError as error:
            log.error("%s in use stays: %s", what, error)
