"""Builds the parts of the daemon, those that others need first; the only module that names concrete parts.

Longer than 300 lines because every part is named here, and nowhere else.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from edge.cases import (
    CaseStore,
    RetentionPolicy,
    StateFolder,
    TimeStamps,
    be_prompt,
    believe_clock,
    clock_state,
    give_way,
    load_signer,
)
from edge.config import Area, Engine, Settings, models_dir, open_question
from edge.crypto import opener
from edge.daemon.central import central, service_of
from edge.daemon.clock import Clock, ClockSteps, read_clocks
from edge.daemon.diary import Diary, setting_digests, software_of
from edge.daemon.disk_probe import DiskProbe
from edge.daemon.health import Health
from edge.daemon.housekeeping import Upkeep
from edge.daemon.metrics import Metrics, Sources
from edge.daemon.monitor import Monitor
from edge.daemon.orientation import Orientation
from edge.daemon.provenance import certificate_problem, instrument, provenance
from edge.daemon.rules import rules_of
from edge.daemon.selfcheck import SelfChecks
from edge.daemon.status_report import StatusReport
from edge.delivery import GATHER_S, Courier, Ordered, Progress, open_courier
from edge.flow.at_centre import EveryChip
from edge.flow.deciding import OnUnit
from edge.flow.infringement import Infringements
from edge.flow.opening import WindowOpener
from edge.flow.ports import Cases as FlowCases
from edge.flow.ports import Decider, KnownChips, Opener
from edge.flow.queue import CaseQueue
from edge.identify import Formats
from edge.identify.formats import licence_pattern
from edge.link.identity import load_identity
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from edge.model import Case, Claim, Packet, PlateRead, Rejection
from edge.registry.counters import Counters
from edge.registry.lookup import Registry
from edge.registry.vault import load_master_key
from edge.sensors import Board, Camera, Panel, Radar, open_camera, open_radar
from edge.vision import is_of_release, load_thresholds, selfcheck, worker
from edge.vision.checksums import reader_checksum
from edge.workers import WorkerPool, WorkerSetup

log = logging.getLogger(__name__)

WINDOW_SLACK_S = 5.0
"""How much later than its window's end a case may ask for packets."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one daemon, in the order in which they are built."""

    registry: Registry | None
    cases: CaseStore
    disk: DiskProbe
    workers: WorkerPool
    openers: WorkerPool
    mailbox: Mailbox
    camera: Camera
    radar: Radar
    board: Board
    panel: Panel
    flow: Infringements
    upkeep: Upkeep
    queue: CaseQueue
    link: LinkServer
    diary: Diary
    selfchecks: SelfChecks
    clock_steps: ClockSteps
    courier: Courier | None
    health: Health
    monitor: Monitor


