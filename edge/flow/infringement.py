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
from collections.abc import Mapping, Sequence
from dataclasses import replace

from edge.errors import EdgeError
from edge.flow.bearing_out import borne_out, doubted, flags_of_motion
from edge.flow.claims import explaining, of_rising_counters, one_plate_each
from edge.flow.flags import flags_of
from edge.flow.gathering import Completed, Gathering
from edge.flow.ports import Camera, Cases, Counters, Mailbox, Opener, RadarReports, Recogniser, Registry
from edge.flow.reading import Read, read_photos
from edge.flow.rules import Rules
from edge.identify import identify
from edge.identify.origin import origin
from edge.model import (
    Basis,
    Case,
    Claim,
    Decision,
    Flag,
    Outcome,
    Packet,
    PendingCase,
    PlateRead,
    Reason,
    Rejection,
    Trigger,
    Verdict,
    is_infringement,
)


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
        open_packets: Opener,
        registry: Registry,
        cases: Cases,
        reports: RadarReports | None = None,
        counters: Counters | None = None,
    ) -> None:
        """Take the ports; nothing runs yet.

        *reports* has the radar's own lines, where it sends any; *counters* what was seen of chips before, without it
        only the packets of one window are compared.
        """
        self._rules = rules
        self._gathering = Gathering(rules, camera, mailbox, registry, cases, reports)
        self._mailbox = mailbox
        self._recognise = recognise
        self._open = open_packets
        self._registry = registry
        self._cases = cases
        self._counters = counters
        self.rejected: Counter[Rejection] = Counter()

    def begin(self, at_monotonic_ns: int) -> None:
        """The radar's edge, now: what belongs to its case is held from here on, whatever filing has to wait for."""
        self._gathering.begin(at_monotonic_ns)

    async def file_trigger(self, trigger: Trigger) -> int | None:
        """Commit the trigger as a case and return its number, or None if its speed is within the limit.

        Raises:
            StorageFull: the disk has no room for the case.
            CaseError: the disk refuses.
        """
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
        case = self._judged(await self._cases.load(number))
        reads, (claims, rejected), completed = await asyncio.gather(
            read_photos(self._recognise, case.photos), self._open(case.packets), self._gathering.completed(number)
        )
        whole = case if completed is None else self._judged(await self._cases.load(number))
        late_reads, (late_claims, late_rejected) = await asyncio.gather(
            read_photos(self._recognise, whole.photos[len(case.photos) :]),
            self._open(whole.packets[len(case.packets) :]),
        )
        claims, copied = await self._of_whole_chips(claims + late_claims)
        claims, several = one_plate_each(claims)
        besides = +Counter({Rejection.SEVERAL_PLATES: several, Rejection.COPIED_CHIP: copied})
        besides += completed.rejected if completed else Counter()
        rejected += late_rejected + besides
        photos = self._by_photo(whole, reads + late_reads)
        verdict = self._compare(whole, reads + late_reads, claims)
        motion = borne_out(whole, photos, verdict, self._rules)
        verdict = doubted(verdict, motion, self._rules)
        decision = await self._look_up(verdict, reads + late_reads, rejected)
        decision = replace(decision, flags=decision.flags + flags_of_motion(motion), plausibility=motion)
        if verdict.outcome is Outcome.AMBIGUOUS:
            kept = explaining(photos, claims, verdict.scores, self._rules, whole.trigger.direction)
            decision = replace(decision, kept=kept)
        decided = await self._cases.enter_verdict(
            number, replace(decision, missed_photos=self._missed(whole, completed))
        )
        self._gathering.forget(number)
        self.rejected += besides
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

    async def _of_whole_chips(self, claims: Sequence[Claim]) -> tuple[tuple[Claim, ...], int]:
        """The *claims* without those of copied chips, and how many those are; what was seen of the chips is kept.

        Before the verdict: without it a case waits, for a copy that nobody noticed would be named as its driver.
        """
        signed = {claim.uid for claim in claims if claim.packet.version != 1}
        before = await self._counters.seen(signed) if self._counters is not None else {}
        kept, copied, now = of_rising_counters(claims, before)
        if self._counters is not None:
            await self._counters.note(now)
        return kept, copied

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

    def _compare(self, case: PendingCase, reads: Sequence[Read], claims: Sequence[Claim]) -> Verdict:
        photos = self._by_photo(case, reads)
        verdict = identify(photos, claims, self._rules.thresholds, self._rules.formats, case.trigger.direction)
        if not is_infringement(case.basis):
            return replace(verdict, outcome=Outcome.UNIDENTIFIED, reason=Reason.NO_INFRINGEMENT, claim=None)
        if verdict.outcome is not Outcome.IDENTIFIED and (not reads or None in reads):
            reason = Reason.PHOTO_NOT_READ if reads else Reason.NO_PHOTO
            return replace(verdict, outcome=Outcome.UNIDENTIFIED, reason=reason)
        return verdict

    def _by_photo(self, case: PendingCase, reads: Sequence[Read]) -> list[tuple[PlateRead, ...]]:
        """The plate reads of each photo, in the order of the exposures."""
        in_time_order = sorted(range(len(reads)), key=lambda index: case.exposed_monotonic_ns[index])
        return [reads[index] or () for index in in_time_order]

    async def _look_up(self, verdict: Verdict, reads: Sequence[Read], rejected: Counter[Rejection]) -> Decision:
        photo = next((index for index, read in enumerate(reads) if any(p is verdict.read for p in read or ())), 0)
        several: tuple[Flag | str, ...] = (Flag.SEVERAL_PLATES,) if rejected[Rejection.SEVERAL_PLATES] else ()
        several += (Flag.COPIED_CHIP,) if rejected[Rejection.COPIED_CHIP] else ()
        if (claim := verdict.claim) is None:
            return Decision(verdict, photo, flags=several, rejected=rejected)
        seen = origin(verdict.read.countries, claim.plate) if verdict.read else None
        flags = (*await flags_of(self._registry, claim, seen), *several)
        return Decision(verdict, photo, await self._registry.driver(claim.licence), flags, rejected)

    def _delete_unneeded(self, case: PendingCase) -> None:
        """Delete the case's packets that no later trigger can need; the others go when their window is over."""
        now_ns = time.monotonic_ns()
        self._mailbox.discard(packet for packet in case.packets if self._rules.is_past(packet, now_ns))


async def _no_packets() -> tuple[Packet, ...]:
    """Of a trigger that is no infringement no packet is kept."""
    return ()
