"""What belongs to a case: the photos around its trigger and the packets of its window.

At the radar's edge a task of its own takes the exposures out of the camera's ring, before anything is waited for: the
ring holds less than a second, and filing may wait for a disk. Packets that were there are held from the same instant.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge.errors import EdgeError
from edge.flow.exposures import Edge, seen
from edge.flow.ports import Camera, Cases, KnownChips, Mailbox, RadarReports
from edge.flow.rules import CASE_SEALED_OPENINGS, NS, OPENINGS_PER_UID, REPORTS_S, SEALED_OPENINGS, Rules
from edge.model import Basis, Packet, Rejection, Trigger, is_infringement

log = logging.getLogger(__name__)

MOST_EDGES = 64
"""Edges whose exposures are held for a case that is not filed yet; beyond, the ring's age decides (megabytes each)."""
MISSED, LOST = "missed_photos", "lost_triggers"
KNOWN_WAIT_S = 0.2
"""How long filing waits for the registry to say which uids it knows; without an answer all packets are filed."""
PROBLEM_S = 600.0
"""How long a missed photo is a problem of the unit."""


@dataclass(frozen=True, slots=True)
class Completed:
    """What is known of a case whose photos and packets are all stored: photos missed, and packets that were not."""

    missed: int
    rejected: Counter[Rejection]


