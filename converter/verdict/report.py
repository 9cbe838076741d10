"""``autovelox-convert reader calibrate`` and ``reader trials``: the verdict's thresholds and what they are worth."""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterable
from pathlib import Path

import cv2

from converter.labels import load_truth
from converter.measure import HELD_OUT_RIGHTLY
from converter.verdict.calibrate import Bands, Points, choose, reliability, write
from converter.verdict.cases import crop_cases, degraded, feed_cases
from converter.verdict.trials import DEGRADED, Bench, Kind, KnownCase, Tally, goals, run, table, tally
from edge.identify import Thresholds
from edge.identify.formats import Formats
from edge.vision.calibration import load_thresholds

SOURCE = "openalpr_train_eu"
FOLDS = 4
HELD_OUT = f"thresholds from {FOLDS - 1} of {FOLDS} parts of the plates, trials on the other one"


def calibrate(args: argparse.Namespace) -> int:
    """Choose the thresholds, write them beside the models, print what they are worth; returns the exit code."""
    bench = _bench(args)
    final = choose(Points.of(bench))
    sources = {source: sum(case.source == source for case in bench.cases) for source in _sources(bench.cases)}
    write(final, args.models, ", ".join(f"{count} {source}" for source, count in sources.items()))
    print(f"cases: {sources}\nthresholds: {final.as_dict()}")
    _report(bench, final, args.pictures)
    _report_held_out(bench)
    return 0


def trials(args: argparse.Namespace) -> int:
    """Print what the thresholds beside the models are worth, and ones chosen likewise on plates that had no part in it.

    Returns 1 if a figure is not reached.
    """
    thresholds = load_thresholds(args.models)
    bench = _bench(args)
    reached = _report(bench, thresholds, args.pictures)
    return 0 if _report_held_out(bench) and reached else 1


def held_out(bench: Bench) -> tuple[dict[Kind, Tally], list[Bands]]:
    """What thresholds are worth on plates that had no part in choosing them: a part of the plates at a time.

    Returns the tallies of photos that were not degraded, and the probabilities of all, a part.
    """
    folds = [_fold(case) for case in bench.cases]
    clean = _clean(bench)
    crossed = {kind: Tally() for kind in Kind}
    bands = []
    for fold in range(FOLDS):
        inside = {number for number, own in enumerate(folds) if own == fold}
        thresholds = choose(Points.of(bench.part(set(range(len(folds))) - inside)))
        part = bench.part(inside)
        bands.append(Points.of(part).calibrated(thresholds))
        for kind, result in tally(part.part(clean), thresholds).items():
            crossed[kind] += result
    return crossed, bands


def _report_held_out(bench: Bench) -> bool:
    """Print the tables of :func:`held_out`; returns whether every figure is reached."""
    crossed, bands = held_out(bench)
    print(f"\n{HELD_OUT}\n{table(crossed)}")
    print(f"\nprobabilities, chosen and tried in the same way, degraded photos too\n{reliability(bands)}")
    reached, all_reached = goals(crossed, "held out: ", HELD_OUT_RIGHTLY)
    print(f"\n{reached}")
    return all_reached


def _bench(args: argparse.Namespace) -> Bench:
    from edge.vision.pipeline import Recogniser
    from edge.vision.reader import PlateReader

    reader = PlateReader(args.models)
    crops = load_truth(args.data, (SOURCE,))
    cases = [*crop_cases(reader, crops), *feed_cases(Recogniser(args.models), args.data / "feed")]
    each = -(-args.trials // len(cases))
    cases += crop_cases(reader, degraded(crops, args.seed))
    return run(cases, each, Formats(), args.seed)


def _clean(bench: Bench) -> set[int]:
    return {number for number, case in enumerate(bench.cases) if not case.source.startswith(DEGRADED)}


def _sources(cases: Iterable[KnownCase]) -> list[str]:
    return list(dict.fromkeys(case.source for case in cases))


def _fold(case: KnownCase) -> int:
    """The part a case belongs to: all photos of one plate are in one part."""
    return zlib.crc32(case.truth.encode()) % FOLDS


def _report(bench: Bench, thresholds: Thresholds, pictures: Path | None) -> bool:
    """Print the tables; returns whether every figure is reached."""
    clean: dict[Kind, Tally] = {kind: Tally() for kind in Kind}
    for source in _sources(bench.cases):
        members = {number for number, case in enumerate(bench.cases) if case.source == source}
        exact = sum(
            bool(bench.seen[number]) and bench.seen[number][0].candidates.texts[0] == bench.cases[number].truth
            for number in members
        )
        print(f"\n{source}: {len(members)} cases, free reading right in {exact}")
        results = tally(bench.part(members), thresholds)
        print(table(results))
        if members & _clean(bench):
            clean = {kind: clean[kind] + results[kind] for kind in Kind}
    print(f"\nall but degraded\n{table(clean)}")
    reached, all_reached = goals(clean)
    print(f"\n{reached}")
    if pictures is not None:
        _draw(bench, frozenset[tuple[int, str]]().union(*(result.cases_wrong for result in clean.values())), pictures)
    return all_reached


def _draw(bench: Bench, wrong: Iterable[tuple[int, str]], folder: Path) -> None:
    """One picture a wrong name: the plate, and below it what it says and which plate was named."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, named in sorted(wrong):
        case = bench.cases[number]
        box = bench.seen[number][0].track.reads[0].detection.box
        x1, y1, x2, y2 = (max(0, round(edge)) for edge in box)
        plate = case.picture[y1:y2, x1:x2]
        colour = cv2.cvtColor(plate, cv2.COLOR_RGB2BGR if plate.ndim == 3 else cv2.COLOR_GRAY2BGR)
        scale = 480 / colour.shape[1]
        large = cv2.resize(colour, (480, max(1, round(colour.shape[0] * scale))), interpolation=cv2.INTER_CUBIC)
        card = cv2.copyMakeBorder(large, 0, 40, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        text = f"says {case.truth}, named {named}"
        cv2.putText(card, text, (8, card.shape[0] - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{Path(case.name).stem.replace(':', '_')}_{named}.png"), card)
