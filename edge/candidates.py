"""What a plate may say beside its first reading: texts one edit away and texts that fit a format.

The texts are judged by the pixels (a CTC forward score each) and a prior by their format. So the format settles O
against 0 where the pixels leave it open, and cannot where they do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.ctc import read_log_likelihoods
from edge.model import ALPHABET, PlateRead
from edge.plates import Formats
from edge.tracks import Track

UNUSUAL = 3.0
"""What a text of no usual format pays in a verdict, in nats: about one plate in twenty is foreign or its owner's words.
How many vehicles have the format does not count there: that the claimed one exists is certain."""
RARE, FOREIGN = 4.0, 4.0
"""In a free reading: the most that a text of a usual format pays, however rare that is, and the least that a text of no
usual format pays."""
BROKEN = 1.5
"""What a text of no usual format pays, in a free reading, for each change between letters and digits after the first:
authorities and owners alike write them in groups."""
SEEN = -9.0
"""A character whose log-probability stays below this at every step of every frame stands nowhere on the plate."""
SURE_READ = 0.9
"""A read of this confidence stands as it is: words of an owner's own have no format."""
READINGS = 3
"""The most readings that are looked around, the best ones first."""
_PLACE = {character: place for place, character in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True)
class Candidates:
    """Texts a plate may say, the best first, with the score of each, float64 of shape (N,): the summed log-likelihood
    less what the format pays. Never empty."""

    texts: tuple[str, ...]
    scores: NDArray[np.float64]

    def best_beside(self, texts: Sequence[str]) -> float:
        """The best score of a text that is none of *texts*; minus infinity if there is none."""
        named = set(texts)
        return next((float(s) for t, s in zip(self.texts, self.scores, strict=True) if t not in named), -np.inf)


Pays = Callable[[str, Formats], float]
"""What a text pays for its format, in nats."""


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


def scores(track: Track, texts: Sequence[str], formats: Formats, pays: Pays = for_verdict) -> NDArray[np.float64]:
    """The score of each of *texts* (A-Z, 0-9), float64 of shape (N,)."""
    paid = np.array([pays(text, formats) for text in texts], np.float64)
    return np.asarray(track.log_likelihoods(texts) - paid, np.float64)


def candidates(track: Track, formats: Formats, pays: Pays = for_verdict) -> Candidates:
    """What *track* may say, judged over all its frames."""
    found = _texts(track, formats, pays)
    judged = scores(track, found, formats, pays)
    order = np.argsort(-judged, kind="stable")
    return Candidates(tuple(found[place] for place in order), judged[order])


def reading(read: PlateRead, formats: Formats) -> str:
    """The text of one read that pixels and formats together make the likeliest; a sure read needs no formats."""
    if read.confidence >= SURE_READ or not read.text:
        return read.text
    track = Track((read,), (0,), (0,))
    found = _texts(track, formats, for_reading)
    judged = track.log_likelihoods(found)
    # What lies further behind the best than that one pays cannot win and need not be looked up.
    best = int(judged.argmax())
    rivals = np.flatnonzero(judged >= judged[best] - for_reading(found[best], formats))
    return found[max(rivals, key=lambda place: judged[place] - for_reading(found[place], formats))]


def _texts(track: Track, formats: Formats, pays: Pays) -> tuple[str, ...]:
    """The readings of all looks at all frames, and what lies around the best of them: around one a frame."""
    readings = list(dict.fromkeys(look.text for read in track.reads for look in read.looks))
    order = np.argsort(-scores(track, readings, formats, pays), kind="stable")
    texts = dict.fromkeys(readings)
    for reading in [readings[place] for place in order[: min(READINGS, len(track.reads))]]:
        texts |= dict.fromkeys(_neighbours(reading, _characters(track.reads)))
        texts |= dict.fromkeys(_fitting(track, reading, formats))
    return tuple(texts)


def _characters(reads: Sequence[PlateRead]) -> str:
    """The characters that any step of any frame sees a trace of."""
    peaks = np.max([look.log_probs.max(axis=0) for read in reads for look in read.looks], axis=0)[1:]
    return "".join(character for character, peak in zip(ALPHABET, peaks, strict=True) if peak > SEEN)


def _neighbours(text: str, characters: str) -> list[str]:
    """*text*, and every text with one of *characters* exchanged or added, or one character left out."""
    places = range(len(text))
    exchanged = [text[:i] + c + text[i + 1 :] for i in places for c in characters]
    added = [text[:i] + c + text[i:] for i in range(len(text) + 1) for c in characters]
    return [text, *exchanged, *added, *(text[:i] + text[i + 1 :] for i in places)]


def _fitting(track: Track, text: str, formats: Formats) -> set[str]:
    """For each layout as long as *text*, the text that changes only what does not fit, to what the pixels say best."""
    layouts = formats.slots(len(text))
    if not layouts or formats.usual(text):
        return set()
    swaps = [text[:i] + c + text[i + 1 :] for i in range(len(text)) for c in ALPHABET]
    judged = np.sum([read_log_likelihoods(read, swaps) for read in track.reads], axis=0)
    table = judged.reshape(len(text), len(ALPHABET))
    return {
        "".join(
            own if own in allowed else max(allowed, key=lambda c: table[place, _PLACE[c]])
            for place, (own, allowed) in enumerate(zip(text, slots, strict=True))
        )
        for slots in layouts
    }
