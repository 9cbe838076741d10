"""``autovelox-convert reader national``: Italian plates, look-alike twins, and the country.

What a country's own lettering costs shows where a plate is held against its look-alikes: the car silent and its twin
claimed, and two twins claimed beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converter.errors import MissingError
from converter.labels import READING, csv_rows, load_truth, table_of
from converter.measure import Figure, drawn, goals
from converter.measure.by_eye import by_eye_table, countries_by_eye, load_countries, load_samples
from converter.progress import Progress
from converter.synth import LAYOUTS
from converter.verdict.cases import crop_cases, feed_cases
from converter.verdict.trials import KnownCase
from edge.identify import ANY_FORMAT, Thresholds
from edge.identify.candidates import reading, scores
from edge.identify.origin import origin, posterior
from edge.identify.twins import near_twins
from edge.identify.verdict import Comparison, Sighting, sight, weigh
from edge.model import Box, Detection, Outcome, PlateRead, Reason, Verdict
from edge.vision import load_thresholds

if TYPE_CHECKING:
    from edge.vision.reader import PlateReader

EUROPEAN, ITALIAN = "openalpr_train_eu", "italian"
SILENT_TRIALS_MIN = 5_000
"""Trials with the car silent, at least."""
PAIRS_BESIDE = 3
"""Pairs of twins drawn a plate, for the trials with two twins claimed beside the car."""


@dataclass(frozen=True, slots=True)
class Held:
    """Trials of one kind: how many, and how they ended; ``wrong`` has truth and name of every wrong one."""

    trials: int
    right: int
    wrong: tuple[tuple[str, str], ...]


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
    rng = np.random.default_rng(seed)
    wrong: list[tuple[str, str]] = []
    trials = right = 0
    for case in cases:
        pool = [case.truth, *near_twins(case.truth)]
        if len(pool) > 2:
            drawn_ = [[0, *rng.choice(np.arange(1, len(pool)), 2, replace=False)] for _ in range(PAIRS_BESIDE)]
            named = _named(_verdicts(case, pool, drawn_, thresholds))
            right += named.count(case.truth)
            wrong += [(case.truth, other) for other in named if other != case.truth]
            trials += len(drawn_)
    return Held(trials, right, tuple(wrong))


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


def told(cases: Sequence[KnownCase], countries: dict[str, str]) -> list[tuple[str, str, float]]:
    """Country, told country and its probability for each of *cases* that *countries* (by file name) knows."""
    rows = []
    for case in cases:
        read = case.frames[0][0]
        found = origin(read.countries, reading(read, ANY_FORMAT))
        if case.name in countries:
            rows.append((countries[case.name], found.code if found else "", found.probability if found else 0.0))
    return rows


def likeliest(cases: Sequence[KnownCase]) -> dict[str, str]:
    """The likeliest country of each of *cases*, by name, however unlikely it is; empty where the network tells none."""
    reads = {case.name: case.frames[0][0] for case in cases}
    judged = {name: posterior(read.countries, _text(read)) for name, read in reads.items() if read.countries}
    return {name: max(shares, key=shares.__getitem__) for name, shares in judged.items()}


def country_table(rows: Sequence[tuple[str, str, float]]) -> tuple[str, bool]:
    """Lines of text: how many countries are told rightly, what was promised; and whether both goals are reached.

    A country that is not told has an empty code and probability 0: it is not right, and promises nothing.
    """
    right = np.array([truth == code for truth, code, _ in rows])
    promised = np.array([probability for *_, probability in rows])
    answers = [truth == code for truth, code, _ in rows if code]
    lines, error = [f"{'probability':<16}{'crops':>7}{'promised':>10}{'true':>8}"], 0.0
    for low, high in pairwise((0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.0)):
        inside = (promised > 0) & (promised >= low) & ((promised < high) | (high == 1))
        if inside.any():
            mean, share = float(promised[inside].mean()), float(right[inside].mean())
            error += abs(mean - share) * float(inside.sum()) / max(len(answers), 1)
            lines.append(f"{low:.2f} to {high:.2f}    {int(inside.sum()):>7}{mean:>10.3f}{share:>8.3f}")
    share = float(right.mean()) if len(right) else 0.0
    figures = [
        Figure(f"country of {len(rows)} European crops", share, goals.COUNTRY_RIGHT),
        Figure("expected calibration error of those told", error, goals.COUNTRY_CALIBRATION_ERROR),
    ]
    lines += [figure.line() for figure in figures]
    lines.append(f"told of {len(answers)} crops, rightly of {sum(answers)}")
    return "\n".join(lines), all(figure.reached for figure in figures)


def in_colour(reader: PlateReader, data: Path, names: Iterable[str]) -> list[KnownCase]:
    """One case a crop of *names* in *data*, in its colours, as the unit's photos are; without a known text."""
    cases = []
    for name in names:
        picture = cv2.imread(str(table_of(data, READING).parent / "images" / name))
        if picture is None:
            raise MissingError(f"{name} cannot be read", "fetch the data again")
        image = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
        found = Detection(Box(0.0, 0.0, float(image.shape[1]), float(image.shape[0])), 1.0)
        cases.append(KnownCase(name, EUROPEAN, "", (reader.read(image, [found]),), image))
    return cases