async def build(ordered: Ordered, stack: AsyncExitStack, restart: Callable[[], object]) -> Parts:
    """Open registry and case store, and build everything else without starting it; *stack* closes what was opened.

    *restart* begins anew, with another configuration; it may be called from any thread.

    Raises:
        EdgeError: a part cannot be built.
    """
    be_prompt()  # the loop, from here on
    settings = ordered.settings
    folder = models_dir(settings.recognition.models_dir)
    formats = Formats(settings.verdict.plate_countries, settings.verdict.plate_pattern)
    rules = rules_of(settings, formats, load_thresholds(folder))

    service = service_of(settings)
    registry = await _open_registry(settings, stack) if service is None else None
    progress = Progress(GATHER_S if service is None else 0.0)  # a case that the centre decides waits for it
    unit = await asyncio.to_thread(provenance, settings, folder, of_release=is_of_release(folder))
    cases = await CaseStore.open(
        settings.unit.state_dir,
        load_signer(settings.cases.signing_key_file),
        unit,
        instrument=instrument(settings),
        speed_unit=rules.profile.unit,
        policy=RetentionPolicy.of(settings.cases, only_delivered=settings.centre.url is not None),
        witness_dirs=settings.cases.witness_dirs,
        stamps=TimeStamps.of(settings.evidence),
        on_head=progress.more,
        head_at_once=service is not None,
    )
    stack.push_async_callback(cases.close)

    folder_of_cases = StateFolder(settings.unit.state_dir)  # there since the store was opened
    disk = DiskProbe(folder_of_cases.probe, before_write=partial(give_way, folder_of_cases))
    photos = folder_of_cases.photos
    workers = WorkerPool(
        worker_setup(folder, settings.recognition.engine, settings.camera.captions, photos),
        workers=settings.recognition.workers,
        job_timeout_s=settings.recognition.job_timeout_s,
    )
    openers = WorkerPool(
        WorkerSetup(),  # it gets the keys of its packets with its job
        workers=settings.recognition.workers,
        job_timeout_s=settings.recognition.job_timeout_s,
        one_job_each=True,
    )
    mailbox = Mailbox(settings.link.mailbox_packets, packet_life_s(settings), settings.link.packets_per_uid)
    camera = open_camera(settings)
    radar = open_radar(settings, camera)
    board = Board()
    panel = Panel(settings.panel, settings.radar.pin_factory, radar.test_trigger)
    uids = await _sealed_to(registry) if service is None else service.uid_key
    counts_s = min(settings.window.window_before_s, packet_life_s(settings))
    identity = load_identity(settings.link, settings.unit.serial, uids, counts_s)
    link = LinkServer(settings.link, mailbox, identity)

    wrong = registry.problem if registry is not None else lambda: None
    clock = Clock(clock_state)
    metrics = Metrics(
        Sources(
            connection_outcomes=lambda: link.counters,
            connections=lambda: link.connections,
            mailbox=lambda: len(mailbox),
            pool=lambda: workers.queued,
            radar=radar.counts,
            board_c=lambda: board.temperature_c,
            rejected=lambda: flow.rejected,
            flow=lambda: flow.counters,
            gauges={
                "autovelox_cases_pending": ("Cases without a verdict.", lambda: queue.pending),
                "autovelox_cases_pending_oldest_seconds": ("How long the oldest waits.", lambda: queue.oldest_s),
                "autovelox_clock_error_seconds": ("The kernel's bound; NaN while it is not set.", clock.error_s),
                "autovelox_registry_usable": ("1 if the registry answers, or the centre has it.", lambda: not wrong()),
                "autovelox_store_checkpoint_age_seconds": (
                    "Since the database's log was last empty.",
                    lambda: cases.checkpoint_age_s,
                ),
                "autovelox_store_housekeeping_failures": ("Rounds that failed.", lambda: upkeep.failures),
                "autovelox_store_housekeeping_age_seconds": ("Since a round worked.", lambda: upkeep.age_s),
            },
            certificate_end_utc=lambda: link.certificate_end_utc,
        )
    )
    orientation = Orientation()
    question, uncertified = open_question(settings), certificate_problem(settings)
    diary = Diary(
        cases,
        clock_state,
        mode="observe" if uncertified() else settings.unit.mode,
        configuration=setting_digests(settings),
        order=ordered.order.record() if ordered.order is not None else None,
        software=await asyncio.to_thread(software_of, unit),
    )
    selfchecks = SelfChecks(
        selfcheck.PHOTO,
        selfcheck.TEXT,
        recognise=lambda photo: workers.run(worker.recognise, photo),
        is_read=selfcheck.is_read,
        is_idle=lambda: not (queue.pending or workers.queued),
        has_waiting=lambda: bool(queue.pending),
        enter=diary.add,
    )
    measured = _Measured(metrics, workers, orientation, selfchecks)
    decider: Decider[Any]
    chips: KnownChips = EveryChip()
    stored: FlowCases = cases
    if registry is None:
        assert service is not None
        believed = partial(believe_clock, StateFolder(settings.unit.state_dir))
        decider, stored = await central(
            settings, service, reader_checksum(folder), rules, cases, believed, progress, stack
        )
    else:
        opener = WindowOpener(registry, openers, formats.pattern, licence_pattern(settings.verdict.licence_pattern))
        key_file = settings.registry.master_key_file
        counters = Counters(settings.registry.path, lambda: load_master_key(key_file))
        decider, chips = OnUnit(rules, measured.opening_with(opener), registry, counters), registry
    flow = Infringements(
        rules,
        camera=camera,
        mailbox=mailbox,
        recognise=measured.recognise,
        decider=decider,
        registry=chips,
        cases=stored,
        reports=radar.reports if settings.radar.serial_port is not None else None,
        right_of_way=cases.right_of_way,
    )
    radar.on_edge = flow.begin
    upkeep = Upkeep(cases.housekeep)
    queue = CaseQueue(flow, measured.decided)
    courier = open_courier(
        settings,
        StatusReport(settings.printable(), lambda: health.problems(), clock.error_s, cases.free_bytes),
        progress,
        answers_again=queue.wake,
        file=ordered.file,
        enter=diary.refuse_order,
        restart=restart,
    )
    health = Health(
        {
            "configuration": lambda: ": ".join(question) if question else ordered.problem,
            "instrument": uncertified,
            "link": link.problem,
            "workers": lambda: workers.problem() or openers.problem(),
            "camera": camera.problem,
            "radar": radar.problem,
            "photos": flow.problem,
            "orientation": orientation.problem,
            "registry": wrong,
            "cases": cases.problem,
            "disk": disk.problem,
            "housekeeping": upkeep.problem,
            "diary": diary.problem,
            "self-check": selfchecks.problem,
            "clock": clock.problem,
            "pending cases": queue.problem,
            "room": cases.shortage,
            "board": board.problem,
            "delivery": courier.problem if courier is not None else lambda: None,
        }
    )
    return Parts(
        registry=registry,
        cases=cases,
        disk=disk,
        workers=workers,
        openers=openers,
        mailbox=mailbox,
        camera=camera,
        radar=radar,
        board=board,
        panel=panel,
        flow=flow,
        upkeep=upkeep,
        queue=queue,
        link=link,
        diary=diary,
        selfchecks=selfchecks,
        clock_steps=ClockSteps(clock_state, read_clocks),
        courier=courier,
        health=health,
        monitor=Monitor(
            settings.metrics,
            metrics,
            health.problems,
            facts=lambda: {
                "mode": "observe" if uncertified() else settings.unit.mode,
                "speeds_missing_since_utc": radar.speeds_missing_since_utc,
            },
        ),
    )


