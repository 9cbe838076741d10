"""A counter that does not rise is that of a copied chip: nobody is named by either, and the case says so."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from edge.errors import RegistryError
from edge.flow.claims import of_rising_counters
from edge.flow.deciding import OnUnit
from edge.flow.infringement import Infringements
from edge.flow.rules import CASE_SEALED_OPENINGS, NS, OPENINGS_PER_UID, SEALED_OPENINGS
from edge.link.mailbox import Mailbox
from edge.model import Claim, CounterSeen, Flag, Outcome, Packet, Rejection
from tests.edge.flow.test_infringement import PLATE, Bench, open_packets, packet, trigger

NOW = 1_790_000_000.0


@dataclass
class FakeCounters:
    known: dict[str, CounterSeen] = field(default_factory=dict)
    broken: bool = False

    async def seen(self, uids: Iterable[str]) -> Mapping[str, CounterSeen]:
        if self.broken:
            raise RegistryError("the counters cannot be kept", "check the disk")
        return {uid: self.known[uid] for uid in uids if uid in self.known}

    async def note(self, seen: Mapping[str, CounterSeen]) -> None:
        self.known.update(seen)


class SignedBench(Bench):
    """The flow, which also remembers counters."""

    counters = FakeCounters()

    def flow(self) -> Infringements:
        return Infringements(
            self.rules,
            camera=self.camera,
            mailbox=self.mailbox,
            recognise=lambda photo: self.recognise(photo),
            decider=OnUnit(self.rules, open_packets, self.registry, self.counters),
            registry=self.registry,
            cases=self.cases,
        )


def bench(**known: CounterSeen) -> SignedBench:
    made = SignedBench()
    made.counters = FakeCounters(dict(known))
    return made


def signed(counter: int, *, age_s: float = 2.0, uid: str = "anna", plate: str = PLATE) -> Packet:
    sealed = packet(plate, age_s=age_s, uid=uid)
    return replace(sealed, version=2, counter=counter, received_utc=time.time() - age_s)


async def test_a_rising_counter_names_its_driver_and_is_remembered() -> None:
    one = bench(anna=CounterSeen(6, NOW))
    decision = await one.decided(signed(7, age_s=3.0), signed(8, age_s=1.0))
    assert decision.verdict.outcome is Outcome.IDENTIFIED and decision.flags == ()
    assert one.counters.known["anna"].counter == 8


@pytest.mark.parametrize(("earlier", "later"), [(7, 7), (8, 7), (7, 1)])
async def test_two_answers_of_one_number_or_in_the_wrong_order_void_both(earlier: int, later: int) -> None:
    decision = await bench().decided(signed(earlier, age_s=3.0), signed(later, age_s=1.0))
    assert decision.verdict.outcome is Outcome.UNIDENTIFIED and decision.driver is None
    assert decision.flags == (Flag.COPIED_CHIP,)
    assert decision.rejected == {Rejection.COPIED_CHIP: 2}


@pytest.mark.parametrize(("counters", "copied"), [((8, 7), False), ((8, 8), True), ((9, 7, 8), False)])
async def test_answers_that_came_together_are_in_no_order(counters: tuple[int, ...], copied: bool) -> None:
    """Who is on the way can turn them round; a number that was given twice is that of a copy all the same."""
    ages = (3.0, 2.5, 2.0)
    decision = await bench().decided(*(signed(each, age_s=age) for each, age in zip(counters, ages, strict=False)))
    assert (decision.flags == (Flag.COPIED_CHIP,)) is copied
    assert (decision.verdict.outcome is Outcome.IDENTIFIED) is not copied


async def test_a_number_from_before_the_last_window_voids_the_answer() -> None:
    decision = await bench(anna=CounterSeen(9, NOW)).decided(signed(8))
    assert decision.driver is None and decision.flags == (Flag.COPIED_CHIP,)


async def test_others_of_the_window_are_not_concerned() -> None:
    decision = await bench(bruno=CounterSeen(9, NOW)).decided(signed(8, uid="bruno", plate="ZZ999ZZ"), signed(1))
    assert decision.verdict.outcome is Outcome.IDENTIFIED
    assert decision.rejected == {Rejection.COPIED_CHIP: 1}


async def test_a_chip_that_does_not_sign_has_no_counter() -> None:
    made = bench()
    decision = await made.decided(packet(age_s=3.0), packet(age_s=1.0))
    assert decision.verdict.outcome is Outcome.IDENTIFIED and made.counters.known == {}


async def test_one_packet_in_the_windows_of_two_triggers_counts_in_both() -> None:
    made, shared = bench(), (signed(7, age_s=3.0), signed(8, age_s=1.0))
    for _ in range(2):
        made.cases.decisions.clear()
        made.mailbox.packets = []
        decision = await made.decided(*shared)
        assert decision.verdict.outcome is Outcome.IDENTIFIED and decision.flags == ()


async def test_a_case_that_is_decided_late_is_not_held_against_its_chip() -> None:
    """A backlog: the newest case was decided first, its counter is the higher one, as it should be."""
    made = bench(anna=CounterSeen(9, time.time()))
    decision = await made.decided(signed(8, age_s=2.0))
    assert decision.verdict.outcome is Outcome.IDENTIFIED


async def test_while_counters_cannot_be_kept_the_case_waits() -> None:
    made = bench()
    made.counters.broken = True
    with pytest.raises(RegistryError):
        await made.decided(signed(7))
    assert made.cases.decisions == []


async def test_sealed_uids_are_not_one_uid() -> None:
    """Many cars of version 2 in one window: none is left out for another's sake, and the registry is not asked."""
    made = bench()
    cars = [replace(packet(f"ZZ{number:03d}ZZ", uid="x"), uid="", version=2) for number in range(3 * OPENINGS_PER_UID)]
    flow = made.flow()
    made.mailbox.packets += [replace(car, nonce=f"{number}") for number, car in enumerate(cars)]
    made.mailbox.fair_window = lambda *_: (tuple(made.mailbox.packets), 0)  # type: ignore[method-assign]
    assert await flow.file_trigger(trigger()) is not None
    assert made.cases.case is not None and len(made.cases.case.packets) == len(cars)
    assert made.registry.asked == 0


