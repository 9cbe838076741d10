"""The plates of other vehicles in the photos of a case: where they are, and nothing of what is on them.

An officer has to see that a photo shows a second vehicle; whose it is, is nobody's business (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from edge.flow.reading import Read
from edge.identify.tracks import SAME_PLATE_OVERLAP, tracks
from edge.model import Decision, OtherPlate, PendingCase, PlateRead


def other_plates(case: PendingCase, reads: Sequence[Read], decision: Decision) -> tuple[OtherPlate, ...]:
    """The plates beside the one that the *decision* is about, in the order of the photos and from left to right.

    *reads* are those of the case's photos, in their stored order. What can be no plate, a badge or a caption, is left
    out. Where no plate was decided about, all plates are others.
    """
    order = sorted(range(len(reads)), key=lambda index: case.exposed_monotonic_ns[index])
    found = []
    for track in tracks([reads[index] or () for index in order]):
        seen = [(order[place], read) for place, read in zip(track.photos, track.reads, strict=True)]
        if track.may_be_plate and not any(_is_decided(decision, photo, read) for photo, read in seen):
            found += [OtherPlate(photo, read.detection.box) for photo, read in seen]
    return tuple(sorted(found, key=lambda plate: (plate.photo, plate.box)))


def _is_decided(decision: Decision, photo: int, read: PlateRead) -> bool:
    """Whether the decision is about the plate of this *read*: of two boxes around one plate either may be left."""
    if decision.read is None or photo != decision.photo:
        return False
    box, own = read.detection.box, decision.read.detection.box
    smaller = min(box.width * box.height, own.width * own.height)
    return box.common(own) >= SAME_PLATE_OVERLAP * smaller
