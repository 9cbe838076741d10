"""The flow of a unit whose cases the centre decides: what is stored, what is asked, what becomes of a silent centre."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from edge.crypto import disclose, new_registry_key
from edge.delivery.openings import ENCLOSED, bound, disclosed, enclosed
from edge.errors import CaseError, DeliveryError, SecretError
from edge.flow.at_centre import AtCentre, EnclosedCases, EveryChip
from edge.flow.infringement import Infringements
from edge.flow.reading import Read
from edge.model import (
    Basis,
    Decision,
    Outcome,
    Packet,
    PendingCase,
    Reason,
    Rejection,
    Verdict,
)
from tests.edge.flow.test_infringement import RULES, FakeCamera, FakeCases, FakeMailbox, packet, sees_the_plate, trigger

PRIVATE, PUBLIC = new_registry_key()
HOURS_72 = 72 * 3600.0


@dataclass
class FakeCentre:
    """Answers with what it was asked for, or is away."""

    away: bool = False
    asked: list[tuple[PendingCase, Sequence[Packet]]] = field(default_factory=list)

    async def ask(
        self, case: PendingCase, reads: Sequence[Read], packets: Sequence[Packet], lens: Mapping[str, float] | None
    ) -> Decision:
        if self.away:
            raise DeliveryError("the centre cannot be reached", "check the network")
        self.asked.append((case, packets))
        return Decision(
            Verdict(Outcome.AMBIGUOUS, "AB123CD", 0.5, reason=Reason.SEVERAL_CLAIMS), rejected={Rejection.HASH: 1}
        )


@dataclass
class Keyless:
    """The flow of a unit without keys, with fakes for its ports."""

    centre: FakeCentre = field(default_factory=FakeCentre)
    cases: FakeCases = field(default_factory=FakeCases)
    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    now_utc: float = 0.0

    def flow(self, **rules: Any) -> Infringements:
        changed = replace(RULES, **rules)
        return Infringements(
            changed,
            camera=FakeCamera(),
            mailbox=self.mailbox,
            recognise=sees_the_plate,
            decider=AtCentre(changed, self.centre, HOURS_72, clock=lambda: self.now_utc),
            registry=EveryChip(),
            cases=EnclosedCases(self.cases, lambda each: enclosed(each, "AVX-1", PUBLIC)),
        )


async def test_what_is_stored_and_asked_is_enclosed() -> None:
    unit, sent = Keyless(), [packet(), packet("ZZ999ZZ", "U1B2C3D5")]
    unit.mailbox.packets += sent
    flow = unit.flow()
    number = await flow.file_trigger(trigger())
    assert number is not None
    await flow.decide_case(number)
    (case, packets), stored = unit.centre.asked[0], unit.cases.case
    assert stored is not None and case.number == number and list(packets) == list(stored.packets)
    for each, original in zip(packets, sent, strict=True):
        assert (each.version, each.uid, each.nonce) == (ENCLOSED, "", original.nonce)
        assert original.payload not in each.payload and original.uid.encode() not in each.payload
        assert disclosed(disclose(PRIVATE, each.payload, bound("AVX-1", each)), each) == original
    (decision,) = unit.cases.decisions
    assert decision.verdict.outcome is Outcome.AMBIGUOUS and decision.rejected == {Rejection.HASH: 1}
    assert flow.rejected == {Rejection.HASH: 1}


async def test_a_case_waits_for_the_centre_and_is_unidentified_after_three_days() -> None:
    unit = Keyless(FakeCentre(away=True))
    unit.mailbox.packets.append(packet())
    flow, fired = unit.flow(), trigger()
    number = await flow.file_trigger(fired)
    assert number is not None
    for hours in (0.0, 71.9):
        unit.now_utc = fired.at_utc + 3600.0 * hours
        with pytest.raises(DeliveryError):
            await flow.decide_case(number)
    assert unit.cases.decisions == []
    unit.now_utc = fired.at_utc + HOURS_72 + 1.0
    await flow.decide_case(number)
    (decision,) = unit.cases.decisions
    assert (decision.verdict.outcome, decision.verdict.reason) == (Outcome.UNIDENTIFIED, Reason.CENTRE_NOT_REACHED)
    assert decision.driver is None and decision.read is not None


async def test_a_case_without_packets_needs_no_centre() -> None:
    unit = Keyless(FakeCentre(away=True))
    flow = unit.flow()
    number = await flow.file_trigger(trigger())
    assert number is not None
    await flow.decide_case(number)
    assert unit.cases.decisions[0].verdict.reason is Reason.NO_PACKET


async def test_what_is_no_infringement_is_never_asked_for() -> None:
    unit = Keyless()
    unit.mailbox.packets.append(packet())
    flow = unit.flow(names_drivers=False)
    number = await flow.file_trigger(trigger())
    assert number is not None and unit.cases.case is not None and unit.cases.case.basis is Basis.OBSERVED
    await flow.decide_case(number)
    assert unit.centre.asked == [] and unit.cases.decisions[0].verdict.reason is Reason.NO_INFRINGEMENT


def test_what_is_enclosed_is_bound_to_its_unit_and_challenge() -> None:
    sent = packet()
    sealed = enclosed(sent, "AVX-1", PUBLIC)
    for other in (bound("AVX-2", sealed), bound("AVX-1", replace(sealed, nonce="0")), b""):
        with pytest.raises(SecretError, match="does not open"):
            disclose(PRIVATE, sealed.payload, other)
    with pytest.raises(SecretError):
        disclose(new_registry_key()[0], sealed.payload, bound("AVX-1", sealed))
    text = disclose(PRIVATE, sealed.payload, bound("AVX-1", sealed))
    with pytest.raises(ValueError, match="no packet"):
        disclosed(text, replace(sealed, received_utc=time.time()))


async def test_a_clock_that_is_not_believed_decides_nothing_without_the_centre() -> None:
    """Network time is not authenticated: a clock 200 days ahead must not cost the packets of all that waits."""

    def ahead() -> float:
        raise CaseError("the clock is 200 days ahead of what this unit knows", "set the clock right")

    case = PendingCase(1, trigger(), (), (), (packet(),), Basis.MEASURED, ())
    decider = AtCentre(RULES, FakeCentre(away=True), HOURS_72, clock=ahead)
    with pytest.raises(CaseError, match="200 days ahead"):
        await decider.decide(case, [], [await decider.open(case.packets)])
