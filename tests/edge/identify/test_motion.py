"""Speed from two exposures: by calculation, with noise like the detector's, and through the detector itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.config import models_dir
from edge.demo.cast import FOLDER
from edge.identify.motion import Lens, Motion, TimedBox, compare, motion
from edge.model import Box, SpeedAgreement
from edge.vision.detector import Detector
from tests.support.passing import LENS, PLATE_M, Passing, drawn_by_lot, noisy

TIMES = (0.0, 0.1, 0.2)
SEEN_AT_ONCE = ("seat.mp4", "ka.mp4", "van.mp4", "jimny.mp4", "focus.mp4")
"""Clips of the demo in which a parked car is filmed by hand."""


def sightings(passing: Passing, times: tuple[float, ...] = TIMES) -> list[TimedBox]:
    return [TimedBox(passing.box(at_s), round(at_s * 1e9)) for at_s in times]


@pytest.mark.parametrize("speed", [20, 50, 130, 200])
@pytest.mark.parametrize("distance", [3, 10, 20])
def test_without_noise_it_is_the_speed(speed: float, distance: float) -> None:
    passing = Passing(speed, distance, side_m=2, below_m=2, yaw=0.1)
    found = motion(sightings(passing), LENS, PLATE_M[0])
    assert found is not None
    assert found.speed_kmh == pytest.approx(speed, rel=0.03), "but for what the noise that there might be takes off"
    assert found.distance_m == pytest.approx(np.hypot(distance + speed / 3.6 * 0.2, np.hypot(2, 2)), rel=0.06)


def test_a_longer_time_is_surer_and_a_greater_distance_less_sure() -> None:
    near, far = (Passing(50, distance, 2, 2, 0.1) for distance in (5, 20))

    def error(passing: Passing, times: tuple[float, ...]) -> float:
        found = motion(sightings(passing, times), LENS, PLATE_M[0])
        assert found is not None
        return found.error_kmh

    assert error(near, (0, 0.3)) < error(near, (0, 0.1)) < error(far, (0, 0.1))


def test_what_cannot_be_told_is_none() -> None:
    box = Box(100, 100, 200, 130)
    assert motion([], LENS, 0.52) is None
    assert motion([TimedBox(box, 0)], LENS, 0.52) is None
    assert motion([TimedBox(box, 5), TimedBox(box, 5)], LENS, 0.52) is None
    assert motion([TimedBox(box, 0), TimedBox(Box(100, 100, 100, 130), 5)], LENS, 0.52) is None


def test_what_the_photos_say_of_the_radar() -> None:
    offender = Motion(10, 50, 5)
    assert compare(offender, [], 55) is SpeedAgreement.AGREES
    assert compare(offender, [], 90) is SpeedAgreement.CONTRADICTS
    assert compare(None, [], 55) is SpeedAgreement.TELLS_NOTHING
    assert compare(Motion(20, 50, 30), [], 55) is SpeedAgreement.TELLS_NOTHING
    assert compare(offender, [Motion(12, 71, 5)], 70) is SpeedAgreement.OTHER_FITS
    assert compare(offender, [Motion(12, 71, 60)], 62) is SpeedAgreement.AGREES, "the other one tells nothing"
    assert compare(offender, [Motion(12, 52, 5)], 52) is SpeedAgreement.AGREES, "both fit"


@pytest.mark.parametrize(("span_s", "detected"), [(0.2, 0.75), (0.3, 0.85)])
def test_noise_makes_no_false_alarm_and_hides_few_wrong_cars(span_s: float, detected: float) -> None:
    """3,000 passings, 20 to 200 km/h, 3 to 25 m; the alarm for another car's speed is asked for below 12 m."""
    luck = np.random.default_rng(1)
    times = (0.0, span_s / 2, span_s)
    said: Counter[str] = Counter()
    for _ in range(3000):
        passing = drawn_by_lot(luck)
        if not passing.is_seen(times):
            continue
        seen = [TimedBox(noisy(passing.box(at_s), luck), round(at_s * 1e9)) for at_s in times]
        found = motion(seen, LENS, PLATE_M[0])
        assert found is not None
        radar = passing.speed_kmh * luck.normal(1, 0.015)
        said["all"] += 1
        said["within"] += abs(found.speed_kmh - passing.speed_kmh) <= 3 * found.error_kmh
        said[compare(found, [], radar)] += 1
        if passing.distance_m < 12:
            said["near"] += 1
            said["told"] += (
                compare(found, [], passing.speed_kmh * luck.choice([0.5, 1.8])) is SpeedAgreement.CONTRADICTS
            )
    assert said["all"] > 1000
    assert said["within"] >= 0.99 * said["all"]
    assert said[SpeedAgreement.CONTRADICTS] <= 0.003 * said["all"]
    assert said["told"] >= detected * said["near"]


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(models_dir())


def photo(clip: str, number: int = 0) -> np.ndarray:
    film = cv2.VideoCapture(str(Path(FOLDER) / "feed" / clip))
    film.set(cv2.CAP_PROP_POS_FRAMES, number)
    found, frame = film.read()
    assert found
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)


def test_rendered_cars_through_the_real_detector(detector: Detector) -> None:
    """Photos of real cars, moved through the picture at known speeds."""
    luck = np.random.default_rng(2)
    photos = []
    for clip in SEEN_AT_ONCE:
        image = photo(clip)
        photos.append((image, detector.detect(image)[0].box))
    said: Counter[str] = Counter()
    misses = []
    for number in range(120):
        passing = drawn_by_lot(luck, farthest_m=12.0)
        if not passing.is_seen(TIMES):
            continue
        image, plate = photos[number % len(photos)]
        found = []
        for at_s in TIMES:
            there = passing.box(at_s)
            boxes = [one.box for one in detector.detect(passing.picture(image, plate, at_s), detector.low_threshold)]
            near = [box for box in boxes if abs(box.x1 + box.x2 - there.x1 - there.x2) < there.width]
            found += [TimedBox(near[0], round(at_s * 1e9))] if near else []
        if len(found) < len(TIMES):
            said["not found"] += 1
            continue
        told = motion(found, LENS, PLATE_M[0])
        assert told is not None
        said[compare(told, [], passing.speed_kmh)] += 1
        said["wrong " + compare(told, [], 2 * passing.speed_kmh)] += 1
        misses.append(abs(told.speed_kmh - passing.speed_kmh) / told.error_kmh)
    assert len(misses) >= 20
    assert said[SpeedAgreement.CONTRADICTS] == 0
    assert max(misses) <= 3
    assert said["wrong " + SpeedAgreement.CONTRADICTS] >= 0.8 * len(misses)


@pytest.mark.parametrize("clip", SEEN_AT_ONCE)
def test_a_parked_car_filmed_by_hand_is_no_faster_than_a_slow_walk(clip: str, detector: Detector) -> None:
    images = [photo(clip, number) for number in range(9)]
    height, width = images[0].shape[:2]
    film = cv2.VideoCapture(str(Path(FOLDER) / "feed" / clip))
    gap_ns = round(1e9 / film.get(cv2.CAP_PROP_FPS))
    seen = [TimedBox(detector.detect(image)[0].box, number * gap_ns) for number, image in enumerate(images)]
    lens = Lens(1.1 * width, width, height)  # the field of view of an ordinary camera
    for start in range(len(seen) - 2):
        found = motion(seen[start : start + 3], lens, PLATE_M[0])
        assert found is not None
        assert found.speed_kmh - 3 * found.error_kmh <= 2.0
        assert compare(found, [], 60.0) is SpeedAgreement.CONTRADICTS, "it is parked"