def european_countries(data: Path) -> dict[str, str]:
    """ISO code of each European crop in *data* whose country is known, by file name."""
    signs = {layout.country: layout.home or layout.iso for layout in LAYOUTS if layout.country}
    rows = [
        row for _, row in csv_rows(table_of(data, READING), ("file", "source", "country")) if row["source"] == EUROPEAN
    ]
    return {row["file"]: signs[row["country"]] for row in rows if signs.get(row["country"])}


def run(args: argparse.Namespace) -> int:
    """Print every table; returns 1 if a figure is not reached."""
    from edge.vision.pipeline import Recogniser
    from edge.vision.reader import PlateReader

    thresholds = load_thresholds(args.models)
    reader = PlateReader(args.models)
    plates = drawn.drawn_plates(args.data)
    figures = list(crop_cases(reader, [plate.crop for plate in plates]))
    texts = [_text(case.frames[0][0]) for case in figures]
    text, reached = drawn.table(plates, texts)
    print(text)
    print(f"\n{by_eye_table(plates, texts, load_samples())}\n\n{drawn.kinds_table(plates, texts)}\n")
    for kind, hard in drawn.hard_kinds(args.data).items():
        read = sum(_text(c.frames[0][0]) == c.truth for c in crop_cases(reader, [plate.crop for plate in hard]))
        print(f"drawn {kind}: exact {read / len(hard):.4f} of {len(hard)}")
    italian = list(crop_cases(reader, load_truth(args.data, (ITALIAN,))))
    exact = sum(_text(case.frames[0][0]) == case.truth for case in italian)
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
        print(f"named wrongly {len(near.wrong)} in {near.trials} {_some(near.wrong)}")
        reached = reached and not absent.wrong and not near.wrong and found.reached
    homes = european_countries(args.data)
    crops = in_colour(reader, args.data, homes)
    rows = told(crops, homes)
    text, well_told = country_table(rows)
    answers = {crop.name: code for crop, (_, code, _) in zip(crops, rows, strict=True)}
    print(f"\n{text}\n{countries_by_eye(load_countries(), homes, answers, likeliest(crops))}")
    return 0 if reached and well_told and italian_exact.reached and trials >= SILENT_TRIALS_MIN else 1


def _text(read: PlateRead) -> str:
    return reading(read, ANY_FORMAT)


def _some(wrong: Sequence[tuple[str, str]], most: int = 8) -> str:
    return ", ".join(f"{truth} as {name}" for truth, name in wrong[:most]) + (", ..." if len(wrong) > most else "")
