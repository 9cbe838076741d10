"""Whether the photos of a case bear out its radar: the motion of the offender's plate beside that of the others."""

from __future__ import annotations

from collections.abc import Sequence

from edge.identify.motion import Lens, Motion, TimedBox, compare, deviations, motion
from edge.identify.plate_sizes import widths_mm
from edge.identify.tracks import Track, tracks
from edge.model import PlateRead, Plausibility, SpeedAgreement


def plausibility(
    photos: Sequence[Sequence[PlateRead]],
    exposed_ns: Sequence[int],
    offender: PlateRead | None,
    lens: Lens,
    radar_kmh: float,
    *,
    at_least: bool = False,
) -> Plausibility:
    """What *photos* say of the speed *radar_kmh*, if the plate read *offender* is the offender's.

    A plate may have several widths (:mod:`.plate_sizes`): the one that fits the radar best counts.

    Args:
        photos: the plate reads of each photo, in time order.
        exposed_ns: the beginning of each photo's exposure, monotonic nanoseconds.
        offender: one of the reads in *photos*; None if the verdict chose none.
        lens: the camera's.
        radar_kmh: the measured speed.
        at_least: nothing was measured, but *radar_kmh* is a speed that the offender is not below.
    """
    seen = tracks(photos)
    own = next((track for track in seen if any(read is offender for read in track.reads)), None)
    if own is None or not (candidates := _motions(own, exposed_ns, lens)):
        return Plausibility(SpeedAgreement.TELLS_NOTHING)
    width_mm, best = min(candidates, key=lambda each: deviations(each[1], radar_kmh, at_least=at_least))
    others = [
        each
        for track in seen
        if track is not own and track.may_be_plate and not track.is_word(())
        for _, each in _motions(track, exposed_ns, lens)
    ]
    agreement = compare(best, others, radar_kmh, at_least=at_least)
    return Plausibility(agreement, best.speed_kmh, best.error_kmh, best.distance_m, width_mm)


def _motions(track: Track, exposed_ns: Sequence[int], lens: Lens) -> list[tuple[int, Motion]]:
    """How the plate of *track* moves, for each width in millimetres that it can have in all photos."""
    boxes = [read.detection.box for read in track.reads]
    sightings = [TimedBox(box, exposed_ns[photo]) for box, photo in zip(boxes, track.photos, strict=True)]
    widths = set.intersection(*(set(widths_mm(box)) for box in boxes))
    found = [(width, motion(sightings, lens, width / 1e3)) for width in sorted(widths, reverse=True)]
    return [(width, each) for width, each in found if each is not None]
