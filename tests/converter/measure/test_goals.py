"""Figures beside their goals: every goal can be missed, and a figure that is no number misses it."""

from __future__ import annotations

import math

import pytest

from converter.measure import goals
from converter.measure.goals import Figure, Goal, goal_table
from converter.verdict.trials import Kind

GOALS = [(name, value) for name, value in vars(goals).items() if isinstance(value, Goal)]


@pytest.mark.parametrize(("name", "goal"), GOALS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_goal_is_reached_at_its_limit_and_missed_beyond_it(name: str, goal: Goal) -> None:
    worse = -0.001 if goal.is_minimum else 0.001
    assert goal.reached(goal.limit), name
    assert not goal.reached(goal.limit + worse), name
    assert not goal.reached(math.nan), name


def test_a_line_says_what_is_measured_what_is_to_reach_and_whether_it_is() -> None:
    good, bad = Figure("recall", 0.99, goals.DETECTOR_RECALL), Figure("ms", 16.04, goals.DETECTOR_CPU_MS, 1, " *")
    _, first, second = goal_table([good, bad]).splitlines()
    assert first.split() == ["recall", "0.9900", "at", "least", "0.985", "reached"]
    assert second.split() == ["ms", "16.0", "at", "most", "15", "*", "missed"]


def test_wrong_names_have_goals_for_kinds_of_trials_that_there_are() -> None:
    assert {Kind[name] for name in goals.NAMED_WRONGLY} == set(Kind)
