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

from edge.errors import CameraError, EdgeError
from edge.flow.ports import Camera, Cases, Mailbox
from edge.flow.rules import NS, Rules
from edge.model import Basis, Frame, Packet, Trigger, is_infringement

log = logging.getLogger(__name__)

MOST_EDGES = 64
"""Edges whose exposures are held for a case that is not filed yet; beyond, the ring's age decides (megabytes each)."""
MISSED, LOST = "missed_photos", "lost_triggers"
PROBLEM_S = 600.0
"""How long a missed photo is a problem of the unit."""


class Edge:
    """One edge of the radar: its exposures as they leave the ring, and the packets that were there.

    Attributes:
        photos: the photos from the edge on, as they come.
        before: the photos from before it.
        missed: photos that the camera should have given and did not.
    """

    def __init__(self, at_monotonic_ns: int, rules: Rules, camera: Camera, packets: Sequence[Packet]) -> None:
        """Begin at once; needs a running event loop."""
        self.packets = tuple(packets)
        self.photos: list[Frame] = []
        self.before: tuple[Frame, ...] = ()
        self.missed = 0
        self._has_first = asyncio.Event()
        self._task = asyncio.create_task(self._take(at_monotonic_ns, rules, camera), name="exposures of an edge")

    async def first(self) -> list[Frame]:
        """The first photo from the edge on; none when the camera fails."""
        await self._has_first.wait()
        return self.photos[:1]

    async def rest(self) -> list[Frame]:
        """The photos beside the first one; none when the camera failed the first one."""
        await self._task
        return [*self.before, *self.photos[1:]] if self.photos else []

    def cancel(self) -> None:
        """Let go of everything: no case is made of this edge."""
        self._task.cancel()
        self.photos, self.before, self.packets = [], (), ()

    async def _take(self, at_ns: int, rules: Rules, camera: Camera) -> None:
        before = asyncio.create_task(camera.recent(at_ns, rules.pre_trigger_frames))
        try:
            async for photo in camera.frames(at_ns, rules.frames_per_case):
                self.photos.append(photo)
                self._has_first.set()
            self.before = await before
        except CameraError as error:
            self.missed = rules.frames_per_case - len(self.photos)
            log.error("the camera gave %d of %d photos: %s", len(self.photos), rules.frames_per_case, error)
        finally:
            before.cancel()
            self._has_first.set()


class Gathering:
    """Gathers photos and packets from the edge on, and stores what comes after a case was filed.

    Attributes:
        counters: ``missed_photos``, and ``lost_triggers`` that could not be made a case.
    """

    def __init__(self, rules: Rules, camera: Camera, mailbox: Mailbox, cases: Cases) -> None:
        """Nothing runs before a method is called."""
        self._rules = rules
        self._camera = camera
        self._mailbox = mailbox
        self._cases = cases
        self._edges: dict[int, Edge] = {}
        self._completing: dict[int, asyncio.Task[int]] = {}
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

    def packets(self, trigger: Trigger, edge: Edge) -> tuple[Packet, ...]:
        """The packets of the trigger's window that have arrived so far."""
        found = (*edge.packets, *self._mailbox.window(*self._rules.window_ns(trigger)))
        return tuple({packet.nonce: packet for packet in found}.values())

    def complete(self, number: int, trigger: Trigger, basis: Basis, edge: Edge, filed: Sequence[Packet]) -> None:
        """Begin to store what comes after the first photo and the packets that were *filed* with the case."""
        self._completing[number] = asyncio.create_task(
            self._complete(number, trigger, basis, edge, {packet.nonce for packet in filed}), name=f"photos of {number}"
        )

    async def completed(self, number: int) -> int | None:
        """Wait until everything of the case is stored; returns how many of its photos were missed.

        None: the case was filed before this start, and only the store knows.
        """
        task = self._completing.get(number)
        return None if task is None else await asyncio.shield(task)

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
        return Edge(at_monotonic_ns, self._rules, self._camera, self._mailbox.window(start_ns, at_monotonic_ns))

    def _miss(self, photos: int) -> None:
        if photos:
            self.counters[MISSED] += photos
            self._missed_at_s = time.monotonic()

    async def _complete(self, number: int, trigger: Trigger, basis: Basis, edge: Edge, known: set[str]) -> int:
        photos = await edge.rest()
        missed = edge.missed
        try:
            await self._cases.add(number, frames=photos)
        except EdgeError as error:
            log.error("%d photos of case %d could not be stored: %s", len(photos), number, error)
            missed += len(photos)
        self._miss(missed)
        if is_infringement(basis):
            await self._add_late_packets(number, trigger, edge, known)
        return missed

    async def _add_late_packets(self, number: int, trigger: Trigger, edge: Edge, known: set[str]) -> None:
        _, closes_ns = self._rules.window_ns(trigger)
        await asyncio.sleep((closes_ns - time.monotonic_ns()) / NS)
        late = [packet for packet in self.packets(trigger, edge) if packet.nonce not in known]
        try:
            if late:
                await self._cases.add(number, packets=late)
        except EdgeError as error:
            log.error("%d late packets of case %d could not be stored: %s", len(late), number, error)
