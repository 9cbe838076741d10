"""Deciding on the unit itself: it opens the packets with its own registry, compares, and looks the driver up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from edge.flow.claims import of_rising_counters, one_plate_each
from edge.flow.flags import flags_of
from edge.flow.judging import judge_case
from edge.flow.ports import Counters, Opener, Registry
from edge.flow.reading import Read
from edge.flow.rules import Rules
from edge.identify.origin import origin
from edge.model import Claim, Decision, Flag, Packet, PendingCase, Rejection

Opened = tuple[tuple[Claim, ...], Counter[Rejection]]


@dataclass(frozen=True, slots=True)
class OnUnit:
    """The decider of a unit that works alone.

    *counters* is what was seen of chips before; without it only the packets of one window are compared.
    """

    rules: Rules
    open_packets: Opener
    registry: Registry
    counters: Counters | None = None

    async def open(self, packets: Sequence[Packet]) -> Opened:
        """The claims among *packets*, and how many were rejected for which reason."""
        return await self.open_packets(packets)

    async def decide(
        self, case: PendingCase, reads: Sequence[Read], opened: Sequence[Opened]
    ) -> tuple[Decision, Counter[Rejection]]:
        """The decision on *case*, and how many claims did not count for reasons that no opener knows.

        Raises:
            RegistryError: the registry cannot be read.
        """
        claims = tuple(claim for some, _ in opened for claim in some)
        rejected = sum((some for _, some in opened), Counter[Rejection]())
        claims, copied = await self._of_whole_chips(claims)
        claims, several = one_plate_each(claims)
        besides = +Counter({Rejection.SEVERAL_PLATES: several, Rejection.COPIED_CHIP: copied})
        decision = judge_case(case, reads, claims, self.rules)
        flags = flags_of_rejected(besides)
        if (claim := decision.verdict.claim) is not None:
            read = decision.read
            seen = origin(read.looks_from, claim.plate) if read else None
            flags = (*await flags_of(self.registry, claim, seen), *flags)
            decision = replace(decision, driver=await self.registry.driver(claim.licence))
        return replace(decision, flags=flags + decision.flags, rejected=rejected + besides), besides

    async def _of_whole_chips(self, claims: Sequence[Claim]) -> tuple[tuple[Claim, ...], int]:
        """The *claims* without those of copied chips, and how many those are; what was seen of the chips is kept.

        Before the verdict: without it a case waits, for a copy that nobody noticed would be named as its driver.
        """
        signed = {claim.uid for claim in claims if claim.packet.version != 1}
        before = await self.counters.seen(signed) if self.counters is not None else {}
        kept, copied, now = of_rising_counters(claims, before)
        if self.counters is not None:
            await self.counters.note(now)
        return kept, copied


def flags_of_rejected(besides: Counter[Rejection]) -> tuple[Flag | str, ...]:
    """What the officer has to know of claims that did not count."""
    several: tuple[Flag | str, ...] = (Flag.SEVERAL_PLATES,) if besides[Rejection.SEVERAL_PLATES] else ()
    return several + ((Flag.COPIED_CHIP,) if besides[Rejection.COPIED_CHIP] else ())
