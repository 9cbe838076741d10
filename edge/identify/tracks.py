"""The plates of several photos: which reads show one plate, and which plate can be the offender's.

No plate at all is what the reader sees no text in, a scrap of text that the detector is not sure of, and a text of no
format that stands still through the photos: a caption burnt into the picture. Which of several plates is the
offender's is settled by these rules, in this order; each only chooses among what the one before left, and one that
would leave nothing is skipped:

1. A word is no plate, unless a claim says it: a badge, an advertisement (:mod:`edge.identify.plausible`). Nor is what
   the detector doubts beside a sure one.
2. A plate that stands still in the picture while another one moves is parked, or burnt into the picture.
3. Where the radar knows the direction, a plate that grows is inbound and one that shrinks is outbound.
4. The radar sees the nearest car best: a plate smaller than the largest by :data:`NEARER_SIZE_RATIO` is
   background.

Plates that all rules leave are all suspects, and :func:`edge.identify.verdict.identify` names nobody as long as
they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import hypot, log, sqrt

import numpy as np
from numpy.typing import NDArray

from edge.identify import neighbours
from edge.identify.ctc import mixed, read_log_likelihoods
from edge.identify.origin import format_of
from edge.identify.plausible import SURE_DETECTION, Likeness, is_clear, likeness
from edge.model import Box, PlateRead

SAME_PLATE_LOG_RATIO = -12.0
"""Reads in two photos are of one plate if one of the texts explains the other's pixels to within this log-ratio."""
SAME_PLATE_IOU = 0.3
"""... or if their boxes overlap by this share of their union from one photo to the next."""
SAME_PLATE_OVERLAP = 0.6
"""Two boxes of one photo are one plate if they share this much of the smaller one."""
PART_OVERLAP = 0.9
"""A box of which this share lies in a wider one's holds a part of its plate, if it has some of its characters."""
DETECTION_SHARE = 0.8
"""Least confidence of the detector in a plate, as a share of its confidence in the surest one."""
STANDING_WAY, DRIVING_WAY = 0.03, 0.09
"""Ways in plate widths through the photos of a case: less is standing, more is driving, between is unknown."""
JITTER_PX = 3.0
"""Pixels by which the boxes of a standing plate differ through photos of some 1,280 by 720, however small it is."""
CAPTION_PHOTOS = 3
"""The least number of photos that show a caption in one place. A speeding car's plate moves further in them."""
GROWTH_RATIO = 1.03
"""Ratio of sizes, last photo to first, from which a plate comes nearer."""
NEARER_SIZE_RATIO = 1.5
"""How many times as large as another one a plate must be to be the nearer car's."""
LOG_LIKELIHOOD_FLOOR = -20.0
"""Logarithm of the share of any text in a photo that says nothing, since it is blurred or dark: no single photo can
speak against a text more strongly than this."""


