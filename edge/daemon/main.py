"""The unit: the only place that wires the parts together; owns start, main loop and stop."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import count
from pathlib import Path

import uvloop

from edge.cases import CaseStore, RetentionPolicy, load_signer
from edge.config import Settings, models_dir
from edge.crypto import opener
from edge.daemon import journald
from edge.daemon.disk_probe import DiskProbe
from edge.daemon.metrics import Metrics, MetricsServer, Sources
from edge.daemon.provenance import provenance
from edge.daemon.systemd import Notifier
from edge.errors import EdgeError, SecretError
from edge.flow.infringement import Infringements, Rules
from edge.flow.opening import WindowOpener
from edge.flow.queue import Deciding
from edge.identify.formats import Formats, licence_pattern
from edge.identify.verdict import Thresholds
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from edge.model import Case, Claim, Packet, PlateRead, Trigger
from edge.registry.lookup import Registry
from edge.registry.vault import load_master_key
from edge.sensors import Board, Panel, open_camera, open_radar
from edge.vision.checksums import reader_checksum
from edge.workers.pool import WorkerPool

log = logging.getLogger(__name__)

HOUSEKEEPING_S = 1.0
CHECK_ROUNDS = 5
"""In every fifth round of housekeeping the disk and the workers are tried, and the board's sensors are read."""
VITAL = frozenset({"workers", "camera", "disk"})
"""Parts without which the unit does no work: while one has a problem, the watchdog is not fed. Not `cases` and
`room`: a database behind its journal, or little room on the disk, loses nothing yet, and no restart mends it."""


def run(settings: Settings) -> int:
    """Run the unit until SIGTERM or SIGINT; returns 0."""
    logging.basicConfig(level=logging.INFO, handlers=[journald.handler()])
    with suppress(OSError):  # a core dump would hold keys and packets; workers inherit the limit
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    notifier = Notifier()
    async with AsyncExitStack() as stack:
        unit = Unit(settings)
        await unit.start(stack)
        loop.add_signal_handler(signal.SIGHUP, unit.reload)
        log.info("ready")
        notifier.ready()
        await unit.work(stopped, notifier)
        log.info("stopping")
        notifier.stopping()
    log.info("stopped")