async def _open_registry(settings: Settings, stack: AsyncExitStack) -> Registry:
    """The registry of a unit that opens packets itself."""
    key_file = settings.registry.master_key_file
    registry = await Registry.open(
        settings.registry.path, load_master_key(key_file), load_key=lambda: load_master_key(key_file)
    )
    stack.push_async_callback(registry.close)
    return registry


async def _sealed_to(registry: Registry | None) -> bytes | None:
    """What cars seal their uids to: the public half of the registry's key."""
    key = await registry.uid_key() if registry is not None else None
    return key.public if key is not None else None


def packet_life_s(settings: Settings) -> float:
    """Seconds for which a packet is kept: as long as a trigger may need it, and never longer than is configured."""
    window_s = settings.window.window_before_s + settings.window.window_after_s
    return min(settings.link.packet_ttl_s, window_s + WINDOW_SLACK_S)


def worker_setup(
    models: Path, engine: Engine, captions: tuple[Area, ...] = (), photos: Path | None = None
) -> WorkerSetup:
    """What every worker of the unit does first: it loads the models, and shares what opens packets.

    It may read *models* and what is below the folder *photos*, which is there when the worker starts.
    """
    return WorkerSetup(
        initializer=worker.start,
        arguments=(models, engine, captions),
        ready=worker.ready,
        preload=(*worker.preload(engine), opener.__name__),
        reads=(models, *([photos] if photos is not None else [])),
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """The flow's acts, counted for the metrics."""

    metrics: Metrics
    workers: WorkerPool
    orientation: Orientation
    selfchecks: SelfChecks

    async def recognise(self, photo: Path) -> tuple[PlateRead, ...]:
        result = await self.workers.run(worker.recognise, photo)
        self.metrics.recognised(result.total_ms / 1e3)
        self.orientation.note(result)
        return result.plates

    def opening_with(self, opener: WindowOpener) -> Opener:
        async def open_packets(packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[Rejection]]:
            claims, rejected = await opener(packets)
            self.metrics.opened(len(packets), rejected)
            return claims, rejected

        return open_packets

    def decided(self, case: Case) -> None:
        assert case.verdict is not None and case.decided_utc is not None
        outcome = str(case.verdict.outcome)
        self.metrics.decided(outcome, case.decided_utc - case.trigger.at_utc)
        self.selfchecks.decided()
        log.info("case %d decided: %s", case.number, outcome, extra={"case": case.number, "outcome": outcome})
