"""Why a car is not identified with two of its twins claimed beside it: misread, unsure, or held back by a line.

A car is held back where the reader says its plate rightly and is sure of every character that has a look-alike: there
a line is wider than the reader's doubt. Everywhere else only a better network helps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from converter.verdict.trials import KnownCase
from edge.identify import ANY_FORMAT
from edge.identify.candidates import scores
from edge.identify.twins import near_twins, of_one_shape
from edge.identify.verdict import Sighting, sight

SURE_NATS = 3.0
"""From this lead over a look-alike on, in nats, the reader is sure: it gives the other text one chance in twenty."""
MOST_PAIRS = 12
"""Pairs of characters that are listed: the most frequent ones."""


class Cause(StrEnum):
    """What stands between a car and its name."""

    UNSEEN = "no plate seen"
    MISREAD_THERE = "misread in a character that a claimed twin exchanges"
    MISREAD = "misread elsewhere"
    UNSURE = "read rightly, unsure of a look-alike"
    ONE_SHAPE = "held back: a claimed twin has one shape with it"
    HELD = "held back: another line"


@dataclass(frozen=True, slots=True)
class Left:
    """A car that was not identified: where it is from, why, and the pair of characters told apart least."""

    source: str
    cause: Cause
    pair: str = ""


def left(case: KnownCase, claimed: Sequence[str]) -> Left:
    """Why the car of *case* is not identified beside the *claimed* twins of its plate."""
    seen = sight(case.frames)
    if not seen:
        return Left(case.source, Cause.UNSEEN)
    read, truth = seen[0].candidates.texts[0], case.truth
    if read != truth:
        there = len(read) == len(truth) and any(
            read[i] != truth[i] for twin in claimed for i in range(len(truth)) if twin[i] != truth[i]
        )
        return Left(case.source, Cause.MISREAD_THERE if there else Cause.MISREAD)
    pair, lead = _closest(seen[0], truth)
    if lead < SURE_NATS:
        return Left(case.source, Cause.UNSURE, pair)
    shaped = any(of_one_shape(truth, twin) for twin in claimed)
    return Left(case.source, Cause.ONE_SHAPE if shaped else Cause.HELD, "" if shaped else pair)


def _closest(sighting: Sighting, truth: str) -> tuple[str, float]:
    """The pair of characters in which a look-alike is the least behind *truth*, and by how many nats it is."""
    twins = [twin for twin in near_twins(truth) if not of_one_shape(truth, twin)]
    own, *others = scores(sighting.track, [truth, *twins], ANY_FORMAT).tolist()
    if not others:
        return "", float("inf")
    lead, twin = min((own - other, twin) for other, twin in zip(others, twins, strict=True))
    (pair,) = ("".join(sorted((a, b))) for a, b in zip(truth, twin, strict=True) if a != b)
    return pair, lead


def table(found: Sequence[Left]) -> str:
    """Lines of text: how many of *found* each cause has, a source, and the pairs of those that were read rightly."""
    counts = Counter((each.cause, each.source) for each in found)
    sources = sorted({each.source for each in found}, key=lambda source: (len(source), source))
    lines = ["".join([f"{'not identified, of them':<56}", *(f"{source:>20}" for source in sources)])]
    for cause in Cause:
        lines.append("".join([f"{cause:<56}", *(f"{counts[cause, source]:>20}" for source in sources)]))
    for cause in (Cause.UNSURE, Cause.HELD):
        pairs = Counter(each.pair for each in found if each.cause is cause)
        listed = ", ".join(f"{pair[0]}/{pair[1]} {count}" for pair, count in pairs.most_common(MOST_PAIRS) if pair)
        lines.append(f"{cause}, by pair: {listed or 'none'}")
    return "\n".join(lines)
