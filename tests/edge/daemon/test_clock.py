"""A clock that nobody sets right is a problem after a while, and a metric at once."""

from __future__ import annotations

from math import isnan

import pytest

from edge.daemon.clock import Clock


def test_a_clock_that_is_not_synchronised_is_a_problem_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, object] = {"synchronised": True, "max_error_s": 0.02}
    now_s = 1000.0
    monkeypatch.setattr("edge.daemon.clock.time.monotonic", lambda: now_s)
    clock = Clock(lambda: state)
    assert (clock.problem(), clock.error_s()) == (None, 0.02)
    state = {"synchronised": False, "max_error_s": 16.0}
    assert isnan(clock.error_s())
    now_s += 599.0
    assert clock.problem() is None
    now_s += 2.0
    assert "not been synchronised for 10 min" in (clock.problem() or "")
    state = {"synchronised": True, "max_error_s": 0.5}
    assert (clock.problem(), clock.error_s()) == (None, 0.5)


def test_a_kernel_that_does_not_tell_is_no_problem() -> None:
    clock = Clock(lambda: {"synchronised": None, "max_error_s": None})
    assert clock.problem() is None and isnan(clock.error_s())