async def test_a_crowd_before_the_edge_leaves_room_for_a_car_that_answers_after_it() -> None:
    """Rubbish from as many addresses as are opened: filed with the case, and the driver's answer comes in time."""
    box = Mailbox(10_000, 60, 32)
    made = bench()
    made.rules = replace(made.rules, window_after_s=0.5)
    made.mailbox = box  # type: ignore[assignment]
    now_ns = time.monotonic_ns()
    for number in range(2 * SEALED_OPENINGS):
        rubbish = replace(signed(1, uid="x"), uid="", nonce=f"{number:032x}", received_monotonic_ns=now_ns - NS)
        assert box.put(rubbish, f"10.{number // 256}.{number % 256}.1")
    flow = made.flow()
    number_of_case = await flow.file_trigger(replace(trigger(), at_monotonic_ns=now_ns))
    assert number_of_case is not None and made.cases.case is not None
    assert len(made.cases.case.packets) == SEALED_OPENINGS, "as many as are opened at a time"
    honest = replace(signed(7), uid="", nonce="f" * 32, received_monotonic_ns=now_ns + NS // 100)
    assert box.put(honest, "10.200.0.1")
    await flow.decide_case(number_of_case)
    assert honest.nonce in {packet.nonce for packet in made.cases.case.packets}
    assert len(made.cases.case.packets) <= CASE_SEALED_OPENINGS


def test_clocks_and_counters_must_agree_both_ways() -> None:
    def claims(counter: int, at_utc: float) -> list[Claim]:
        own = replace(
            packet(), version=2, counter=counter, received_utc=at_utc, received_monotonic_ns=round(at_utc * NS)
        )
        return [Claim("anna", "UD1", PLATE, own)]

    before = {"anna": CounterSeen(7, NOW)}
    near = [(8, NOW - 1, 1), (6, NOW + 1, 1), (7, NOW + 1, 0), (7, NOW - 1, 0)]  # in no order, but no number twice
    far = [(8, NOW + 2, 1), (6, NOW - 2, 1), (7, NOW, 1), (6, NOW + 2, 0), (8, NOW - 2, 0), (7, NOW + 2, 0)]
    for counter, at_utc, left in far + near:
        assert len(of_rising_counters(claims(counter, at_utc), before)[0]) == left, (counter, at_utc)