class Unit:
    """One running unit."""

    def __init__(self, settings: Settings) -> None:
        """Nothing runs before :meth:`start`."""
        self._settings = settings
        self._known_problems: Mapping[str, str] = {}
        self._board = Board()
        self._disk = DiskProbe(settings.unit.state_dir)

    async def start(self, stack: AsyncExitStack) -> None:
        """Start the parts, those that others need first; *stack* stops them in the opposite order.

        Raises:
            EdgeError: a part cannot start; the sentence says what to do.
        """
        settings = self._settings
        folder = models_dir(settings.recognition.models_dir)
        formats = Formats(settings.verdict.plate_countries, settings.verdict.plate_pattern)
        rules = Rules(
            site=settings.unit.site,
            limit_kmh=settings.speed.limit_kmh,
            window_before_s=settings.window.window_before_s,
            window_after_s=settings.window.window_after_s,
            frames_per_case=settings.recognition.frames_per_case,
            pre_trigger_frames=settings.camera.pre_trigger_frames,
            thresholds=Thresholds.load(folder / "verdict.json", reader_checksum(folder)),
            formats=formats,
        )
        registry = await Registry.open(settings.registry.path, load_master_key(settings.registry.master_key_file))
        stack.push_async_callback(registry.close)
        self._cases = await CaseStore.open(
            settings.unit.state_dir,
            load_signer(settings.cases.signing_key_file),
            await asyncio.to_thread(provenance, settings, folder),
            policy=RetentionPolicy.of(settings.cases),
        )
        stack.push_async_callback(self._cases.close)
        stack.push_async_callback(self._disk.stop)
        self._pool = WorkerPool(
            folder,
            workers=settings.recognition.workers,
            job_timeout_s=settings.recognition.job_timeout_s,
            preload=[opener.__name__],
        )
        stack.push_async_callback(self._pool.stop)
        await self._pool.start()
        mailbox = Mailbox(settings.link.mailbox_packets, settings.link.packet_ttl_s, settings.link.packets_per_uid)
        self._camera = open_camera(settings)
        self._radar = open_radar(settings, self._camera)
        self._opener = WindowOpener(
            registry, self._pool, formats.pattern, licence_pattern(settings.verdict.licence_pattern)
        )
        self._flow = Infringements(
            rules,
            camera=self._camera,
            mailbox=mailbox,
            recognise=self._recognise,
            open_packets=self._open_packets,
            registry=registry,
            cases=self._cases,
        )
        self._link = LinkServer(settings.link, mailbox)
        self._metrics = Metrics(
            Sources(
                visits=lambda: self._link.counters,
                connections=lambda: self._link.connections,
                mailbox=lambda: len(mailbox),
                pool=lambda: self._pool.queued,
                radar=lambda: self._radar.counts(),
                board_c=lambda: self._board.temperature_c,
            )
        )
        monitor = MetricsServer(settings.metrics, self._metrics, self.problems)
        stack.push_async_callback(monitor.stop)
        await monitor.start()
        stack.push_async_callback(self._camera.stop)
        self._deciding = Deciding(self._flow, self._announce)
        stack.push_async_callback(self._deciding.drain, settings.recognition.stop_timeout_s)
        await self._link.start()  # listens or fails, nothing in between: a link that did not start has nothing to stop
        stack.push_async_callback(self._link.stop)
        self._deciding.catch_up(await self._cases.waiting())
        stack.push_async_callback(self._radar.stop)
        await self._radar.start()
        self._panel = Panel(settings.panel, settings.radar.pin_factory, self._radar.test_trigger)
        stack.push_async_callback(self._panel.stop)
        await self._panel.start()
        await self._camera.start()

    async def work(self, stopped: asyncio.Event, notifier: Notifier) -> None:
        """Turn triggers into cases until *stopped* is set; an error that ends the work is raised."""
        work = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_house())]
        if notifier.watchdog_s is not None:
            work.append(asyncio.create_task(notifier.feed(self.problems, VITAL)))
        stop = asyncio.create_task(stopped.wait())
        try:
            done, _ = await asyncio.wait([*work, stop], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (*work, stop):
                task.cancel()
            await asyncio.gather(*work, stop, return_exceptions=True)

    def reload(self) -> None:
        """Read the TLS certificate again; a bad one is reported and the one in use stays."""
        try:
            self._link.reload_tls()
            log.info("the TLS certificate was read again")
        except SecretError as error:
            log.error("the TLS certificate in use stays: %s", error)

    def problems(self) -> dict[str, str]:
        """What is wrong now, by part; empty when the unit is healthy."""
        found = {
            "link": self._link.problem(),
            "workers": self._pool.problem(),
            "camera": self._camera.problem(),
            "radar": self._radar.problem(),
            "cases": self._cases.problem(),
            "disk": self._disk.problem(),
            "room": self._cases.shortage(),
            "board": self._board.problem(),
        }
        return {part: problem for part, problem in found.items() if problem is not None}

    async def _listen(self) -> None:
        async for trigger in self._radar.triggers():
            if not self._is_infringement(trigger):
                log.info("a trigger below the limit")
                continue
            try:
                number = await self._flow.file(trigger)
            except EdgeError as error:
                log.critical("a trigger could not be made a case: %s", error)
                continue
            log.info("case %d filed", number, extra={"case": number})
            self._panel.beep()
            self._deciding.begin(number)

    def _is_infringement(self, trigger: Trigger) -> bool:
        speed = self._settings.speed
        return trigger.speed_kmh is None or trigger.speed_kmh > speed.limit_kmh + speed.tolerance_kmh

    def _announce(self, case: Case) -> None:
        assert case.verdict is not None and case.decided_utc is not None
        outcome = str(case.verdict.outcome)
        self._metrics.decided(outcome, case.decided_utc - case.trigger.at_utc)
        log.info("case %d decided: %s", case.number, outcome, extra={"case": case.number, "outcome": outcome})

    async def _recognise(self, photo: Path) -> tuple[PlateRead, ...]:
        result = await self._pool.recognise(photo)
        self._metrics.recognised(result.total_ms / 1e3)
        return result.plates

    async def _open_packets(self, packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[str]]:
        claims, rejected = await self._opener(packets)
        self._metrics.opened(len(packets), rejected)
        return claims, rejected

    async def _keep_house(self) -> None:
        for round_number in count():
            await asyncio.sleep(HOUSEKEEPING_S)
            if round_number % CHECK_ROUNDS == 0:
                self._disk.write()
                self._pool.probe()
            try:
                await self._cases.housekeep()
            except EdgeError as error:
                log.error("housekeeping: %s", error)
            if round_number % CHECK_ROUNDS == 0:
                await asyncio.to_thread(self._board.measure)
            self._pool.mend()
            problems = self.problems()
            self._log_changes(problems)
            self._panel.show(healthy=not problems)

    def _log_changes(self, problems: Mapping[str, str]) -> None:
        for part in problems.keys() - self._known_problems.keys():
            log.warning("%s: %s", part, problems[part])
        for part in self._known_problems.keys() - problems.keys():
            log.info("%s: well again", part)
        self._known_problems = problems