class Gathering:
    """Gathers photos and packets from the edge on, and stores what comes after a case was filed.

    Attributes:
        counters: ``missed_photos``, and ``lost_triggers`` that could not be made a case.
    """

    def __init__(
        self,
        rules: Rules,
        camera: Camera,
        mailbox: Mailbox,
        registry: KnownChips,
        cases: Cases,
        reports: RadarReports | None,
    ) -> None:
        """Nothing runs before a method is called. Without *reports* the radar has no lines to be kept."""
        self._reports = reports
        self._registry = registry
        self._rules = rules
        self._camera = camera
        self._mailbox = mailbox
        self._cases = cases
        self._edges: dict[int, Edge] = {}
        self._completing: dict[int, asyncio.Task[Completed]] = {}
        self._missed_at_s: float | None = None
        self.counters: Counter[str] = Counter({MISSED: 0, LOST: 0})

    def begin(self, at_monotonic_ns: int) -> None:
        """An edge, now: its exposures leave the ring from here on."""
        if len(self._edges) < MOST_EDGES:
            self._edges[at_monotonic_ns] = self._edge(at_monotonic_ns)

    def take(self, trigger: Trigger) -> Edge:
        """What was begun at the edge of *trigger*; it begins now if nothing was."""
        begun = self._edges.pop(trigger.at_monotonic_ns, None)
        return self._edge(trigger.at_monotonic_ns) if begun is None else begun

    async def packets(self, trigger: Trigger, edge: Edge, filed: Sequence[Packet] = ()) -> tuple[Packet, ...]:
        """The packets of the trigger's window that have arrived so far and may become claims; not those *filed*.

        :mod:`edge.flow.rules` says how many there are at most, those *filed* included; a crowd before the edge leaves
        room for a car that answers after it. Those of uids that the registry does not know are left out; where it does
        not answer in time, all stay.
        """
        start_ns, end_ns = self._rules.window_ns(trigger)
        after_ns = max(start_ns, edge.at_ns + 1)
        later, left_out = self._mailbox.fair_window(after_ns, end_ns, OPENINGS_PER_UID, SEALED_OPENINGS)
        now, edge.left_out = (*edge.packets, *later), edge.left_out_at_edge + left_out
        had = {packet.nonce for packet in filed}
        edge.left_out -= min(edge.left_out, len(had - {packet.nonce for packet in now}))  # left out now, filed before
        count = Counter(packet.uid for packet in filed)
        found = []
        for packet in {packet.nonce: packet for packet in now}.values():
            if packet.nonce in had or packet.nonce in edge.unknown:
                continue
            count[packet.uid] += 1
            if count[packet.uid] <= (OPENINGS_PER_UID if packet.uid else CASE_SEALED_OPENINGS):
                found.append(packet)
            else:
                edge.left_out += 1
        return await self._of_known_chips(edge, found)

    def complete(self, number: int, trigger: Trigger, basis: Basis, edge: Edge, filed: Sequence[Packet]) -> None:
        """Begin to store what comes after the first photo and the packets that were *filed* with the case."""
        self._completing[number] = asyncio.create_task(
            self._complete(number, trigger, basis, edge, filed), name=f"photos of case {number}"
        )
        self._completing[number].add_done_callback(seen)

    async def completed(self, number: int) -> Completed | None:
        """Wait until everything of the case is stored; returns what is not.

        None: the case was filed before this start, and only the store knows.
        """
        task = self._completing.get(number)
        if task is None:
            return None
        try:
            return await asyncio.shield(task)
        except Exception as error:
            # Of an unforeseen error only the type is safe to log. The case goes on with what is stored.
            log.error(
                "what came after the trigger of case %d is not whole: unforeseen %s", number, type(error).__name__
            )
            self.forget(number)
            self._miss(1)
            return None

    def forget(self, number: int) -> None:
        """The case is decided."""
        self._completing.pop(number, None)

    def lose(self, edge: Edge) -> None:
        """No case could be made of an edge."""
        edge.cancel()
        self.counters[LOST] += 1
        self._miss(self._rules.frames_per_case)

    async def stop(self) -> None:
        """Let go of what is not stored yet; the cases stay pending with what they have."""
        for edge in self._edges.values():
            edge.cancel()
        for task in self._completing.values():
            task.cancel()
        await asyncio.gather(*self._completing.values(), return_exceptions=True)

    def problem(self) -> str | None:
        """One sentence while photos were missed within the last ten minutes, else None."""
        if self._missed_at_s is None or time.monotonic() - self._missed_at_s > PROBLEM_S:
            return None
        ago_s = time.monotonic() - self._missed_at_s
        return (
            f"{self.counters[MISSED]} photos of triggers were missed since the start, the last {ago_s:.0f} s ago: "
            "look for errors of camera and disk in the journal, raise ring_frames in [camera]"
        )

    def _edge(self, at_monotonic_ns: int) -> Edge:
        start_ns = at_monotonic_ns - round(self._rules.window_before_s * NS)
        packets, left_out = self._mailbox.fair_window(start_ns, at_monotonic_ns, OPENINGS_PER_UID, SEALED_OPENINGS)
        edge = Edge(at_monotonic_ns, self._rules, self._camera, packets, left_out)
        # It asks at the edge: one that does not answer costs filing its wait once, not once a trigger.
        uids = {packet.uid for packet in packets if packet.uid}
        edge.lookup = asyncio.create_task(self._ask(edge, uids), name="known uids")
        return edge

    async def _ask(self, edge: Edge, uids: set[str]) -> None:
        try:
            if uids:
                async with asyncio.timeout(KNOWN_WAIT_S):
                    edge.known |= await self._registry.known(uids)
                edge.asked |= uids
        except (TimeoutError, EdgeError):
            edge.silent = True

    async def _of_known_chips(self, edge: Edge, packets: Sequence[Packet]) -> tuple[Packet, ...]:
        if edge.lookup is not None:
            await edge.lookup
        if not edge.silent:
            await self._ask(edge, {packet.uid for packet in packets if packet.uid} - edge.asked)
        # Of those that the registry could not be asked for, the opener will tell.
        strange = {packet.nonce for packet in packets if packet.uid in edge.asked - edge.known}
        edge.unknown |= strange
        return tuple(packet for packet in packets if packet.nonce not in strange)

    def _miss(self, photos: int) -> None:
        if photos:
            self.counters[MISSED] += photos
            self._missed_at_s = time.monotonic()

    async def _complete(
        self, number: int, trigger: Trigger, basis: Basis, edge: Edge, filed: Sequence[Packet]
    ) -> Completed:
        photos = await edge.rest()
        missed = edge.missed
        try:
            await self._cases.add(number, photos=photos)
        except EdgeError as error:
            log.error("%d photos of case %d could not be stored: %s", len(photos), number, error)
            missed += len(photos)
        self._miss(missed)
        if is_infringement(basis):
            await self._add_late_packets(number, trigger, edge, filed)
        if self._reports is not None:
            await self._add_reports(number, trigger, self._reports)
        counted = {Rejection.UNKNOWN_UID: len(edge.unknown), Rejection.TOO_MANY: edge.left_out}
        return Completed(missed, +Counter(counted))

    async def _add_reports(self, number: int, trigger: Trigger, reports: RadarReports) -> None:
        around_ns = round(REPORTS_S * NS)
        start_ns, end_ns = trigger.at_monotonic_ns - around_ns, trigger.at_monotonic_ns + around_ns
        await asyncio.sleep((end_ns - time.monotonic_ns()) / NS)
        found = reports(start_ns, end_ns)
        try:
            if found:
                await self._cases.add(number, reports=found)
        except EdgeError as error:
            log.error("%d reports of the radar for case %d could not be stored: %s", len(found), number, error)

    async def _add_late_packets(self, number: int, trigger: Trigger, edge: Edge, filed: Sequence[Packet]) -> None:
        _, closes_ns = self._rules.window_ns(trigger)
        await asyncio.sleep((closes_ns - time.monotonic_ns()) / NS)
        edge.silent = False
        late = await self.packets(trigger, edge, filed)
        try:
            if late:
                await self._cases.add(number, packets=late)
        except EdgeError as error:
            log.error("%d late packets of case %d could not be stored: %s", len(late), number, error)
