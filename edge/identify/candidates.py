"""What a plate may say beside its first reading: texts one edit away and texts that fit a format.

Each text gets a CTC likelihood from the pixels and a prior from its format. The format decides O against 0 only where
the pixels do not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.identify import neighbours
from edge.identify.ctc import read_log_likelihoods
from edge.identify.formats import Formats
from edge.identify.origin import decisive, log_share
from edge.identify.tracks import Track, summed
from edge.identify.twins import SHAPE_SAYS, one_shape, shapes_differ
from edge.model import ALPHABET, CLASS, PlateRead

UNUSUAL_FORMAT_NATS = 3.0
"""The penalty of a text of no usual format in a verdict, in nats: about one plate in twenty is foreign or a text that
its owner chose. How many vehicles have the format does not count in a verdict: the claimed vehicle exists."""
USUAL_READING_MAX_NATS, UNUSUAL_READING_MIN_NATS = 3.5, 4.0
"""Penalties in a free reading, in nats: the largest of a text of a usual format, however rare that format is, and the
smallest of a text of no usual format."""
GROUP_CHANGE_NATS = 1.5
"""Further penalty in a free reading, in nats, of a text of no usual format for each change between letters and digits
after the first: letters and digits stand in groups, whoever chose them."""
SURE_READ, SURE_UNUSUAL = 0.9, 0.97
"""A read of this confidence stands as it is: a text that its owner chose has no format. The second is for texts of no
usual format: more of them are misread."""
MAX_READINGS = 3
"""The most readings whose neighbours are judged: the likeliest ones."""
MAX_FITS = 12
"""The most texts of a usual format that are judged beside one reading: the likeliest ones."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Texts a plate may say, the best first, with the score of each; never empty.

    The scores are float64 of shape (N,): the summed log-likelihood less the penalty of the format.
    """

    texts: tuple[str, ...]
    scores: NDArray[np.float64]

    def best_beside(self, texts: Sequence[str]) -> float:
        """Return the best score of a text that is not among *texts*; minus infinity if there is none."""
        named = set(texts)
        return next((float(s) for t, s in zip(self.texts, self.scores, strict=True) if t not in named), -np.inf)


def for_verdict(text: str, formats: Formats) -> float:
    """Return the penalty of *text* in a verdict, in nats."""
    return 0.0 if formats.usual(text) else UNUSUAL_FORMAT_NATS


def for_reading(text: str, formats: Formats) -> float:
    """Return the penalty of *text* in a free reading, in nats: the rarer its format is here, the larger."""
    vehicles = formats.vehicles(text)
    if vehicles > 0:
        return min(USUAL_READING_MAX_NATS, max(math.log(formats.fleet / vehicles), 0.0))
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(text))
    return UNUSUAL_READING_MIN_NATS + GROUP_CHANGE_NATS * max(changes - 1, 0)


def prior(text: str, formats: Formats, countries: Mapping[str, float]) -> float:
    """The logarithm of how likely a plate says *text*, up to a constant.

    By its format and by the probability of each of *countries*; by the formats alone where no country is known.
    """
    return log_share(text, countries) if countries else -for_reading(text, formats)


def shared_shapes(countries: Mapping[str, float], formats: Formats) -> bool:
    """Whether format and country decide between O and 0, I and 1.

    They do where something is known of the country, but not that its lettering tells them apart.
    """
    return bool(countries or not formats.everywhere) and not shapes_differ(countries)


def scores(track: Track, texts: Sequence[str], formats: Formats) -> NDArray[np.float64]:
    """Return the score of each of *texts* (A-Z, 0-9), float64 of shape (N,), in nats."""
    return _priced(texts, track.log_likelihoods(texts), formats)


def candidates(track: Track, formats: Formats) -> Candidates:
    """Return what the plate of *track* may say, judged over all its photos."""
    found = _found(track, formats)
    texts = tuple(found)
    judged = _priced(texts, np.array(list(found.values())), formats)
    order = np.argsort(-judged, kind="stable")
    return Candidates(tuple(texts[place] for place in order), judged[order])


def reading(read: PlateRead, formats: Formats) -> str:
    """Return the text that pixels and formats together make the likeliest for *read*; a sure read stays as it is."""
    if not read.text:
        return ""
    if read.confidence >= (SURE_READ if formats.usual(read.text) else SURE_UNUSUAL):
        return _settled(read, formats)
    found = _found(Track((read,), (0,)), formats)
    # A text that is further behind the best one than the best one's penalty cannot win.
    best = max(found, key=found.__getitem__)
    least = found[best] - for_reading(best, formats)
    rivals = [text for text, judged in found.items() if judged >= least]
    return max(rivals, key=lambda text: found[text] - for_reading(text, formats))


def _settled(read: PlateRead, formats: Formats) -> str:
    """The text of a sure *read*, but for what has one shape with other characters: there format and country decide."""
    doubles = [text for text in one_shape(read.text) if formats.usual(text)]
    if not doubles or not shared_shapes(countries := decisive(read.countries, read.text), formats):
        return read.text
    before = {text: prior(text, formats, countries) for text in (read.text, *doubles)}
    # However the pixels say it, they make up for no more than SHAPE_SAYS: most doubles need not be judged.
    texts = [text for text in before if text == read.text or before[text] + SHAPE_SAYS > before[read.text]]
    if len(texts) == 1:
        return read.text
    judged = read_log_likelihoods(read, texts)
    pixels = np.clip(judged - judged[0], -SHAPE_SAYS, SHAPE_SAYS)
    likely = [float(says) + before[text] for text, says in zip(texts, pixels, strict=True)]
    return texts[int(np.argmax(likely))]


def _priced(texts: Sequence[str], judged: NDArray[np.float64], formats: Formats) -> NDArray[np.float64]:
    return np.asarray(judged - [for_verdict(text, formats) for text in texts], np.float64)


def _found(track: Track, formats: Formats) -> dict[str, float]:
    """The readings of all passes over all photos and the texts near the best of them, with log-likelihoods."""
    readings = list(dict.fromkeys(each.text for read in track.reads for each in read.passes))
    found = dict.fromkeys(readings, -np.inf)
    if len(readings) > MAX_READINGS:
        found |= _judged(track, readings)
        best = np.argsort(-_priced(readings, np.array(list(found.values())), formats), kind="stable")
        readings = [readings[place] for place in best[:MAX_READINGS]]
    for text in readings:
        photos = track.around(text)
        found.update(zip(neighbours.texts(text), summed(photos).tolist(), strict=True))
        found |= _judged(track, [fit for fit in _fitting(text, photos.sum(axis=0), formats) if fit not in found])
    return found


def _judged(track: Track, texts: Sequence[str]) -> dict[str, float]:
    return dict(zip(texts, track.log_likelihoods(texts).tolist(), strict=True))


def _fitting(text: str, around: NDArray[np.float64], formats: Formats) -> list[str]:
    """For each layout as long as *text*, the text that changes only what does not fit, to what the pixels say best.

    *around* is what they say of :func:`edge.identify.neighbours.texts`; at most :data:`MAX_FITS` texts are returned,
    the likeliest ones.
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
    return sorted(fits, key=lambda fit: (-fits[fit], fit))[:MAX_FITS]
