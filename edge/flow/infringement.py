"""The flow: one trigger becomes one decided case.

1. A packet arrives over the link and stays sealed in the mailbox, see :mod:`edge.link`.
2. The radar fires: a trigger above the limit is filed at once as a case, with its photo and the packets so far.
3. Workers read the photos while the packets of the window are opened; each becomes a claim or is rejected.
4. The claims are compared with the photos: one explains them, several do, or none.
5. The driver is looked up, and the case is decided, chained and signed.
6. Everybody else's packets are deleted.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from edge.flow.flags import flags_of
from edge.flow.gathering import Gathering
from edge.flow.ports import Camera, Cases, Mailbox, Opener, Recogniser, Registry
from edge.flow.reading import Read, read_photos
from edge.flow.rules import Rules
from edge.identify import identify
from edge.identify.origin import origin
from edge.model import Case, Claim, Decision, Outcome, PendingCase, Reason, Rejection, Trigger, Verdict


class Infringements:
    """From triggers to decided cases; one instance a unit."""

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
    ) -> None:
        """Take the ports; nothing runs yet."""
        self._rules = rules
        self._gathering = Gathering(rules, camera, mailbox, cases)
        self._mailbox = mailbox
        self._recognise = recognise
        self._open = open_packets
        self._registry = registry
        self._cases = cases

    async def file(self, trigger: Trigger) -> int | None:
        """Commit the trigger as a case and return its number, or None if it is no infringement.

        Raises:
            StorageFull: the disk has no room for the case.
            CaseError: the disk refuses.
        """
        if not self._rules.is_infringement(trigger):
            return None
        photos = await self._gathering.photograph(trigger, 1)
        packets = self._gathering.packets(trigger)
        return await self._cases.file(trigger, photos, packets, limit_kmh=self._rules.limit_kmh, site=self._rules.site)

    async def decide(self, number: int, *, live: bool = True) -> Case:
        """Decide a filed case.

        *live* adds what comes after the first photo: further photos, and packets until the window closes. A case taken
        up after a restart has only what was stored.
        """
        case = await self._cases.load(number)
        reads, (claims, rejected), whole = await asyncio.gather(
            read_photos(self._recognise, case.photos), self._open(case.packets), self._completed(case, live)
        )
        late_reads, (late_claims, late_rejected) = await asyncio.gather(
            read_photos(self._recognise, whole.photos[len(case.photos) :]),
            self._open(whole.packets[len(case.packets) :]),
        )
        verdict = self._compare(whole, reads + late_reads, claims + late_claims)
        decision = await self._look_up(verdict, reads + late_reads, rejected + late_rejected)
        decided = await self._cases.decide(number, decision)
        self._delete_others(whole)
        return decided

    async def complete(self, number: int) -> None:
        """Store what comes after the first photo of a filed case and wait for its window to close; decide it later."""
        await self._gathering.complete(await self._cases.load(number))

    async def _completed(self, case: PendingCase, live: bool) -> PendingCase:
        return await self._gathering.complete(case) if live else case

    def _compare(self, case: PendingCase, reads: Sequence[Read], claims: Sequence[Claim]) -> Verdict:
        claims = tuple({(claim.uid, claim.plate): claim for claim in claims}.values())  # a car may have called twice
        in_time_order = sorted(range(len(reads)), key=lambda index: case.exposed_monotonic_ns[index])
        frames = [reads[index] or () for index in in_time_order]
        verdict = identify(frames, claims, self._rules.thresholds, self._rules.formats, case.trigger.direction)
        if verdict.outcome is not Outcome.IDENTIFIED and (not reads or None in reads):
            reason = Reason.PHOTO_NOT_READ if reads else Reason.NO_PHOTO
            return replace(verdict, outcome=Outcome.UNIDENTIFIED, reason=reason)
        return verdict

    async def _look_up(self, verdict: Verdict, reads: Sequence[Read], rejected: Counter[Rejection]) -> Decision:
        photo = next((index for index, read in enumerate(reads) if any(p is verdict.read for p in read or ())), 0)
        if (claim := verdict.claim) is None:
            return Decision(verdict, photo, rejected=rejected)
        seen = origin(verdict.read.countries, claim.plate) if verdict.read else None
        flags = await flags_of(self._registry, claim, seen)
        return Decision(verdict, photo, await self._registry.driver(claim.licence), flags, rejected)

    def _delete_others(self, case: PendingCase) -> None:
        """Delete the case's packets from memory; one that a later trigger may still need goes at its end of life."""
        now_ns = time.monotonic_ns()
        self._mailbox.discard(packet for packet in case.packets if self._rules.is_past(packet, now_ns))