@dataclass(frozen=True, slots=True)
class Track:
    """One plate through the photos of a case: ``reads`` in the photos' order, with the number of each one's photo."""

    reads: tuple[PlateRead, ...]
    photos: tuple[int, ...]

    @property
    def size(self) -> float:
        """Side in pixels of the square as large as the largest box; one- and two-line plates compare."""
        return max(_size(read.detection.box) for read in self.reads)

    @property
    def found(self) -> float:
        """The detector's confidence (0 to 1) where it was surest."""
        return max(read.detection.confidence for read in self.reads)

    @property
    def way(self) -> float | None:
        """How far the plate moved or grew, in its own widths; None if only one photo shows it."""
        first, *rest = (read.detection.box for read in self.reads)
        if not rest or not first.width:
            return None
        return max(max(_distance(first, box), abs(box.width - first.width)) for box in rest) / first.width

    @property
    def drives(self) -> bool:
        """Whether the plate moved or grew further than the box of a standing one trembles."""
        return self.way is not None and self.way - JITTER_PX / self.reads[0].detection.box.width >= DRIVING_WAY

    @property
    def is_caption(self) -> bool:
        """Whether one clear text of no format stands in one place and size through the photos: it is burnt in."""
        if len(self.reads) < CAPTION_PHOTOS or self.way is None:
            return False
        (text, *others), width = {read.text for read in self.reads}, self.reads[0].detection.box.width
        stands = self.way <= max(STANDING_WAY, JITTER_PX / max(width, 1.0))
        return stands and not others and all(map(is_clear, self.reads)) and format_of(text) is None

    @property
    def may_be_plate(self) -> bool:
        """Whether this can be a plate at all, see the top of the module."""
        if not any(read.text for read in self.reads) or self.is_caption:
            return False
        return self.found >= SURE_DETECTION or any(likeness(each) is not Likeness.SCRAP for each in self._passes)

    def is_word(self, claimed: Sequence[str]) -> bool:
        """Whether this is a word that none of the *claimed* plates says, or a scrap that the detector doubts.

        Something that the detector is sure of is a word only if each photo reads one clearly: a scrap or an unclear
        text there may be what is left of a plate, one line of two.
        """
        if any(likeness(each) is Likeness.PLATE for each in self._passes):
            return False
        words = all(is_clear(each) and likeness(each) is Likeness.UNLIKELY for each in self._passes)
        if self.found >= SURE_DETECTION and not words:
            return False
        own = max(self.reads, key=lambda read: read.confidence)
        judged = read_log_likelihoods(own, [own.text, *claimed])
        return not bool(np.any(judged[1:] - judged[0] > SAME_PLATE_LOG_RATIO))

    @property
    def _passes(self) -> list[PlateRead]:
        return [each for read in self.reads for each in read.passes]

    @property
    def growth(self) -> float:
        """Size in the last photo over size in the first."""
        return _size(self.reads[-1].detection.box) / max(_size(self.reads[0].detection.box), 1e-9)

    @property
    def countries(self) -> dict[str, float]:
        """The probability, by the pictures, of each country that the plate may come from: the mean over the photos."""
        told = [read.countries for read in self.reads if read.countries]
        return {code: sum(each[code] for each in told) / len(told) for code in (told[0] if told else ())}

    def log_likelihoods(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Summed log-likelihood of each of *texts* over the photos, float64 of shape (N,)."""
        return summed(np.array([read_log_likelihoods(read, texts) for read in self.reads]))

    def around(self, text: str) -> NDArray[np.float64]:
        """Log-likelihood of each of :func:`.neighbours.texts` of *text* in each photo, float64 of shape (photos, N)."""
        return np.array([_around(read, text) for read in self.reads])


def summed(photos: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of log-likelihoods (photos, N) over the photos, each at least :data:`LOG_LIKELIHOOD_FLOOR`."""
    return np.asarray(np.logaddexp(photos, LOG_LIKELIHOOD_FLOOR).sum(axis=0), np.float64)


def tracks(photos: Sequence[Sequence[PlateRead]]) -> tuple[Track, ...]:
    """The plates of several photos in time order, one track a plate; the largest plate first."""
    found: list[list[tuple[int, PlateRead]]] = []
    for number, reads in enumerate(photos):
        entries = [(number, reads[place]) for place in without_doubles(reads)]
        pairs = [
            (likeness, i, j)
            for i, entry in enumerate(entries)
            for j, track in enumerate(found)
            if (likeness := _likeness(track[-1][1], entry[1], number - track[-1][0])) is not None
        ]
        homes: dict[int, int] = {}
        for _, i, j in sorted(pairs, reverse=True):
            if i not in homes and j not in homes.values():
                homes[i] = j
        for i, entry in enumerate(entries):
            if i in homes:
                found[homes[i]].append(entry)
            else:
                found.append([entry])
    result = (Track(tuple(e[1] for e in t), tuple(e[0] for e in t)) for t in found)
    return tuple(sorted(result, key=lambda track: -track.size))


def suspects(seen: Sequence[Track], direction: str | None = None, claimed: Sequence[str] = ()) -> tuple[Track, ...]:
    """The plates among *seen* that can be the offender's, by the rules above.

    *direction* is the radar's: ``"inbound"``, ``"outbound"`` or None; *claimed* has the plates of the claims.
    """
    left = [track for track in seen if track.may_be_plate]
    rules: list[Callable[[Track], bool]] = [
        lambda track: not track.is_word(claimed),
        lambda track: track.found >= DETECTION_SHARE * max(t.found for t in left),
        lambda track: track.way is None or track.way > STANDING_WAY or not any(t.drives for t in left),
        lambda track: direction != "inbound" or track.growth > 1 / GROWTH_RATIO,
        lambda track: direction != "outbound" or track.growth < GROWTH_RATIO,
        lambda track: track.size * NEARER_SIZE_RATIO > max(t.size for t in left),
    ]
    for rule in rules:
        left = [track for track in left if rule(track)] or left
    return tuple(left)


def without_doubles(reads: Sequence[PlateRead]) -> list[int]:
    """The indices of *reads* of one photo, in order, without boxes that lie on a better found and read one's.

    A part of a plate is easier to read than the whole: it stands back for the whole, however surely it is read.
    """
    kept: list[int] = []
    wholes = [i for i, read in enumerate(reads) if not any(_is_part(read, other) for other in reads)]
    for index in sorted(wholes, key=lambda i: -reads[i].confidence * reads[i].detection.confidence):
        box = reads[index].detection.box
        others = (reads[i].detection.box for i in kept)
        if all(box.common(other) < SAME_PLATE_OVERLAP * _smaller(box, other) for other in others):
            kept.append(index)
    return sorted(kept)


def _is_part(read: PlateRead, whole: PlateRead) -> bool:
    """Whether *read* is of some of the characters of *whole*, which the detector finds more surely."""
    box, other = read.detection.box, whole.detection.box
    return (
        0 < len(read.text) < len(whole.text)
        and read.text in whole.text
        and read.detection.confidence < whole.detection.confidence
        and box.width < other.width
        and box.common(other) >= PART_OVERLAP * box.width * box.height
    )


def _likeness(before: PlateRead, now: PlateRead, photos: int) -> float | None:
    """How sure two reads of different photos are of one plate, larger is surer; None if they are not."""
    old, new = before.detection.box, now.detection.box
    common = old.common(new)
    overlap = common / max(old.width * old.height + new.width * new.height - common, 1e-9)
    near = -log(1e-3 + _distance(old, new) / max(old.width, new.width, 1.0))
    if before.text and now.text:
        pair = (before.text, now.text)
        own_before, other_before = read_log_likelihoods(before, pair)
        other_now, own_now = read_log_likelihoods(now, pair)
        ratio = max(float(other_before - own_before), float(other_now - own_now))
        if ratio > SAME_PLATE_LOG_RATIO:
            return ratio + near
    return SAME_PLATE_LOG_RATIO + near if photos == 1 and overlap >= SAME_PLATE_IOU else None


def _around(read: PlateRead, text: str) -> NDArray[np.float64]:
    outputs = np.stack([each.log_probs for each in read.passes])
    return mixed(read, neighbours.log_likelihoods(outputs, text))


def _size(box: Box) -> float:
    return sqrt(box.width * box.height)


def _smaller(first: Box, second: Box) -> float:
    return min(first.width * first.height, second.width * second.height)


def _distance(first: Box, second: Box) -> float:
    """Pixels between the boxes' centres."""
    return hypot(first.x1 + first.x2 - second.x1 - second.x2, first.y1 + first.y2 - second.y1 - second.y2) / 2
