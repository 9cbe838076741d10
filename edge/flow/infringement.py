"""The flow: one trigger becomes one decided case.

1. A packet arrives over the link and stays sealed in the mailbox, see :mod:`edge.link`.
2. The radar fires: a trigger above the limit is filed at once as a case, with its photo and the packets so far. One
   that lacks a fact (:class:`edge.model.Basis`) is no infringement: it is filed without packets, and names nobody.
3. Workers read the photos while the packets of the window are opened; each becomes a claim or is rejected.
4. The claims are compared with the photos: one explains them, several do, or none. Where the photos do not bear out
   the radar nobody is named.
5. The driver is looked up, and the case is decided, chained and signed.
6. The packets that no later trigger can need are deleted.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge.errors import EdgeError
from edge.flow.beside import other_plates
from edge.flow.gathering import Completed, Gathering
from edge.flow.ports import Camera, Cases, Decider, KnownChips, Mailbox, RadarReports, Recogniser, RightOfWay
from edge.flow.reading import read_photos
from edge.flow.rules import Rules
from edge.model import Basis, Case, Packet, PendingCase, Rejection, Trigger, is_infringement


class Infringements:
    """From triggers to decided cases; one instance a unit.

    Attributes:
        rejected: packets of decided cases that became no claim for a reason that the opener does not know.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        camera: Camera,
        mailbox: Mailbox,
        recognise: Recogniser,
        decider: Decider[Any],
        registry: KnownChips,
        cases: Cases,
        reports: RadarReports | None = None,
        right_of_way: RightOfWay | None = None,
    ) -> None:
        """Take the ports; nothing runs yet. *reports* has the radar's own lines, where it sends any.

        Without a *right_of_way* nothing steps aside for a filing.
        """
        self._rules = rules
        self._right_of_way = right_of_way or _NothingElse()
        self._gathering = Gathering(rules, camera, mailbox, registry, cases, reports)
        self._mailbox = mailbox
        self._recognise = recognise
        self._decider = decider
        self._cases = cases
        self.rejected: Counter[Rejection] = Counter()

    def begin(self, at_monotonic_ns: int) -> None:
        """The radar's edge, now: what belongs to its case is held from here on, whatever filing has to wait for.

        Other work of the unit steps aside from here on, so that it has ended when the photo is there.
        """
        self._right_of_way.take(at_monotonic_ns)
        self._gathering.begin(at_monotonic_ns)

    async def file_trigger(self, trigger: Trigger) -> int | None:
        """Commit the trigger as a case and return its number, or None if its speed is within the limit.

        Raises:
            StorageFull: the disk has no room for the case.
            CaseError: the disk refuses.
        """
        self._right_of_way.take(trigger.at_monotonic_ns)
        try:
            return await self._file(trigger)
        finally:
            self._right_of_way.give_back(trigger.at_monotonic_ns)

    async def _file(self, trigger: Trigger) -> int | None:
        rules, edge = self._rules, self._gathering.take(trigger)
        if (basis := rules.basis(trigger)) is None:
            edge.cancel()
            return None
        photos, packets = await asyncio.gather(
            edge.first(), self._gathering.packets(trigger, edge) if is_infringement(basis) else _no_packets()
        )
        try:
            number = await self._cases.file_case(
                trigger,
                photos,
                packets,
                limit_kmh=rules.limit_kmh,
                site=rules.site,
                basis=basis,
                assessment=rules.assessment(trigger),
            )
        except EdgeError:
            self._gathering.lose(edge)
            raise
        self._gathering.complete(number, trigger, basis, edge, packets)
        return number

    async def decide_case(self, number: int) -> Case:
        """Decide a filed case, with everything that came after its first photo until its window closed.

        A case taken up after a restart has only what was stored.
        """
        case, decider = self._judged(await self._cases.load(number)), self._decider
        reads, opened, completed = await asyncio.gather(
            read_photos(self._recognise, case.photos), decider.open(case.packets), self._gathering.completed(number)
        )
        whole = case if completed is None else self._judged(await self._cases.load(number))
        late_reads, late = await asyncio.gather(
            read_photos(self._recognise, whole.photos[len(case.photos) :]),
            decider.open(whole.packets[len(case.packets) :]),
        )
        decision, besides = await decider.decide(whole, reads + late_reads, (opened, late))
        unopened = completed.rejected if completed else Counter[Rejection]()
        rejected = Counter(decision.rejected) + unopened
        missed = self._missed(whole, completed)
        others = other_plates(whole, reads + late_reads, decision)
        found = replace(decision, rejected=rejected, missed_photos=missed, others=others)
        decided = await self._cases.enter_verdict(number, found)
        self._gathering.forget(number)
        self.rejected += besides + unopened
        self._delete_unneeded(whole)
        return decided

    async def stop(self) -> None:
        """Let go of what was not stored yet; cases that are not decided stay pending."""
        await self._gathering.stop()

    def problem(self) -> str | None:
        """One sentence while photos of triggers were missed lately, else None."""
        return self._gathering.problem()

    @property
    def counters(self) -> Mapping[str, int]:
        """How many photos of triggers were missed, and triggers that could not be made a case."""
        return self._gathering.counters

    def _missed(self, case: PendingCase, completed: Completed | None) -> int:
        """How many photos the case should have and has not, as counted, or by what a restart left of it."""
        if completed is not None:
            return completed.missed
        after = sum(exposed >= case.trigger.at_monotonic_ns for exposed in case.exposed_monotonic_ns)
        return max(0, self._rules.frames_per_case - after)

    def _judged(self, case: PendingCase) -> PendingCase:
        """The *case* with a basis, also where an earlier program filed it; without packets if it is no infringement.

        It names nobody where the unit observes by now, where its certificate did not count at the trigger, or where an
        earlier program filed a speed that is within the law.
        """
        basis = case.basis or self._rules.basis(case.trigger) or Basis.OBSERVED
        basis = self._rules.restrained(basis, case.trigger.at_utc)
        return replace(case, basis=basis, packets=case.packets if is_infringement(basis) else ())

    def _delete_unneeded(self, case: PendingCase) -> None:
        """Delete the case's packets that no later trigger can need; the others go when their window is over."""
        now_ns = time.monotonic_ns()
        self._mailbox.discard(packet for packet in case.packets if self._rules.is_past(packet, now_ns))


class _NothingElse:
    """The right of way of a unit that has nothing else to do."""

    def take(self, edge_ns: int) -> None:
        """Nothing has to step aside."""

    def give_back(self, edge_ns: int) -> None:
        """Nothing waits."""


async def _no_packets() -> tuple[Packet, ...]:
    """Of a trigger that is no infringement no packet is kept."""
    return ()
