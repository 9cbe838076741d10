"""The CTC forward score against brute force and torch's own loss."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edge.identify.ctc import log_likelihoods, read_log_likelihoods
from edge.model import ALPHABET, Box, Detection, PlateRead
from tests.support.reads import random_log_probs


def collapse(path: tuple[int, ...]) -> str:
    return "".join(ALPHABET[label - 1] for label, _ in itertools.groupby(path) if label)


@pytest.mark.parametrize("text", ["", "0", "01", "00", "011"])
def test_equals_the_sum_over_all_paths(text: str) -> None:
    log_probs = random_log_probs(5, seed=1)
    log_probs[:, 3:] = -60.0  # only blank, 0 and 1 can occur, so that all paths can be listed
    total = sum(
        np.exp(sum(float(log_probs[step, label]) for step, label in enumerate(path)))
        for path in itertools.product(range(3), repeat=5)
        if collapse(path) == text
    )
    assert log_likelihoods(log_probs, [text])[0] == pytest.approx(np.log(total), abs=1e-6)


def test_equals_torch_ctc_loss_for_texts_of_mixed_length() -> None:
    torch = pytest.importorskip("torch")
    texts = ["AB123CD", "A", "ZZ00Z", "AA11AA11AA"]
    log_probs = random_log_probs(40, seed=2)
    expected = [
        -torch.nn.functional.ctc_loss(
            torch.from_numpy(log_probs)[:, None],
            torch.tensor([[ALPHABET.index(c) + 1 for c in text]]),
            torch.tensor([40]),
            torch.tensor([len(text)]),
            reduction="sum",
        ).item()
        for text in texts
    ]
    assert log_likelihoods(log_probs, texts) == pytest.approx(expected, rel=1e-4)


def test_impossible_text_is_minus_infinity_and_foreign_characters_are_refused() -> None:
    assert log_likelihoods(random_log_probs(2, seed=3), ["ABC"])[0] == -np.inf
    with pytest.raises(ValueError, match="A-Z and 0-9"):
        log_likelihoods(random_log_probs(2, seed=3), ["AB-C"])


def test_passes_over_one_plate_count_by_their_confidence() -> None:
    one, other = random_log_probs(9, seed=4), random_log_probs(9, seed=5)
    detection = Detection(Box(0, 0, 9, 9), 1.0)
    second = PlateRead("", 0.2, (), detection, other)
    texts = ["AB1", "7", "A" * 9]
    alone = PlateRead("", 0.0, (), detection, one)
    assert read_log_likelihoods(alone, texts) == pytest.approx(log_likelihoods(one, texts))
    each = np.exp([log_likelihoods(one, texts), log_likelihoods(other, texts)])
    both = PlateRead("", 0.6, (), detection, one, second)
    assert np.exp(read_log_likelihoods(both, texts)) == pytest.approx(0.75 * each[0] + 0.25 * each[1])
    assert read_log_likelihoods(both, ["A" * 10])[0] == -np.inf


def test_no_texts_give_an_empty_answer() -> None:
    assert log_likelihoods(random_log_probs(2, seed=3), []).shape == (0,)
