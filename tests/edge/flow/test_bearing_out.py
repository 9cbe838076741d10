"""Where the photos do not bear out the radar nobody is named; the flow with fakes for its ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge.flow.rules import NS
from edge.identify import Lens
from edge.model import Decision, Flag, Outcome, Photo, PlateRead, Reason, SpeedAgreement
from tests.edge.flow.test_infringement import PLATE, RULES, Bench, FakeCamera, packet, trigger
from tests.support.passing import LENS, Passing
from tests.support.reads import plate_read

APART_NS = NS // 10
OFFENDER = Passing(speed_kmh=90.0, distance_m=5.0, side_m=1.5, below_m=1.2, yaw=0.1)
BESIDE = Passing(speed_kmh=30.0, distance_m=5.0, side_m=-1.5, below_m=1.2, yaw=-0.1)


class SpacedCamera(FakeCamera):
    """Its photos are a tenth of a second apart, and as large as the lens says."""

    size = (LENS.width_px, LENS.height_px)

    async def photos(self, at_monotonic_ns, count):  # type: ignore[no-untyped-def]
        for number in range(count):
            yield Photo(b"after", *self.size, 0.0, at_monotonic_ns + number * APART_NS)

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        return tuple(Photo(b"before", *self.size, 0.0, at_monotonic_ns - n * APART_NS) for n in range(count, 0, -1))


def seen(passing: Passing, text: str, at_s: float, scale: float = 1.0) -> PlateRead:
    read = plate_read(text)
    box = type(read.detection.box)(*(edge * scale for edge in passing.box(at_s)))
    return replace(read, detection=replace(read.detection, box=box))


async def decided(
    cars: Mapping[str, Passing], *, speed_kmh: float | None, lens: Lens | None = LENS, promises_speed: bool = True,
    scale: float = 1.0,
) -> Decision:  # fmt: skip
    """The decision on a case whose photos (before, at the edge, after) show *cars* by their plates."""

    async def recognise(photo: Path) -> tuple[PlateRead, ...]:
        at_s = {"0-after": 0.1, "1-before": 0.0, "2-after": 0.2}[photo.name]
        return tuple(seen(passing, text, at_s, scale) for text, passing in cars.items())

    rules = replace(RULES, lens=lens, promises_speed=promises_speed)
    camera = SpacedCamera()
    camera.size = (round(LENS.width_px * scale), round(LENS.height_px * scale))
    return await Bench(camera=camera, recognise=recognise, rules=rules).decided(packet(), at=trigger(speed_kmh))


@pytest.mark.parametrize("scale", [1.0, 0.5])
async def test_photos_that_bear_out_the_radar_stand_in_the_case_and_the_driver_is_named(scale: float) -> None:
    decision = await decided({PLATE: OFFENDER}, speed_kmh=88.0, scale=scale)
    assert decision.driver is not None and decision.flags == ()
    found = decision.plausibility
    assert found is not None and found.agreement is SpeedAgreement.AGREES
    assert found.speed_kmh == pytest.approx(90.0, abs=3.0) and found.plate_mm == 520
    assert found.distance_m == pytest.approx(np.hypot(10.0, np.hypot(1.5, 1.2)), rel=0.1)


@pytest.mark.parametrize("speed_kmh", [180.0, 56.0 * 4])
async def test_nobody_is_named_where_the_photos_contradict_the_radar(speed_kmh: float) -> None:
    decision = await decided({PLATE: OFFENDER}, speed_kmh=speed_kmh)
    assert decision.driver is None and decision.packet is None
    assert (decision.verdict.outcome, decision.verdict.reason) == (Outcome.AMBIGUOUS, Reason.SPEED_IN_DOUBT)
    assert decision.flags == (Flag.SPEED_CONTRADICTED,)
    assert [kept.payload.split()[0].decode() for kept in decision.kept] == [PLATE], "for two officers, sealed"


async def test_nobody_is_named_where_another_vehicle_fits_the_radar_better() -> None:
    slow = replace(OFFENDER, speed_kmh=45.0)
    decision = await decided({PLATE: slow, "XY987ZW": replace(BESIDE, speed_kmh=90.0, distance_m=10.0)}, speed_kmh=90.0)
    assert decision.driver is None and decision.flags == (Flag.OTHER_VEHICLE_FITS,)
    assert decision.verdict.reason is Reason.SPEED_IN_DOUBT


async def test_a_slower_car_beside_the_offender_changes_nothing() -> None:
    decision = await decided({PLATE: OFFENDER, "XY987ZW": replace(BESIDE, distance_m=12.0)}, speed_kmh=90.0)
    assert decision.driver is not None and decision.flags == ()


async def test_without_a_focal_length_nothing_is_compared() -> None:
    decision = await decided({PLATE: OFFENDER}, speed_kmh=180.0, lens=None)
    assert decision.driver is not None and decision.plausibility is None


@pytest.mark.parametrize(("speed_kmh", "named"), [(90.0, True), (51.0, True), (15.0, False), (0.0, False)])
async def test_a_signal_without_a_figure_is_borne_out_by_a_plate_that_is_fast_enough(
    speed_kmh: float, named: bool
) -> None:
    passing = replace(OFFENDER, speed_kmh=speed_kmh)
    decision = await decided({PLATE: passing}, speed_kmh=None, promises_speed=False)
    assert (decision.driver is not None) is named
    assert decision.flags == (() if named else (Flag.SPEED_CONTRADICTED,))


async def test_a_case_that_is_unidentified_is_to_be_checked_as_well() -> None:
    decision = await decided({"ZZ111ZZ": OFFENDER}, speed_kmh=180.0)
    assert decision.verdict.outcome is Outcome.UNIDENTIFIED and decision.verdict.reason is Reason.NO_CLAIM
    assert decision.flags == (Flag.SPEED_CONTRADICTED,)


async def test_what_is_no_infringement_is_not_compared() -> None:
    rules = replace(RULES, lens=LENS, names_drivers=False)
    decision = await Bench(camera=SpacedCamera(), rules=rules).decided(packet(), at=trigger(180.0))
    assert decision.plausibility is None and decision.flags == ()


async def test_photos_of_several_sizes_tell_nothing() -> None:
    class Mixed(SpacedCamera):
        async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
            return tuple(replace(each, width=640) for each in await super().recent(at_monotonic_ns, count))

    bench = Bench(camera=Mixed(), rules=replace(RULES, lens=LENS))
    decision = await bench.decided(packet(), at=trigger(180.0))
    assert decision.driver is not None and decision.plausibility is not None
    assert decision.plausibility.agreement is SpeedAgreement.TELLS_NOTHING


async def test_one_photo_tells_nothing_and_the_driver_is_named() -> None:
    async def recognise(photo: Path) -> tuple[PlateRead, ...]:
        return (seen(OFFENDER, PLATE, 0.1),) if photo.name == "0-after" else ()

    bench = Bench(SpacedCamera(), recognise=recognise, rules=replace(RULES, lens=LENS))
    decision = await bench.decided(packet(), at=trigger(180.0))
    assert decision.driver is not None and decision.plausibility is not None
    assert decision.plausibility.agreement is SpeedAgreement.TELLS_NOTHING
