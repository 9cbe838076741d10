"""The verdict's trials and their calibration, on drawn reads; and a small version of them on the demo's own clips."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from converter.verdict.trials import LOOKALIKES, Bench, Kind, KnownCase, Tally, goals, near_twins, run, table, tally
from edge.demo.cast import FOLDER, load_cast
from edge.identify import Thresholds
from edge.model import PlateRead
from edge.vision.calibration import load_thresholds
from tests.support.lazy import lazy
from tests.support.reads import plate_read

calibrating = lazy("converter.verdict.calibrate")
reporting = lazy("converter.verdict.report")

MODELS = Path(__file__).resolve().parents[3] / "models"
NOTHING = np.zeros((1, 1), np.uint8)

WITH_THE_CAR = (Kind.PRESENT, Kind.BESIDE)


def known(name: str, truth: str, *reads: PlateRead) -> KnownCase:
    return KnownCase(name, "drawn", truth, tuple((read,) for read in reads), NOTHING)


def honest_reader(count: int, seed: int) -> list[KnownCase]:
    """Cases of a reader whose doubts are true: what it gives a probability of p is right in a share p."""
    rng = np.random.default_rng(seed)
    cases = []
    for number in range(count):
        letters, digits = rng.choice(list("ABDEGMNRSVXZ"), 4), rng.choice(list("0123456789"), 3)
        seen = "".join([*letters[:2], *digits, *letters[2:]])
        place = int(rng.integers(7))
        other = next(t for t in near_twins(seen)[0] if t[place] != seen[place])[place]
        doubt = float(rng.choice([0.0005, 0.01, 0.1, 0.3]))
        wrong = rng.random() < doubt
        truth = seen[:place] + other + seen[place + 1 :] if wrong else seen
        cases.append(known(str(number), truth, plate_read(seen, {place: (other, doubt)})))
    return cases


@pytest.fixture(scope="module")
def drawn() -> Bench:
    return run(honest_reader(150, seed=1), each=6)


def test_near_twins_differ_in_one_or_two_lookalikes() -> None:
    one, two = near_twins("AB123CD")
    assert "A8123CD" in one
    assert "AB123CO" in one
    assert "A8123CO" in two
    for twins, distance in ((one, 1), (two, 2)):
        for twin in twins:
            changed = [(a, b) for a, b in zip("AB123CD", twin, strict=True) if a != b]
            assert len(changed) == distance
            assert all(any(a in group and b in group for group in LOOKALIKES) for a, b in changed)
    assert "AB123CD" not in {*one, *two}


def test_every_kind_of_trial_has_the_claims_it_says(drawn: Bench) -> None:
    bench = run([known("x", "AB123CD", plate_read("AB123CD"))], each=3)
    assert [trial.kind for trial in bench.trials] == list(Kind) * 3
    present = [trial.plates for trial in bench.trials if trial.kind is Kind.PRESENT]
    assert present == [("AB123CD",)] * 3
    assert all("AB123CD" not in trial.plates for trial in bench.trials if trial.kind not in WITH_THE_CAR)
    beside = [trial.plates for trial in bench.trials if trial.kind is Kind.BESIDE]
    assert beside == [("AB123CD",)] * 3
    assert len(drawn.trials) == 150 * 6 * len(Kind)


def test_chosen_thresholds_name_most_and_nobody_wrongly(drawn: Bench) -> None:
    thresholds = calibrating.choose(calibrating.Points.of(drawn))
    fresh = tally(run(honest_reader(150, seed=2), each=6, seed=2), thresholds)
    # These plates have an Italian form and are doubted as such: of most that are not read surely nobody is named.
    assert fresh[Kind.PRESENT].right > 0.3 * fresh[Kind.PRESENT].trials
    assert fresh[Kind.PRESENT].wrong == fresh[Kind.RANDOM].wrong == 0
    assert fresh[Kind.TWINS].wrong <= 0.002 * fresh[Kind.TWINS].trials
    assert fresh[Kind.ONE_TWIN].wrong <= 0.02 * fresh[Kind.ONE_TWIN].trials
    assert "50 random cars" in table(fresh)


def test_lines_drawn_too_low_are_caught_by_the_trials(drawn: Bench) -> None:
    lines = Thresholds(accept=0.0, margin=-1.0, slope=1.0, bias=0.0, twin=-99.0, unclaimed=-99.0, shape=-99.0)
    careless = tally(drawn, lines)
    assert careless[Kind.RANDOM].wrong == careless[Kind.RANDOM].trials
    assert careless[Kind.TWINS].cases_wrong
    assert not goals(careless)[1]


def test_every_goal_can_be_missed() -> None:
    good = {kind: Tally(trials=2000) for kind in Kind} | {Kind.PRESENT: Tally(2000, right=1980)}
    allowed = good | {Kind.TWINS: Tally(2000, wrong=2), Kind.ONE_TWIN: Tally(2000, wrong=3)}
    text, reached = goals(allowed)
    assert reached
    assert "missed" not in text
    for missed in (
        {Kind.PRESENT: Tally(2000, right=1979)},
        {Kind.PRESENT: Tally(2000, right=1999, wrong=1)},
        {Kind.RANDOM: Tally(2000, wrong=1)},
        {Kind.TWINS: Tally(2000, wrong=3)},
        {Kind.ONE_TWIN: Tally(2000, wrong=4)},
        {Kind.BESIDE: Tally(2000, wrong=1)},
    ):
        text, reached = goals(good | missed)
        assert not reached
        assert text.count("missed") == 1


def test_the_probability_keeps_its_promise(drawn: Bench) -> None:
    slope, bias = calibrating.fit(calibrating.Points.of(drawn))
    fresh = calibrating.Points.of(run(honest_reader(300, seed=3), each=4, seed=3))
    p = fresh.probability(slope, bias)
    assert np.average(p, weights=fresh.weight) == pytest.approx(np.average(fresh.right, weights=fresh.weight), abs=0.04)
    sure = p > 0.99
    assert np.average(fresh.right[sure], weights=fresh.weight[sure]) > 0.98
    assert "promised" in calibrating.reliability([fresh.calibrated(Thresholds(0.9, 5.0, slope, bias))])


def test_a_reader_that_is_surely_wrong_names_nobody() -> None:
    confused = run([known(str(i), f"AB12{i}CD", plate_read(f"A812{i}CD")) for i in range(10)], each=40)
    results = tally(confused, calibrating.choose(calibrating.Points.of(confused)))
    assert all(result.right == result.wrong == 0 for result in results.values())


def test_a_plate_that_the_choice_never_saw_counts_in_the_part_held_out() -> None:
    """One plate is read surely wrong: thresholds that were chosen with it name nobody for it, others do."""
    plates = [f"AB{number}CD" for number in range(200, 240)]
    cases = [known(plate, plate, plate_read(plate)) for plate in plates]
    misread = known("misread", "GB777CD", plate_read("G8777CD"))
    bench = run([*cases, misread], each=40)
    with_it = tally(bench, calibrating.choose(calibrating.Points.of(bench)))
    crossed, bands = reporting.held_out(bench)
    assert {kind: t.trials for kind, t in crossed.items()} == {kind: t.trials for kind, t in with_it.items()}
    assert with_it[Kind.TWINS].wrong <= 0.0005 * with_it[Kind.TWINS].trials
    assert crossed[Kind.TWINS].wrong > 0.001 * crossed[Kind.TWINS].trials
    assert not goals(crossed, "held out: ")[1]
    assert len(bands) == reporting.FOLDS


def test_degraded_photos_loosen_no_lines() -> None:
    """Of two sets that differ in degraded photos only, the same lines are drawn where these name nobody wrongly."""
    clear = [known(str(number), f"AB{number}CD", plate_read(f"AB{number}CD")) for number in range(200, 220)]
    dim = plate_read("XY555ZW", {0: ("Y", 0.3), 3: ("S", 0.3), 5: ("2", 0.3)})
    worse = [KnownCase("dim", "degraded drawn", "XY555ZW", ((dim,),), NOTHING)]
    few, more = (calibrating.choose(calibrating.Points.of(run(cases, each=10))) for cases in (clear, clear + worse))
    assert more.margin >= few.margin
    assert more.twin >= few.twin
    assert min(more.twin, few.twin) >= 6.0
    assert min(more.shape, few.shape) >= -1.0


def test_the_shipped_thresholds_belong_to_the_shipped_reader() -> None:
    shipped = json.loads((MODELS / "verdict.json").read_text())
    network = hashlib.sha256((MODELS / "reader" / "plate_reader.pth").read_bytes()).hexdigest()
    assert shipped["reader_sha256"] == network, "run autovelox-convert reader calibrate: the reader has changed"


def test_chosen_thresholds_are_bound_to_the_reader_and_listed(tmp_path: Path) -> None:
    models = Path(shutil.copytree(MODELS, tmp_path / "models"))
    chosen = Thresholds(accept=0.9, margin=5.0, slope=0.5, bias=3.0)
    calibrating.write(chosen, models, "one trial")
    assert load_thresholds(models) == chosen


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demos_clips_give_right_names_or_none() -> None:
    from converter.verdict.cases import clip_cases
    from edge.vision.pipeline import Recogniser

    recogniser = Recogniser(MODELS)
    clips = tomllib.loads((FOLDER / "feed" / "manifest.toml").read_text())["clip"]
    cases = [
        case
        for clip, scene in zip(clips, load_cast().scene, strict=True)
        for case in clip_cases(recogniser, FOLDER / "feed" / clip["file"], {clip["trigger"][0]["frame"]: scene.plate})
    ]
    results = tally(run(cases, each=25), load_thresholds(MODELS))
    assert {kind: result.wrong for kind, result in results.items()} == dict.fromkeys(Kind, 0)
    assert results[Kind.PRESENT].right == results[Kind.PRESENT].trials
