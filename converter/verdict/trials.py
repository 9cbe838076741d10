"""The verdict's trials: known cases with true, random and near-twin claims, and how often a name is right or wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from converter.measure import NAMED_RIGHTLY, NAMED_WRONGLY, Figure, Goal, goal_table
from edge.identify import ANY_FORMAT, Thresholds
from edge.identify.candidates import scores
from edge.identify.formats import Formats
from edge.identify.twins import LOOKALIKES
from edge.identify.verdict import Comparison, Sighting, sight, weigh
from edge.model import ALPHABET, Outcome, PlateRead

DEGRADED = "degraded "
"""Begins the source of cases whose photo was made worse."""
OTHERS, TWICE = 200, 100
"""Random plates a case, and plates two lookalikes away: each trial draws its own from them."""


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case whose plate is known: ``frames`` has the reads of each frame, ``truth`` is the text of the plate.

    ``picture`` (RGB or grey) shows the plate to a person.
    """

    name: str
    source: str
    truth: str
    frames: tuple[tuple[PlateRead, ...], ...]
    picture: NDArray[np.uint8]


class Kind(StrEnum):
    """Who sent a packet."""

    PRESENT = "the true car and 49 random ones"
    RANDOM = "50 random cars, the true one sent nothing"
    TWINS = "50 random cars and 20 near-twins, the true one sent nothing"
    ONE_TWIN = "49 random cars and one near-twin, the true one sent nothing"
    BESIDE = "the true car and two near-twins"


@dataclass(frozen=True, slots=True)
class Trial:
    """One decision: which case, the best claim for each suspect, and each suspect's comparison with all claims.

    Of the claims and their scores only the best ones are kept, which is all that a verdict needs.
    """

    case: int
    kind: Kind
    plates: tuple[str, ...]
    compared: tuple[Comparison, ...]

    @classmethod
    def of(cls, case: int, kind: Kind, plates: Sequence[str], compared: Sequence[Comparison]) -> Trial:
        """A trial with these claims."""
        best = tuple(dict.fromkeys(plates[c.best] for c in compared))
        return cls(case, kind, best, tuple(replace(c, scores=(), best=best.index(plates[c.best])) for c in compared))


@dataclass(frozen=True, slots=True)
class Bench:
    """Cases, what was seen in each, and the trials on them."""

    cases: tuple[KnownCase, ...]
    seen: tuple[tuple[Sighting, ...], ...]
    trials: tuple[Trial, ...]

    def part(self, wanted: Iterable[int]) -> Bench:
        """The trials of some cases only."""
        chosen = set(wanted)
        return Bench(self.cases, self.seen, tuple(trial for trial in self.trials if trial.case in chosen))


def near_twins(plate: str) -> tuple[list[str], list[str]]:
    """Every text one lookalike character away from *plate*, and every one two away."""
    alike = {c: sorted({x for group in LOOKALIKES if c in group for x in group} - {c}) for c in ALPHABET}
    one = [plate[:i] + c + plate[i + 1 :] for i in range(len(plate)) for c in alike[plate[i]]]
    two = {
        near[:j] + c + near[j + 1 :]
        for near in one
        for j in range(len(plate))
        if near[j] == plate[j]
        for c in alike[plate[j]]
    }
    return one, sorted(two)


def run(cases: Sequence[KnownCase], each: int, formats: Formats = ANY_FORMAT, seed: int = 1) -> Bench:
    """Draw *each* trials of every kind on every case and compare claims and photos as the unit does."""
    rng = np.random.default_rng(seed)
    seen = tuple(sight(case.frames, formats) for case in cases)
    trials: list[Trial] = []
    for number, (case, sightings) in enumerate(zip(cases, seen, strict=True)):
        one, two = near_twins(case.truth)
        others = _random_plates(case.truth, rng)
        pool = [case.truth, *others, *one, *rng.permutation(two)[:TWICE].tolist()]
        judged = [scores(sighting.track, pool, formats) for sighting in sightings]
        random, near, nearer = (
            np.arange(1, 1 + len(others)),
            np.arange(1 + len(others), len(pool)),
            np.arange(1 + len(others), 1 + len(others) + len(one)),
        )
        for _ in range(each):
            for kind in Kind:
                chosen = _draw(kind, random, near, nearer, rng)
                plates = tuple(pool[place] for place in chosen)
                compared = [
                    Comparison.of(values[chosen], sighting, plates, formats)
                    for values, sighting in zip(judged, sightings, strict=True)
                ]
                trials.append(Trial.of(number, kind, plates, compared))
    return Bench(tuple(cases), seen, tuple(trials))


