"""Deciding at the centre: the unit holds no registry and no private key, and keeps packets only as it cannot read them.

The case is filed as ever, with its packets enclosed to the opening service. Whoever drove, the centre says; while it
cannot be reached the case waits, and after some days it is decided without packets.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from edge.errors import EdgeError
from edge.flow.judging import judge_case
from edge.flow.ports import Cases
from edge.flow.reading import Read
from edge.flow.rules import Rules
from edge.model import (
    Assessment,
    Basis,
    Case,
    Decision,
    Outcome,
    Packet,
    PendingCase,
    Photo,
    RadarReport,
    Reason,
    Rejection,
    Trigger,
    is_infringement,
)

log = logging.getLogger(__name__)


class Centre(Protocol):
    """Opens enclosed packets; raises EdgeError."""

    async def ask(
        self,
        case: PendingCase,
        reads: Sequence[Read],
        packets: Sequence[Packet],
        lens: Mapping[str, float] | None,
    ) -> Decision:
        """The decision on *case*."""


class EveryChip:
    """Stands for the registry where the unit has none: every uid may be of a chip, the centre will tell."""

    async def known(self, uids: Iterable[str]) -> frozenset[str]:
        """All of *uids*."""
        return frozenset(uids)


@dataclass(frozen=True, slots=True)
class AtCentre:
    """The decider of a unit whose cases the centre decides.

    A case that the centre was not reached for within ``undecided_s`` of its trigger is decided without its packets.
    *clock* raises EdgeError while the time is not to be believed: the case waits, for nothing brings the packets back.
    """

    rules: Rules
    centre: Centre
    undecided_s: float
    clock: Callable[[], float] = time.time

    async def open(self, packets: Sequence[Packet]) -> tuple[Packet, ...]:
        """Nothing can be opened here: *packets* as they are."""
        return tuple(packets)

    async def decide(
        self, case: PendingCase, reads: Sequence[Read], opened: Sequence[tuple[Packet, ...]]
    ) -> tuple[Decision, Counter[Rejection]]:
        """The centre's decision on *case*, and how many packets were rejected there for which reason.

        Raises:
            EdgeError: the centre cannot be asked, and there is still time.
        """
        packets = [packet for some in opened for packet in some]
        if not packets or not is_infringement(case.basis):
            return judge_case(case, reads, (), self.rules), Counter()
        try:
            decision = await self.centre.ask(case, reads, packets, self._lens())
        except EdgeError as error:
            if await asyncio.to_thread(self.clock) - case.trigger.at_utc < self.undecided_s:
                raise
            log.error("case %d is decided without the centre: %s", case.number, error)
            return self._without(case, reads), Counter()
        return decision, Counter(decision.rejected)

    def _without(self, case: PendingCase, reads: Sequence[Read]) -> Decision:
        decision = judge_case(case, reads, (), self.rules)
        verdict = replace(decision.verdict, outcome=Outcome.UNIDENTIFIED, reason=Reason.CENTRE_NOT_REACHED, claim=None)
        return replace(decision, verdict=verdict)

    def _lens(self) -> Mapping[str, float] | None:
        lens = self.rules.lens
        if lens is None:
            return None
        return {"focal_length_px": lens.focal_length_px, "width_px": lens.width_px, "height_px": lens.height_px}


@dataclass(frozen=True, slots=True)
class EnclosedCases:
    """The store of cases, which gets packets only as *enclose* seals them: the unit cannot read them back."""

    cases: Cases
    enclose: Callable[[Packet], Packet]

    async def file_case(
        self,
        trigger: Trigger,
        photos: Sequence[Photo],
        packets: Sequence[Packet],
        *,
        limit_kmh: float,
        site: str | Mapping[str, object],
        basis: Basis | None,
        assessment: Assessment | None,
    ) -> int:
        """Commit a new case and return its number."""
        sealed = await self._enclosed(packets)
        return await self.cases.file_case(
            trigger, photos, sealed, limit_kmh=limit_kmh, site=site, basis=basis, assessment=assessment
        )

    async def add(
        self,
        number: int,
        *,
        photos: Sequence[Photo] = (),
        packets: Sequence[Packet] = (),
        reports: Sequence[RadarReport] = (),
    ) -> None:
        """Commit what came after the first photo of a pending case."""
        await self.cases.add(number, photos=photos, packets=await self._enclosed(packets), reports=reports)

    async def load(self, number: int) -> PendingCase:
        """A pending case with its stored photos and enclosed packets."""
        return await self.cases.load(number)

    async def enter_verdict(self, number: int, decision: Decision) -> Case:
        """Commit the decision, signed, and delete every stored packet but the offender's."""
        return await self.cases.enter_verdict(number, decision)

    async def _enclosed(self, packets: Sequence[Packet]) -> list[Packet]:
        if not packets:
            return []
        return await asyncio.to_thread(lambda: [self.enclose(packet) for packet in packets])
