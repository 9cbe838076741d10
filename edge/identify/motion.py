"""How fast a plate moves, from exposures of known times: whether it can be the car that the radar measured.

A plate is as wide as its country makes it, so its width in the picture gives its distance, and its place gives its
direction (the pinhole camera: distance = focal length x width of the plate / width in the picture). Two exposures give
a speed. It is never the measurement: boxes tremble, and the error of the result is stated with it. It is a check that
the radar and the photo speak of one car, as the United Kingdom's secondary check is with marks on the road.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.model import Box, SpeedAgreement

Matrix = NDArray[np.float64]

WIDTH_NOISE_PX: Final = 1.5
WIDTH_NOISE_SHARE: Final = 0.01
"""Standard deviation of the width of a box: these two, of its pixels and of its width, added in squares. Measured on
fifteen clips, against a parabola through each five successive photos, with ``tests/bench/motion.py CLIP ...``."""
CENTRE_NOISE_PX: Final = 1.0
CENTRE_NOISE_SHARE: Final = 0.004
"""The same of the centre of a box, in either direction."""

SCALE_ERROR: Final = 0.08
"""Standard deviation of what makes all distances of a scene wrong by one factor: the focal length, a plate of another
make, a plate that is turned away from the camera by 20 degrees (which is 6 %)."""
RADAR_ERROR: Final = 0.03
"""Standard deviation of the radar's speed, as a share: its own error, and that it does not look along the road."""

CONTRADICTION: Final = 3.0
"""From so many standard deviations on, radar and photos contradict each other."""
OTHER_FITS_BETTER: Final = 2.0
"""By so many standard deviations another vehicle must fit the radar better than the offender does."""
TELLS_NOTHING: Final = 0.35
"""With a standard deviation beyond this share of the radar's speed the photos tell nothing."""


class TimedBox(NamedTuple):
    """A plate in an exposure: its box in pixels, and when the exposure began (monotonic nanoseconds)."""

    box: Box
    exposed_ns: int


@dataclass(frozen=True, slots=True)
class Lens:
    """A camera without distortion: focal length and size of its picture, in pixels."""

    focal_length_px: float
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Motion:
    """How a plate moved.

    Attributes:
        distance_m: from the camera at the last sighting, in metres.
        speed_kmh: in km/h, whatever the direction.
        error_kmh: standard deviation of ``speed_kmh``.
    """

    distance_m: float
    speed_kmh: float
    error_kmh: float


def motion(sightings: Sequence[TimedBox], lens: Lens, plate_width_m: float) -> Motion | None:
    """The motion of a plate *plate_width_m* metres wide through *sightings*, at a constant velocity.

    Returns:
        None if there are fewer than two instants, or a box has no width.
    """
    times = np.array([one.exposed_ns for one in sightings], np.float64) / 1e9
    if len(sightings) < 2 or np.ptp(times) == 0 or any(one.box.width <= 0 for one in sightings):
        return None
    places, covariances = zip(*(_place(one.box, lens, plate_width_m) for one in sightings), strict=True)
    offsets = times - times.mean()
    weights = offsets / (offsets**2).sum()  # least squares: the slope is this sum of places
    velocity = np.einsum("i,ij->j", weights, np.array(places))
    covariance = np.einsum("i,ijk->jk", weights**2, np.array(covariances))
    # The direction is as uncertain as the speed: the worst direction counts, mostly that of the view.
    variance = float(np.linalg.eigvalsh(covariance)[-1])
    # Noise across the direction makes every velocity look longer than it is.
    speed = np.sqrt(max(0.0, float(velocity @ velocity) - (float(np.trace(covariance)) - variance)))
    error = np.sqrt(variance + (SCALE_ERROR * speed) ** 2)
    return Motion(float(np.linalg.norm(places[-1])), float(speed) * 3.6, float(error) * 3.6)


def _place(box: Box, lens: Lens, plate_width_m: float) -> tuple[Matrix, Matrix]:
    """Where a plate is, in metres to the right, down and ahead, and the covariance of that, (3,) and (3, 3)."""
    width = box.width
    ahead = lens.focal_length_px * plate_width_m / width
    ray = np.array(
        [
            ((box.x1 + box.x2) / 2 - lens.width_px / 2) / lens.focal_length_px,
            ((box.y1 + box.y2) / 2 - lens.height_px / 2) / lens.focal_length_px,
            1.0,
        ]
    )
    ahead_variance = (ahead * width_noise_px(width) / width) ** 2
    across = ahead * np.hypot(CENTRE_NOISE_PX, CENTRE_NOISE_SHARE * width) / lens.focal_length_px
    return ray * ahead, np.outer(ray, ray) * ahead_variance + np.diag([across**2, across**2, 0.0])


def width_noise_px(width: float) -> float:
    """Standard deviation in pixels of the width of a box that is *width* pixels wide."""
    return float(np.hypot(WIDTH_NOISE_PX, WIDTH_NOISE_SHARE * width))


def compare(
    offender: Motion | None, others: Sequence[Motion], radar_kmh: float, *, at_least: bool = False
) -> SpeedAgreement:
    """Whether the radar's *radar_kmh* is the speed of the *offender* in the photos, beside *others* in them.

    With *at_least* the radar has no figure: it says that the offender is not slower than *radar_kmh*.
    """
    if offender is None or not _tells(offender, radar_kmh, at_least=at_least):
        return SpeedAgreement.TELLS_NOTHING
    away = deviations(offender, radar_kmh, at_least=at_least)
    better = (one for one in others if _tells(one, radar_kmh, at_least=at_least))
    if any(deviations(one, radar_kmh, at_least=at_least) + OTHER_FITS_BETTER < away for one in better):
        return SpeedAgreement.OTHER_FITS
    return SpeedAgreement.CONTRADICTS if away > CONTRADICTION else SpeedAgreement.AGREES


def deviations(one: Motion, radar_kmh: float, *, at_least: bool = False) -> float:
    """By how many standard deviations the speed of *one* is not *radar_kmh*, or with *at_least* below it."""
    said = _said(one, radar_kmh, at_least=at_least)
    return abs(one.speed_kmh - said) / float(np.hypot(one.error_kmh, RADAR_ERROR * said))


def _tells(one: Motion, radar_kmh: float, *, at_least: bool) -> bool:
    return one.error_kmh <= TELLS_NOTHING * _said(one, radar_kmh, at_least=at_least)


def _said(one: Motion, radar_kmh: float, *, at_least: bool) -> float:
    """The speed that the radar gives *one*; with *at_least* that is its own where it is fast enough."""
    return max(radar_kmh, one.speed_kmh) if at_least else radar_kmh
