"""The flow, sentence by sentence of the design, with fakes for its ports.

Longer than 300 lines because the fakes of all ports stand beside the sentences that need them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edge.errors import CameraError, ImageError, StorageFull, WorkerError
from edge.flow.deciding import OnUnit
from edge.flow.infringement import Infringements
from edge.flow.ports import RadarReports
from edge.flow.rules import FILING_GRACE_S, NS, OPENINGS_PER_UID, Rules
from edge.identify import Thresholds
from edge.law import PROFILES
from edge.model import (
    Assessment,
    Basis,
    Case,
    Claim,
    Decision,
    Driver,
    Flag,
    Outcome,
    Packet,
    PendingCase,
    Photo,
    PlateRead,
    RadarReport,
    Reason,
    Rejection,
    State,
    Trigger,
)
from tests.support.cases import driver
from tests.support.reads import plate_read

RULES = Rules(
    site="SP 235",
    limit_kmh=50.0,
    tolerance_kmh=5.0,
    window_before_s=10.0,
    window_after_s=0.05,
    frames_per_case=2,
    pre_trigger_frames=1,
    thresholds=Thresholds(accept=0.98, margin=6.0, slope=1.0, bias=0.0),
)
PLATE, LICENCE = "AB123CD", "U1B2C3D4"


def trigger(speed_kmh: float | None = 66.0) -> Trigger:
    return Trigger(time.time(), time.monotonic_ns(), speed_kmh)


def packet(plate: str = PLATE, licence: str = LICENCE, *, age_s: float = 2.0, uid: str = "") -> Packet:
    """A sealed packet; the fake opener finds the plate and the licence in its payload."""
    received_ns = time.monotonic_ns() - round(age_s * NS)
    nonce = f"{plate}{licence}{received_ns}"
    return Packet(uid or f"uid of {licence}", f"{plate} {licence}".encode(), nonce, 0, 0.0, received_ns)


@dataclass
class FakeCamera:
    """Frames by time; fails after ``good`` of them."""

    good: int = 99

    async def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        for number in range(count):
            if number >= self.good:
                raise CameraError("no photo came", "check the cable")
            yield Photo(b"after", 640, 480, 0.0, at_monotonic_ns + number)

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        return tuple(Photo(b"before", 640, 480, 0.0, at_monotonic_ns - number) for number in range(count, 0, -1))


class ForgetfulCamera(FakeCamera):
    """Has the exposures of the edge for some milliseconds only, as a ring does."""

    async def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        if time.monotonic_ns() - at_monotonic_ns > 0.05 * NS:
            raise CameraError("the photo of the trigger was asked for too late", "raise ring_frames")
        async for photo in super().photos(at_monotonic_ns, count):
            yield photo


class BrokenCamera(FakeCamera):
    """Fails in a way that nobody foresaw."""

    async def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        raise MemoryError(PLATE)
        yield


@dataclass
class FakeMailbox:
    packets: list[Packet] = field(default_factory=list)

    def fair_window(self, start_ns: int, end_ns: int, per_uid: int, sealed: int) -> tuple[tuple[Packet, ...], int]:
        inside = [packet for packet in self.packets if start_ns <= packet.received_monotonic_ns <= end_ns]
        kept = [packet for packet in inside if [p for p in inside if p.uid == packet.uid].index(packet) < per_uid]
        return tuple(kept), len(inside) - len(kept)

    def discard(self, packets: Iterable[Packet]) -> None:
        gone = set(packets)
        self.packets = [packet for packet in self.packets if packet not in gone]


@dataclass
class FakeCases:
    """Case 1 in memory, as a store keeps it."""

    case: PendingCase | None = None
    decisions: list[Decision] = field(default_factory=list)
    full: bool = False
    assessment: Assessment | None = None
    reports: list[RadarReport] = field(default_factory=list)

    async def file_case(
        self,
        trigger: Trigger,
        photos: Sequence[Photo],
        packets: Sequence[Packet],
        *,
        limit_kmh: float,
        site: str,
        basis: Basis | None,
        assessment: Assessment | None,
    ) -> int:
        if self.full:
            raise StorageFull("the disk is full", "make room")
        self.case = PendingCase(1, trigger, (), (), tuple(packets), basis)
        self.assessment = assessment
        await self.add(1, photos=photos)
        return 1

    async def add(
        self,
        number: int,
        *,
        photos: Sequence[Photo] = (),
        packets: Sequence[Packet] = (),
        reports: Sequence[RadarReport] = (),
    ) -> None:
        assert self.case is not None
        self.reports += reports
        names = tuple(Path(f"{len(self.case.photos) + i}-{photo.jpeg.decode()}") for i, photo in enumerate(photos))
        exposed = tuple(photo.exposed_monotonic_ns for photo in photos)
        self.case = replace(
            self.case,
            photos=self.case.photos + names,
            exposed_monotonic_ns=self.case.exposed_monotonic_ns + exposed,
            packets=self.case.packets + tuple(packets),
            sizes=self.case.sizes + tuple((photo.width, photo.height) for photo in photos),
        )

    async def load(self, number: int) -> PendingCase:
        assert self.case is not None
        return self.case

    async def enter_verdict(self, number: int, decision: Decision) -> Case:
        self.decisions.append(decision)
        assert self.case is not None
        return Case(number, State.DECIDED, self.case.trigger, 50.0, "SP 235", (), verdict=decision.verdict)


@dataclass
class FakeRegistry:
    keepers: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    silent: bool = False

    asked: int = 0

    async def known(self, uids: Iterable[str]) -> frozenset[str]:
        self.asked += 1
        if self.silent:
            await asyncio.sleep(3600)
        return frozenset(uids) - frozenset(self.unknown)

    async def driver(self, licence: str) -> Driver:
        return replace(driver(), licence=licence)

    async def keeper(self, plate: str) -> str | None:
        return self.keepers.get(plate)

    async def country(self, plate: str) -> str | None:
        return None


async def open_packets(packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[Rejection]]:
    claims, rejected = [], Counter[Rejection]()
    for sealed in packets:
        plate, _, licence = sealed.payload.decode().partition(" ")
        if plate == "RUBBISH":
            rejected[Rejection.DECRYPTION] += 1
        else:
            claims.append(Claim(sealed.uid, licence, plate, sealed))
    return tuple(claims), rejected


async def sees_the_plate(photo: Path) -> tuple[PlateRead, ...]:
    return (plate_read(PLATE),)


@dataclass
class FakeWay:
    """Notes for which edges the right of way is taken, and what was filed when it was given back."""

    cases: FakeCases
    taken: set[int] = field(default_factory=set)
    given_back: list[tuple[int, bool]] = field(default_factory=list)

    def take(self, edge_ns: int) -> None:
        self.taken.add(edge_ns)

    def give_back(self, edge_ns: int) -> None:
        self.taken.remove(edge_ns)
        self.given_back.append((edge_ns, self.cases.case is not None))


@dataclass
class Bench:
    """The flow with its ports."""

    camera: FakeCamera = field(default_factory=FakeCamera)
    mailbox: FakeMailbox = field(default_factory=FakeMailbox)
    cases: FakeCases = field(default_factory=FakeCases)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    recognise: Callable[[Path], Awaitable[tuple[PlateRead, ...]]] = sees_the_plate
    rules: Rules = RULES
    reports: RadarReports | None = None
    way: FakeWay | None = None

    def flow(self) -> Infringements:
        return Infringements(
            self.rules,
            camera=self.camera,
            mailbox=self.mailbox,
            recognise=lambda photo: self.recognise(photo),
            decider=OnUnit(self.rules, open_packets, self.registry),
            registry=self.registry,
            cases=self.cases,
            reports=self.reports,
            right_of_way=self.way,
        )

    async def decided(self, *packets: Packet, at: Trigger | None = None) -> Decision:
        """The decision on a trigger with these packets in the mailbox."""
        self.mailbox.packets += packets
        flow = self.flow()
        number = await flow.file_trigger(at or trigger())
        assert number is not None
        await flow.decide_case(number)
        (decision,) = self.cases.decisions
        return decision


@pytest.mark.parametrize(("speed_kmh", "filed"), [(50.0, False), (55.0, False), (55.1, True), (None, True)])
async def test_only_a_trigger_above_limit_and_tolerance_becomes_a_case(speed_kmh: float | None, filed: bool) -> None:
    bench = Bench()
    assert (await bench.flow().file_trigger(trigger(speed_kmh)) is not None) is filed
    assert (bench.cases.case is not None) is filed


async def test_other_work_steps_aside_from_the_edge_until_the_case_is_filed() -> None:
    bench = Bench()
    bench.way = FakeWay(bench.cases)
    flow, at = bench.flow(), trigger()
    flow.begin(at.at_monotonic_ns)
    assert bench.way.taken == {at.at_monotonic_ns}, "before there is a photo"
    await flow.file_trigger(at)
    assert bench.way.given_back == [(at.at_monotonic_ns, True)] and not bench.way.taken


@pytest.mark.parametrize("why", ["within the limit", "no room", "a button without an edge"])
async def test_other_work_goes_on_whatever_becomes_of_the_edge(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    bench.way = FakeWay(bench.cases)
    flow, at = bench.flow(), trigger(50.0 if why == "within the limit" else 90.0)
    if why == "no room":

        async def full(*_: object, **__: object) -> int:
            raise StorageFull("the disk is full", "make room")

        monkeypatch.setattr(bench.cases, "file_case", full)
    if why != "a button without an edge":
        flow.begin(at.at_monotonic_ns)
    try:
        await flow.file_trigger(at)
    except StorageFull:
        assert why == "no room"
    assert not bench.way.taken and len(bench.way.given_back) == 1


NO_INFRINGEMENTS = {
    "no speed": (trigger(None), RULES),
    "impossible": (replace(trigger(None), impossible=True), RULES),
    "too fast to be true": (trigger(400.0), replace(RULES, max_speed_kmh=220.0)),
    "not a number": (trigger(float("nan")), RULES),
    "impossible although the pin signals": (
        replace(trigger(None), impossible=True),
        replace(RULES, promises_speed=False),
    ),
    "test button": (replace(trigger(None), source="test"), replace(RULES, promises_speed=False)),
    "the unit only observes": (trigger(), replace(RULES, names_drivers=False)),
    "the certificate has ended": (trigger(), replace(RULES, certified_utc=(0.0, 1.0))),
    "the certificate has not begun": (trigger(), replace(RULES, certified_utc=(time.time() + 1e6, math.inf))),
}


@pytest.mark.parametrize("name", NO_INFRINGEMENTS)
async def test_a_trigger_that_is_no_infringement_keeps_no_packet_and_names_nobody(name: str) -> None:
    at, rules = NO_INFRINGEMENTS[name]
    bench = Bench(rules=rules)
    bench.mailbox.packets = [packet()]
    flow = bench.flow()
    number = await flow.file_trigger(replace(at, at_monotonic_ns=time.monotonic_ns()))
    assert number is not None
    assert bench.cases.case is not None and bench.cases.case.packets == ()
    deciding = asyncio.create_task(flow.decide_case(number))
    await asyncio.sleep(0.01)
    bench.mailbox.packets.append(packet(age_s=0.0))
    await deciding
    (decision,) = bench.cases.decisions
    assert decision.driver is None and decision.packet is None
    assert (decision.verdict.outcome, decision.verdict.reason) == (Outcome.UNIDENTIFIED, Reason.NO_INFRINGEMENT)
    assert bench.cases.case.packets == () and len(bench.cases.case.photos) == 3


async def test_what_was_filed_without_a_certificate_names_nobody_under_a_later_one() -> None:
    bench = Bench(rules=replace(RULES, certified_utc=(0.0, 1.0)))
    await bench.flow().file_trigger(trigger())
    assert bench.cases.case is not None and bench.cases.case.basis is Basis.NO_CERTIFICATE
    bench.rules = RULES
    bench.cases.case = replace(bench.cases.case, packets=(packet(),))
    await bench.flow().decide_case(1)
    assert bench.cases.decisions[0].driver is None


async def test_a_case_of_the_last_valid_second_is_named_although_it_is_decided_later() -> None:
    at = trigger()
    bench = Bench(rules=replace(RULES, certified_utc=(at.at_utc - 1.0, at.at_utc + 0.001)))
    assert (await bench.decided(packet(), at=at)).driver is not None


async def test_a_pin_that_means_too_fast_makes_an_infringement_without_a_figure() -> None:
    bench = Bench(rules=replace(RULES, promises_speed=False))
    assert (await bench.decided(packet(), at=trigger(None))).driver is not None
    assert bench.cases.case is not None and bench.cases.case.basis is Basis.SIGNALLED


async def test_a_case_that_an_earlier_program_filed_without_a_speed_names_nobody() -> None:
    bench = Bench()
    bench.cases.case = PendingCase(1, trigger(None), (Path("0-after"),), (0,), (packet(),))
    await bench.flow().decide_case(1)
    assert bench.cases.decisions[0].verdict.reason is Reason.NO_INFRINGEMENT
    assert bench.cases.decisions[0].driver is None


async def test_a_case_is_filed_at_once_with_its_first_photo_and_the_sealed_packets_of_its_window() -> None:
    bench = Bench()
    early, near = packet(age_s=10.5), packet(age_s=3.0)
    bench.mailbox.packets = [early, near]
    await bench.flow().file_trigger(trigger())
    assert bench.cases.case is not None
    assert [photo.name for photo in bench.cases.case.photos] == ["0-after"]
    assert bench.cases.case.packets == (near,)


async def test_the_claim_that_explains_the_photo_names_its_driver() -> None:
    decision = await Bench().decided(packet(), packet("XY987ZW", "U9"))
    assert decision.verdict.outcome is Outcome.IDENTIFIED
    assert decision.driver is not None and decision.driver.licence == LICENCE
    assert decision.packet is not None and decision.packet.payload.startswith(PLATE.encode())
    assert decision.flags == ()


async def test_photos_around_the_trigger_are_added_and_read() -> None:
    bench = Bench()
    seen: list[str] = []

    async def recognise(photo: Path) -> tuple[PlateRead, ...]:
        seen.append(photo.name)
        return (plate_read(PLATE),) if photo.name == "1-before" else ()

    bench.recognise = recognise
    decision = await bench.decided(packet())
    assert seen == ["0-after", "1-before", "2-after"]
    assert decision.photo == 1


async def test_a_driver_who_is_not_the_registered_keeper_is_flagged() -> None:
    bench = Bench(registry=FakeRegistry({PLATE: "U0"}))
    assert (await bench.decided(packet())).flags == (Flag.NOT_THE_KEEPER,)


async def test_two_drivers_who_claim_the_plate_are_ambiguous_and_nobody_is_named() -> None:
    decision = await Bench().decided(packet(), packet(licence="U9", uid="another"))
    assert decision.verdict.outcome is Outcome.AMBIGUOUS
    assert decision.verdict.reason is Reason.SEVERAL_CLAIMS
    assert decision.driver is None and decision.packet is None


async def test_packets_of_a_uid_that_the_registry_does_not_know_are_not_journalled_but_counted() -> None:
    bench = Bench(registry=FakeRegistry(unknown=("stranger",)))
    flow = bench.flow()
    bench.mailbox.packets = [packet(uid="stranger"), own := packet()]
    number = await flow.file_trigger(trigger())
    assert number is not None
    assert bench.cases.case is not None and bench.cases.case.packets == (own,)
    bench.mailbox.packets.append(packet("ZZ999ZZ", "U8", age_s=0.0, uid="stranger"))
    await flow.decide_case(number)
    assert bench.cases.case.packets == (own,)
    (decision,) = bench.cases.decisions
    assert decision.rejected == {Rejection.UNKNOWN_UID: 2}
    assert decision.verdict.outcome is Outcome.IDENTIFIED


async def test_filing_does_not_wait_for_a_registry_that_does_not_answer() -> None:
    bench = Bench(registry=FakeRegistry(silent=True))
    bench.mailbox.packets = [own := packet()]
    await bench.flow().file_trigger(trigger())
    assert bench.cases.case is not None and bench.cases.case.packets == (own,)


async def test_a_silent_registry_is_asked_at_every_edge_at_once_and_not_one_after_the_other() -> None:
    bench = Bench(registry=FakeRegistry(silent=True))
    bench.mailbox.packets = [packet()]
    flow, triggers = bench.flow(), [replace(trigger(), at_monotonic_ns=time.monotonic_ns() + n) for n in range(10)]
    for each in triggers:
        flow.begin(each.at_monotonic_ns)
    await flow.file_trigger(triggers[0])
    assert bench.registry.asked == 10


async def test_an_unforeseen_error_of_the_camera_leaves_a_case_that_is_decided(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(camera=BrokenCamera())
    decision = await bench.decided(packet())
    assert (decision.verdict.reason, decision.missed_photos) == (Reason.NO_PHOTO, RULES.frames_per_case)
    assert "unforeseen MemoryError" in caplog.text and "AB123CD" not in caplog.text


async def test_at_most_sixteen_packets_of_a_uid_are_filed_and_opened_early_and_late_together() -> None:
    bench = Bench()
    flow = bench.flow()
    bench.mailbox.packets = [packet("RUBBISH", str(n), age_s=3.0, uid="victim") for n in range(12)] + [own := packet()]
    number = await flow.file_trigger(trigger())
    assert number is not None
    bench.mailbox.packets += [packet("RUBBISH", str(n), age_s=0.0, uid="victim") for n in range(12, 40)]
    await flow.decide_case(number)
    assert bench.cases.case is not None and own in bench.cases.case.packets
    assert len(bench.cases.case.packets) == OPENINGS_PER_UID + 1
    (decision,) = bench.cases.decisions
    assert decision.rejected[Rejection.DECRYPTION] == OPENINGS_PER_UID
    assert decision.rejected[Rejection.TOO_MANY] == 40 - OPENINGS_PER_UID
    assert decision.verdict.outcome is Outcome.IDENTIFIED


async def test_a_chip_that_claims_two_plates_has_none() -> None:
    """One stolen chip claims eight plates: its holder is not named, and no honest car becomes ambiguous by it."""
    stolen = [packet(f"AB12{number}CD", "U9", uid="stolen") for number in range(2, 10)]
    honest = await Bench().decided(packet(), *stolen, packet(PLATE, "U9", uid="stolen"))
    assert honest.driver is not None and honest.driver.licence == LICENCE
    assert honest.rejected == {Rejection.SEVERAL_PLATES: 9}
    assert honest.flags == (Flag.SEVERAL_PLATES,)
    silent = await Bench().decided(*stolen, packet(PLATE, "U9", uid="stolen"))
    assert silent.driver is None and silent.verdict.outcome is Outcome.UNIDENTIFIED
    assert silent.flags == (Flag.SEVERAL_PLATES,)


async def test_an_ambiguous_case_keeps_the_claims_that_explain_the_photo_and_only_these() -> None:
    own, accomplice, others = packet(), packet(licence="U9", uid="accomplice"), packet("XY987ZW", "U7")
    decision = await Bench().decided(own, others, accomplice)
    assert decision.verdict.outcome is Outcome.AMBIGUOUS
    assert decision.kept == (own, accomplice)
    assert (await Bench().decided(own, others)).kept == ()
    assert (await Bench().decided(others)).kept == ()


async def test_a_car_that_called_twice_is_one_claim() -> None:
    decision = await Bench().decided(packet(age_s=4.0), packet(age_s=2.0))
    assert decision.verdict.outcome is Outcome.IDENTIFIED


async def test_no_packet_is_unidentified_and_rejected_packets_are_counted() -> None:
    decision = await Bench().decided(packet("RUBBISH"))
    assert (decision.verdict.outcome, decision.verdict.reason) == (Outcome.UNIDENTIFIED, Reason.NO_PACKET)
    assert decision.rejected == {Rejection.DECRYPTION: 1}


async def test_a_late_packet_counts_until_the_window_closes() -> None:
    bench = Bench()
    flow = bench.flow()
    number = await flow.file_trigger(trigger())
    assert number is not None
    deciding = asyncio.create_task(flow.decide_case(number))
    await asyncio.sleep(0.01)
    bench.mailbox.packets.append(packet(age_s=0.0))
    await deciding
    assert bench.cases.decisions[0].verdict.outcome is Outcome.IDENTIFIED


async def test_a_camera_without_a_photo_leaves_the_case_unidentified() -> None:
    decision = await Bench(camera=FakeCamera(good=0)).decided(packet())
    assert (decision.verdict.outcome, decision.verdict.reason) == (Outcome.UNIDENTIFIED, Reason.NO_PHOTO)
    assert decision.driver is None


async def test_a_worker_that_fails_once_is_asked_again() -> None:
    failures = iter([WorkerError("it hung", "the job is tried again")])

    async def recognise(photo: Path) -> tuple[PlateRead, ...]:
        if (failure := next(failures, None)) is not None:
            raise failure
        return (plate_read(PLATE),)

    assert (await Bench(recognise=recognise).decided(packet())).verdict.outcome is Outcome.IDENTIFIED


@pytest.mark.parametrize("failure", [WorkerError("it hung", "the job is tried again"), ImageError("bad", "look")])
async def test_a_photo_that_cannot_be_read_names_nobody(failure: Exception) -> None:
    async def recognise(photo: Path) -> tuple[PlateRead, ...]:
        raise failure

    decision = await Bench(recognise=recognise).decided(packet())
    assert (decision.verdict.outcome, decision.verdict.reason) == (Outcome.UNIDENTIFIED, Reason.PHOTO_NOT_READ)


async def test_after_a_restart_a_case_is_decided_with_what_was_stored() -> None:
    bench = Bench()
    bench.mailbox.packets = [packet()]
    before_stop = bench.flow()
    number = await before_stop.file_trigger(trigger())
    assert number is not None
    await before_stop.stop()
    after_restart = Bench(cases=bench.cases, camera=FakeCamera(good=0))
    await after_restart.flow().decide_case(number)
    (decision,) = bench.cases.decisions
    assert decision.verdict.outcome is Outcome.IDENTIFIED
    assert bench.cases.case is not None and len(bench.cases.case.photos) == 1
    assert decision.missed_photos == 1


async def test_a_packet_that_the_next_trigger_may_need_stays_in_the_mailbox() -> None:
    bench = Bench()
    others = packet("XY987ZW", "U9", age_s=RULES.window_before_s - 1.0)
    await bench.decided(others)
    assert bench.cases.decisions[0].verdict.reason is Reason.NO_CLAIM
    assert bench.mailbox.packets == [others]


async def test_a_packet_that_no_later_trigger_can_need_is_deleted_with_the_case() -> None:
    bench = Bench()
    at = replace(trigger(), at_monotonic_ns=time.monotonic_ns() - round(5.0 * NS))
    past = packet(age_s=RULES.window_before_s + FILING_GRACE_S + 1.0)
    await bench.decided(past, at=at)
    assert bench.cases.decisions[0].verdict.outcome is Outcome.IDENTIFIED
    assert bench.mailbox.packets == []


async def test_the_exposures_leave_the_ring_at_the_edge_however_long_filing_waits() -> None:
    """Filing waits until the ring has forgotten the exposures; the case has them all, and the packet of that time."""
    bench = Bench(camera=ForgetfulCamera())
    flow, at, own = bench.flow(), trigger(), packet(age_s=9.9)
    bench.mailbox.packets = [own]
    flow.begin(at.at_monotonic_ns)
    await asyncio.sleep(0.1)
    bench.mailbox.packets = []
    number = await flow.file_trigger(at)
    assert number is not None
    await flow.decide_case(number)
    assert bench.cases.case is not None
    assert [photo.name for photo in bench.cases.case.photos] == ["0-after", "1-before", "2-after"]
    assert bench.cases.case.packets == (own,)
    assert bench.cases.decisions[0].missed_photos == 0
    assert flow.problem() is None


async def test_missed_photos_are_counted_and_a_problem_and_stand_in_the_case() -> None:
    bench = Bench(camera=FakeCamera(good=1))
    flow = bench.flow()
    number = await flow.file_trigger(trigger())
    assert number is not None
    await flow.decide_case(number)
    assert bench.cases.decisions[0].missed_photos == 1
    assert flow.counters["missed_photos"] == 1
    assert "1 photos of triggers were missed" in (flow.problem() or "")


@pytest.mark.parametrize(
    ("speed_kmh", "counts"), [(55.0, None), (55.1, 50.1), (64.0, 59.0), (115.7, 109.9), (148.0, 140.6)]
)
async def test_what_the_law_leaves_of_the_speed_decides_and_is_filed(speed_kmh: float, counts: float | None) -> None:
    bench = Bench(rules=replace(RULES, tolerance_kmh=0.0, profile=PROFILES["IT"]))
    number = await bench.flow().file_trigger(trigger(speed_kmh))
    assert (number is not None) == (counts is not None)
    found = bench.cases.assessment
    assert (found.remaining_kmh if found else None) == counts
    assert found is None or found.rule == PROFILES["IT"].rule


async def test_a_trigger_without_a_speed_is_filed_without_an_assessment() -> None:
    bench = Bench(rules=replace(RULES, promises_speed=False, profile=PROFILES["IT"]))
    assert await bench.flow().file_trigger(trigger(None)) == 1
    assert bench.cases.assessment is None


async def test_a_pending_case_of_an_earlier_program_within_the_law_names_nobody() -> None:
    """That program recorded no basis, and filed what the law does not count."""
    bench = Bench(rules=replace(RULES, tolerance_kmh=0.0, profile=PROFILES["IT"]))
    bench.cases.case = PendingCase(1, trigger(53.0), (Path("0-after"),), (0,), (packet(),))
    await bench.flow().decide_case(1)
    (decision,) = bench.cases.decisions
    assert (decision.verdict.outcome, decision.driver) == (Outcome.UNIDENTIFIED, None)
    assert decision.verdict.reason is Reason.NO_INFRINGEMENT


async def test_a_unit_that_observes_by_now_names_nobody_of_before() -> None:
    bench = Bench(rules=replace(RULES, names_drivers=False))
    bench.cases.case = PendingCase(1, trigger(90.0), (Path("0-after"),), (0,), (packet(),), Basis.MEASURED)
    await bench.flow().decide_case(1)
    (decision,) = bench.cases.decisions
    assert (decision.verdict.outcome, decision.driver) == (Outcome.UNIDENTIFIED, None)


async def test_an_edge_below_the_limit_holds_nothing() -> None:
    bench = Bench()
    flow, slow = bench.flow(), trigger(40.0)
    for _ in range(200):
        flow.begin(slow.at_monotonic_ns)
        assert await flow.file_trigger(slow) is None
    assert bench.cases.case is None and flow.counters["missed_photos"] == 0


async def test_every_line_of_the_radar_near_the_edge_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.flow.gathering.REPORTS_S", 0.2)
    at, lines = trigger(None), [RadarReport(b'{"speed":900}\r\n', 1.0, 1), RadarReport(b"\xff\n", 2.0, 2)]
    asked: list[tuple[int, int]] = []

    def reports(start_ns: int, end_ns: int) -> list[RadarReport]:
        asked.append((start_ns - at.at_monotonic_ns, end_ns - at.at_monotonic_ns))
        assert time.monotonic_ns() >= end_ns, "what comes in until then would be missed"
        return lines

    bench = Bench(reports=reports)
    await bench.decided(at=at)
    assert bench.cases.reports == lines
    assert asked == [(-NS // 5, NS // 5)]


async def test_the_photos_are_stored_while_nobody_decides_the_case() -> None:
    """Recognition may be hours behind: the case is whole on the disk all the same."""
    bench = Bench()
    flow = bench.flow()
    await flow.file_trigger(trigger())
    bench.mailbox.packets = [late := packet(age_s=0.0)]
    await asyncio.sleep(3 * RULES.window_after_s)
    assert bench.cases.case is not None
    assert len(bench.cases.case.photos) == 3 and bench.cases.case.packets == (late,)


async def test_a_full_disk_is_the_callers_error_and_no_case() -> None:
    bench = Bench(cases=FakeCases(full=True))
    flow = bench.flow()
    with pytest.raises(StorageFull):
        await flow.file_trigger(trigger())
    assert bench.cases.case is None
    assert flow.counters == {"lost_triggers": 1, "missed_photos": RULES.frames_per_case}
