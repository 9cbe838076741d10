from __future__ import annotations

from collections import Counter

from edge.link.refusals import LEAST, SAMPLES, Refusals


def test_refused_visits_are_a_problem_when_they_are_many_against_those_taken() -> None:
    counters: Counter[str] = Counter(busy=10_000, accepted=5)  # long ago
    refusals = Refusals(counters)
    counters.update(accepted=1000, busy=100, displaced=50_000, bad_request=50_000)
    refusals.sample()
    assert refusals.problem() is None, "a tenth, and what a stranger loses is no refusal"
    counters.update(full=200)
    refusals.sample()
    assert "refused 300 visits of the last minute and took 1000" in (refusals.problem() or "")
    for _ in range(SAMPLES):
        refusals.sample()
    assert refusals.problem() is None, "a minute later"


def test_a_few_are_none() -> None:
    counters: Counter[str] = Counter()
    refusals = Refusals(counters)
    counters.update(busy=LEAST - 1)
    refusals.sample()
    assert refusals.problem() is None
