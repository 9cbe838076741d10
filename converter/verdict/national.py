"""``autovelox-convert reader national``: Italian plates, look-alike twins, and the country.

What a country's own lettering costs shows where a plate is held against its look-alikes: the car silent and its twin
claimed, and two twins claimed beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from converter.labels import load_truth
from converter.measure import Figure, drawn, goals
from converter.measure.by_eye import by_eye_table, load_samples
from converter.progress import Progress
from converter.verdict import held_back, legible
from converter.verdict.cases import crop_cases, feed_cases
from converter.verdict.countries import EUROPEAN, report, text_of
from converter.verdict.trials import KnownCase
from edge.identify import ANY_FORMAT, Thresholds
from edge.identify.candidates import scores
from edge.identify.twins import near_twins
from edge.identify.verdict import Comparison, Sighting, sight, weigh
from edge.model import Outcome, Reason, Verdict
from edge.vision import load_thresholds

ITALIAN = "italian"
SILENT_TRIALS_MIN = 5_000
"""Trials with the car silent, at least."""
PAIRS_BESIDE = 3
"""Pairs of twins drawn a plate, for the trials with two twins claimed beside the car."""


@dataclass(frozen=True, slots=True)
class Held:
    """Trials of one kind: how many, and how they ended.

    ``wrong`` has truth and name of every wrong one; ``left`` has why nobody was named, where that was asked.
    """

    trials: int
    right: int
    wrong: tuple[tuple[str, str], ...]
    left: tuple[held_back.Left, ...] = ()


def silent(cases: Sequence[KnownCase], thresholds: Thresholds) -> Held:
    """The car silent: every look-alike twin of every plate, claimed alone."""
    wrong: list[tuple[str, str]] = []
    trials = 0
    with Progress("silent", len(cases)) as progress:
        for case in cases:
            twins = near_twins(case.truth)
            claims = [[place] for place in range(len(twins))]
            wrong += [(case.truth, named) for named in _named(_verdicts(case, twins, claims, thresholds))]
            trials += len(twins)
            progress.step()
    return Held(trials, 0, tuple(wrong))


def beside(cases: Sequence[KnownCase], thresholds: Thresholds, seed: int = 1) -> Held:
    """Two look-alike twins of every plate claimed beside it."""
    wrong: list[tuple[str, str]] = []
    left: list[held_back.Left] = []
    trials = right = 0
    for case, twins, verdict in _beside(cases, thresholds, seed):
        trials += 1
        if verdict is None or verdict.outcome is not Outcome.IDENTIFIED:
            left.append(held_back.left(case, twins))
        elif verdict.plate == case.truth:
            right += 1
        else:
            wrong.append((case.truth, verdict.plate))
    return Held(trials, right, tuple(wrong), tuple(left))


def named_beside(cases: Sequence[KnownCase], thresholds: Thresholds, seed: int = 1) -> dict[str, float]:
    """By the name of each case, the share of its trials of :func:`beside` in which its car is identified.

    0 for a case without trials: its plate has fewer than two look-alike twins.
    """
    trials: dict[str, list[bool]] = {case.name: [] for case in cases}
    for case, _, verdict in _beside(cases, thresholds, seed):
        identified = verdict is not None and verdict.outcome is Outcome.IDENTIFIED and verdict.plate == case.truth
        trials[case.name].append(identified)
    return {name: sum(ended) / max(len(ended), 1) for name, ended in trials.items()}


def _beside(
    cases: Sequence[KnownCase], thresholds: Thresholds, seed: int
) -> Iterator[tuple[KnownCase, list[str], Verdict | None]]:
    """Each trial with two twins claimed beside the car: the case, the twins, the verdict; None where none is seen."""
    rng = np.random.default_rng(seed)
    for case in cases:
        pool = [case.truth, *near_twins(case.truth)]
        if len(pool) > 2:
            drawn_ = [[0, *rng.choice(np.arange(1, len(pool)), 2, replace=False)] for _ in range(PAIRS_BESIDE)]
            verdicts: list[Verdict | None] = [*_verdicts(case, pool, drawn_, thresholds)]
            for (_, *places), verdict in zip(drawn_, verdicts or [None] * len(drawn_), strict=True):
                yield case, [pool[place] for place in places], verdict


def alone(cases: Sequence[KnownCase], thresholds: Thresholds) -> tuple[int, int]:
    """Nobody but the car claims: how often it is identified, and how often it is not for its look-alikes only."""
    verdicts = [verdict for case in cases for verdict in _verdicts(case, [case.truth], [[0]], thresholds)]
    identified = sum(verdict.outcome is Outcome.IDENTIFIED for verdict in verdicts)
    return identified, sum(verdict.reason is Reason.LOOKS_ALIKE for verdict in verdicts)


def _verdicts(
    case: KnownCase, pool: Sequence[str], claims: Iterable[Sequence[int]], thresholds: Thresholds
) -> Iterable[Verdict]:
    """The verdict on *case* for each of *claims*, places in *pool*; none where no plate is seen."""
    seen: tuple[Sighting, ...] = sight(case.frames)
    if not seen:
        return
    judged = [scores(sighting.track, pool, ANY_FORMAT) for sighting in seen]
    for places in claims:
        plates = [pool[place] for place in places]
        compared = [Comparison.of(j[list(places)], each, plates) for j, each in zip(judged, seen, strict=True)]
        yield weigh(seen, compared, plates, thresholds)


def _named(verdicts: Iterable[Verdict]) -> list[str]:
    """Who is named, wherever somebody is."""
    return [verdict.plate for verdict in verdicts if verdict.outcome is Outcome.IDENTIFIED]


def run(args: argparse.Namespace) -> int:
    """Print every table; returns 1 if a figure is not reached."""
    from edge.vision.pipeline import Recogniser
    from edge.vision.reader import PlateReader

    thresholds = load_thresholds(args.models)
    reader = PlateReader(args.models)
    plates = drawn.drawn_plates(args.data)
    figures = list(crop_cases(reader, [plate.crop for plate in plates]))
    texts = [text_of(case.frames[0][0]) for case in figures]
    text, reached = drawn.table(plates, texts)
    print(text)
    samples = load_samples()
    read_by_eye = {sample.file for sample in samples}
    named = named_beside([case for case in figures if case.name in read_by_eye], thresholds)
    print(f"\n{by_eye_table(plates, texts, samples)}\n\n{legible.table(plates, named, samples)}")
    print(f"\n{drawn.kinds_table(plates, texts)}\n")
    for kind, hard in drawn.hard_kinds(args.data).items():
        read = sum(text_of(c.frames[0][0]) == c.truth for c in crop_cases(reader, [plate.crop for plate in hard]))
        print(f"drawn {kind}: exact {read / len(hard):.4f} of {len(hard)}")
    italian = list(crop_cases(reader, load_truth(args.data, (ITALIAN,))))
    exact = sum(text_of(case.frames[0][0]) == case.truth for case in italian)
    share = exact / max(len(italian), 1)
    italian_exact = Figure(f"{exact} of {len(italian)} Italian crops read", share, goals.ITALIAN_EXACT)
    print(f"\n{italian_exact.line()}")
    european = list(crop_cases(reader, load_truth(args.data, (EUROPEAN,))))
    clear = [c for c, p in zip(figures, plates, strict=True) if p.width >= goals.DRAWN_SWAPS_WIDTH_PX]
    groups = {
        "European crops and the feed": [*european, *feed_cases(Recogniser(args.models), args.data / "feed")],
        "Italian crops": italian,
        f"drawn Italian plates of {goals.DRAWN_SWAPS_WIDTH_PX} px and more": clear,
    }
    trials = 0
    for name, cases in groups.items():
        absent, near = silent(cases, thresholds), beside(cases, thresholds)
        trials += absent.trials
        identified, doubted = alone(cases, thresholds)
        print(f"\n{name}: {len(cases)} cases")
        print(f"the car alone: identified {identified} of {len(cases)}, left to an officer for a look-alike {doubted}")
        print(f"the car silent, one twin claimed: named {len(absent.wrong)} in {absent.trials} {_some(absent.wrong)}")
        share = near.right / max(near.trials, 1)
        found = Figure("two twins claimed beside the car: identified", share, goals.TWINS_BESIDE)
        print(found.line())
        print(f"named wrongly {len(near.wrong)} in {near.trials} {_some(near.wrong)}\n{held_back.table(near.left)}")
        reached = reached and not absent.wrong and not near.wrong and found.reached
    text, well_told = report(reader, args.data)
    print(f"\n{text}")
    return 0 if reached and well_told and italian_exact.reached and trials >= SILENT_TRIALS_MIN else 1


def _some(wrong: Sequence[tuple[str, str]], most: int = 8) -> str:
    return ", ".join(f"{truth} as {name}" for truth, name in wrong[:most]) + (", ..." if len(wrong) > most else "")
