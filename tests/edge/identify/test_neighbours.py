"""All texts one edit away from a text, at once, against each of them scored by itself."""

from __future__ import annotations

import numpy as np
import pytest

from edge.identify import neighbours
from edge.identify.ctc import log_likelihoods
from tests.support.reads import random_log_probs


@pytest.mark.parametrize("text", ["", "7", "AA", "ABBA", "A11B", "KA01AB1234"])
@pytest.mark.parametrize("steps", [1, 3, 12, 96])
@pytest.mark.parametrize(("count", "contrast"), [(1, 15.0), (2, 2.0)])
def test_equals_the_forward_score_of_each_text(text: str, steps: int, count: int, contrast: float) -> None:
    outputs = np.stack([random_log_probs(steps, seed, contrast) for seed in range(count)])
    alone = np.array([log_likelihoods(output, neighbours.texts(text)) for output in outputs])
    alone[alone < -700] = -np.inf
    scored = neighbours.log_likelihoods(outputs, text)
    scored[scored < -700] = -np.inf
    assert scored == pytest.approx(alone, rel=1e-9)


def test_lists_exchanges_first_and_the_text_last() -> None:
    texts = neighbours.texts("AB")
    assert texts[:36] == [f"{c}B" for c in neighbours.ALPHABET]
    assert texts[36:72] == [f"A{c}" for c in neighbours.ALPHABET]
    assert texts[72:-3] == [t for c in (0, 1, 2) for t in (f"{'AB'[:c]}{x}{'AB'[c:]}" for x in neighbours.ALPHABET)]
    assert texts[-3:] == ["B", "A", "AB"]
    assert len(neighbours.texts("")) == 37


def test_a_likelihood_beyond_a_float_is_minus_infinity_without_a_warning() -> None:
    certain = np.full((1, 40, 37), -100.0, np.float32)
    certain[:, :, 0] = 0.0
    scored = neighbours.log_likelihoods(certain, "ABCDEFGH")
    assert np.isneginf(scored[0, -1])
    assert not np.isnan(scored).any()