def _draw(
    kind: Kind, random: NDArray[np.intp], near: NDArray[np.intp], nearer: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Places in the pool, shuffled; half of the near-twins are one character away."""
    draws: dict[Kind, Callable[[], list[NDArray[np.intp]]]] = {
        Kind.PRESENT: lambda: [np.zeros(1, np.intp), rng.choice(random, 49, replace=False)],
        Kind.RANDOM: lambda: [rng.choice(random, 50, replace=False)],
        Kind.TWINS: lambda: [rng.choice(random, 50, replace=False), _twins(near, nearer, rng)],
        Kind.ONE_TWIN: lambda: [rng.choice(random, 49, replace=False), rng.choice(nearer, 1)],
        Kind.BESIDE: lambda: [np.zeros(1, np.intp), rng.choice(nearer, min(2, len(nearer)), replace=False)],
    }
    return np.asarray(rng.permutation(np.concatenate(draws[kind]())), np.intp)


def _twins(near: NDArray[np.intp], nearer: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.intp]:
    first = rng.choice(nearer, min(10, len(nearer)), replace=False)
    rest = np.setdiff1d(near, first)
    return np.concatenate([first, rng.choice(rest, min(20 - len(first), len(rest)), replace=False)])


def _random_plates(like: str, rng: np.random.Generator) -> list[str]:
    """:data:`OTHERS` random plates, none of them *like* itself, with letters and digits where *like* has them."""
    lows = np.array([10 if sign.isalpha() else 0 for sign in like])
    highs = np.array([36 if sign.isalpha() else 10 for sign in like])
    rows = rng.integers(lows, highs, (OTHERS, len(like))).tolist()
    return ["".join(ALPHABET[place] for place in row) for row in rows if [ALPHABET[p] for p in row] != list(like)]


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of the trials of one kind; ``cases_wrong`` holds case and plate of every wrong name."""

    trials: int = 0
    right: int = 0
    wrong: int = 0
    ambiguous: int = 0
    cases_wrong: frozenset[tuple[int, str]] = frozenset()

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(
            self.trials + other.trials,
            self.right + other.right,
            self.wrong + other.wrong,
            self.ambiguous + other.ambiguous,
            self.cases_wrong | other.cases_wrong,
        )


def tally(bench: Bench, thresholds: Thresholds) -> dict[Kind, Tally]:
    """Decide every trial with *thresholds* and count."""
    results = {kind: Tally() for kind in Kind}
    for trial in bench.trials:
        result = Tally(trials=1)
        if trial.compared:
            verdict = weigh(bench.seen[trial.case], trial.compared, trial.plates, thresholds)
            if verdict.outcome is Outcome.AMBIGUOUS:
                result = Tally(trials=1, ambiguous=1)
            elif verdict.outcome is Outcome.IDENTIFIED and verdict.plate == bench.cases[trial.case].truth:
                result = Tally(trials=1, right=1)
            elif verdict.outcome is Outcome.IDENTIFIED:
                result = Tally(trials=1, wrong=1, cases_wrong=frozenset([(trial.case, verdict.plate)]))
        results[trial.kind] += result
    return results


def table(results: dict[Kind, Tally]) -> str:
    """The tallies as lines of text."""
    lines = [f"{'claims':62s}{'trials':>8s}{'rightly':>9s}{'wrongly':>9s}{'ambiguous':>11s}{'nobody':>9s}"]
    for kind, t in results.items():
        nobody = t.trials - t.right - t.wrong - t.ambiguous
        shares = (f"{count / max(t.trials, 1):.4f}" for count in (t.right, t.ambiguous, nobody))
        right, ambiguous, none = shares
        lines.append(f"{kind:62s}{t.trials:8d}{right:>9s}{t.wrong:9d}{ambiguous:>11s}{none:>9s}")
    return "\n".join(lines)


def goals(results: dict[Kind, Tally], about: str = "", rightly: Goal = NAMED_RIGHTLY) -> tuple[str, bool]:
    """Return the table of what is to reach beside what is reached, and whether all is.

    *about* begins the name of each figure, *rightly* is the share of true cars that have to be named.
    """
    present = results[Kind.PRESENT]
    figures = [Figure(f"{about}named rightly: {Kind.PRESENT}", present.right / max(present.trials, 1), rightly)]
    for name, goal in NAMED_WRONGLY.items():
        kind = Kind[name]
        share = results[kind].wrong / max(results[kind].trials, 1)
        figures.append(Figure(f"{about}named wrongly: {kind}", share, goal))
    return goal_table(figures), all(figure.reached for figure in figures)
