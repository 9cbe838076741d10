"""The likelihood of a given text under a CTC network's output.

The forward algorithm of Graves et al., "Connectionist Temporal Classification", ICML 2006, section 4.1, for many texts
at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from edge.model import CLASS, PlateRead

BLANK = 0
RESCALE_STEPS = 4
"""Steps between two rescalings: a float64 holds four steps of probabilities down to e^-170 each."""
MIN_PASS_WEIGHT = 1e-3
"""Minimum weight of a pass, whatever its confidence: it may have read nothing."""


def log_likelihoods(log_probs: NDArray[np.float32], texts: Sequence[str]) -> NDArray[np.float64]:
    """Natural logarithm of P(text | log_probs) for each of *texts*.

    Args:
        log_probs: float32 of shape (T, 37), log-softmax, class 0 the blank.
        texts: N texts of characters in :data:`edge.model.ALPHABET`; the empty text is allowed.

    Returns:
        float64 of shape (N,); minus infinity for a text that T steps cannot spell.

    Raises:
        ValueError: a text holds a character outside the alphabet.
    """
    if not texts:
        return np.zeros(0)
    labels = _extended(texts)
    count, length = labels.shape
    probabilities = np.exp(np.asarray(log_probs, dtype=np.float64))
    # A path may skip the blank between two different characters, never between equal ones.
    may_skip = np.zeros((count, length))
    may_skip[:, 2:] = (labels[:, 2:] != BLANK) & (labels[:, 2:] != labels[:, :-2])
    # Probabilities, ten times as fast as their logarithms; two empty columns on the left, and what would become too
    # small for a float moves to `scale` now and then.
    alpha = np.zeros((count, length + 2))
    alpha[:, 2:4] = probabilities[0][labels[:, :2]]
    scale = np.zeros(count)
    paths = np.empty((count, length))
    for step, emissions in enumerate(probabilities[1:]):
        np.multiply(may_skip, alpha[:, :-2], out=paths)
        paths += alpha[:, 1:-1]
        paths += alpha[:, 2:]
        np.multiply(paths, emissions.take(labels), out=alpha[:, 2:])
        if step % RESCALE_STEPS == 0:
            peak = alpha.max(axis=1)
            peak[peak == 0.0] = 1.0
            alpha /= peak[:, None]
            scale += np.log(peak)
    ends = 2 + 2 * np.array([len(text) for text in texts])
    rows = np.arange(count)
    last_character = np.where(ends > 2, alpha[rows, ends - 1], 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(alpha[rows, ends] + last_character) + scale, dtype=np.float64)


def read_log_likelihoods(read: PlateRead, texts: Sequence[str]) -> NDArray[np.float64]:
    """Natural logarithm of P(text | *read*) for each of *texts*: see :func:`log_likelihoods` and :func:`mixed`."""
    return mixed(read, [log_likelihoods(each.log_probs, texts) for each in read.passes])


def mixed(read: PlateRead, passes: NDArray[np.float64] | Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Natural logarithm of the mean over the passes of *read* of P(text | pass), each weighted by its confidence.

    *passes* are those logarithms, float64 of shape (N,) a pass.
    """
    if read.second_pass is None:
        return passes[0]
    confidences = [max(each.confidence, MIN_PASS_WEIGHT) for each in read.passes]
    weighted = [each + log(c) for each, c in zip(passes, confidences, strict=True)]
    return np.asarray(np.logaddexp(*weighted) - log(sum(confidences)), dtype=np.float64)


def _extended(texts: Sequence[str]) -> NDArray[np.intp]:
    """Labels with blanks around each character, padded with blanks: shape (N, 2 * longest + 1)."""
    longest = max(len(text) for text in texts)
    labels = np.full((len(texts), 2 * max(longest, 1) + 1), BLANK, dtype=np.intp)
    for row, text in enumerate(texts):
        for column, character in enumerate(text):
            if character not in CLASS:
                raise ValueError("a plate may hold A-Z and 0-9 only")
            labels[row, 2 * column + 1] = CLASS[character]
    return labels
