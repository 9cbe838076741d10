"""What a plate may say beside its first reading: texts one edit away and texts that fit a format.

The texts are judged by the pixels (a CTC likelihood each) and a prior by their format. So the format settles O
against 0 where the pixels leave it open, and cannot where they do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.identify import neighbours
from edge.identify.formats import Formats
from edge.identify.tracks import Track, summed
from edge.model import ALPHABET, CLASS, PlateRead

UNUSUAL = 3.0
"""What a text of no usual format pays in a verdict, in nats: about one plate in twenty is foreign or its owner's words.
How many vehicles have the format does not count there: that the claimed one exists is certain."""
RARE, FOREIGN = 3.5, 4.0
"""In a free reading: the most that a text of a usual format pays, however rare that is, and the least that a text of no
usual format pays."""
BROKEN = 1.5
"""What a text of no usual format pays, in a free reading, for each change between letters and digits after the first:
authorities and owners alike write them in groups."""
SURE_READ, SURE_UNUSUAL = 0.9, 0.97
"""A read of this confidence stands as it is: words of an owner's own have no format. The second is for texts of no
usual format: more of them are misread."""
READINGS = 3
"""The most readings that are looked around, the likeliest ones first."""
FITS = 12
"""The most texts of a usual format that are looked at around one reading: the likeliest ones."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Texts a plate may say, the best first, with the score of each; never empty.

    The scores are float64 of shape (N,): the summed log-likelihood less what the format pays.
    """

    texts: tuple[str, ...]
    scores: NDArray[np.float64]

    def best_beside(self, texts: Sequence[str]) -> float:
        """The best score of a text that is none of *texts*; minus infinity if there is none."""
        named = set(texts)
        return next((float(s) for t, s in zip(self.texts, self.scores, strict=True) if t not in named), -np.inf)


def for_verdict(text: str, formats: Formats) -> float:
    """What *text* pays where cars claim to be there."""
    return 0.0 if formats.usual(text) else UNUSUAL


def for_reading(text: str, formats: Formats) -> float:
    """What *text* pays where nothing is known but who drives here."""
    vehicles = formats.vehicles(text)
    if vehicles > 0:
        return min(RARE, max(math.log(formats.fleet / vehicles), 0.0))
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(text))
    return FOREIGN + BROKEN * max(changes - 1, 0)


def scores(track: Track, texts: Sequence[str], formats: Formats) -> NDArray[np.float64]:
    """The score of each of *texts* (A-Z, 0-9), float64 of shape (N,)."""
    return _priced(texts, track.log_likelihoods(texts), formats)


def candidates(track: Track, formats: Formats) -> Candidates:
    """What *track* may say, judged over all its frames."""
    found = _found(track, formats)
    texts = tuple(found)
    judged = _priced(texts, np.array(list(found.values())), formats)
    order = np.argsort(-judged, kind="stable")
    return Candidates(tuple(texts[place] for place in order), judged[order])


def reading(read: PlateRead, formats: Formats) -> str:
    """The text of one read that pixels and formats together make the likeliest; a sure read stands as it is."""
    if not read.text or read.confidence >= (SURE_READ if formats.usual(read.text) else SURE_UNUSUAL):
        return read.text
    found = _found(Track((read,), (0,)), formats)
    # What lies further behind the best than that one pays cannot win and need not be looked up.
    best = max(found, key=found.__getitem__)
    least = found[best] - for_reading(best, formats)
    rivals = [text for text, judged in found.items() if judged >= least]
    return max(rivals, key=lambda text: found[text] - for_reading(text, formats))


def _priced(texts: Sequence[str], judged: NDArray[np.float64], formats: Formats) -> NDArray[np.float64]:
    return np.asarray(judged - [for_verdict(text, formats) for text in texts], np.float64)


def _found(track: Track, formats: Formats) -> dict[str, float]:
    """The readings of all looks at all frames, then what lies around the best of them, with log-likelihoods."""
    readings = list(dict.fromkeys(look.text for read in track.reads for look in read.looks))
    found = dict.fromkeys(readings, -np.inf)
    if len(readings) > READINGS:
        found |= _judged(track, readings)
        best = np.argsort(-_priced(readings, np.array(list(found.values())), formats), kind="stable")
        readings = [readings[place] for place in best[:READINGS]]
    for text in readings:
        frames = track.around(text)
        found.update(zip(neighbours.texts(text), summed(frames).tolist(), strict=True))
        found |= _judged(track, [fit for fit in _fitting(text, frames.sum(axis=0), formats) if fit not in found])
    return found


def _judged(track: Track, texts: Sequence[str]) -> dict[str, float]:
    return dict(zip(texts, track.log_likelihoods(texts).tolist(), strict=True))


def _fitting(text: str, around: NDArray[np.float64], formats: Formats) -> list[str]:
    """For each layout as long as *text*, the text that changes only what does not fit, to what the pixels say best.

    *around* is what they say of :func:`edge.identify.neighbours.texts`; the likeliest :data:`FITS` texts are returned.
    """
    layouts = formats.slots(len(text))
    if not layouts or formats.usual(text):
        return []
    table = around[: len(text) * len(ALPHABET)].reshape(len(text), len(ALPHABET))

    @cache
    def best(place: int, allowed: str) -> tuple[str, float]:
        own = text[place]
        character = own if own in allowed else max(allowed, key=lambda c: table[place, CLASS[c] - 1])
        return character, float(table[place, CLASS[character] - 1])

    fits: dict[str, float] = {}
    for slots in layouts:
        characters, judged = zip(*(best(place, allowed) for place, allowed in enumerate(slots)), strict=True)
        # Changes are about as likely together as one by one.
        fits["".join(characters)] = sum(judged)
    return sorted(fits, key=lambda fit: (-fits[fit], fit))[:FITS]
