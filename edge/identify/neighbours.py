"""Every text one edit away from a text, under CTC outputs, all at once.

One forward and one backward pass (Graves et al., 2006, section 4.1) give the likelihood of every exchange, insertion
and deletion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.model import ALPHABET, CLASS

Floats = NDArray[np.float64]


def texts(text: str) -> list[str]:
    """Every text one edit away from *text* of L characters, and at the end *text*.

    The first 36 L have a character exchanged, by place and then in the order of :data:`edge.model.ALPHABET`; among them
    is *text*. Then come those with a character added and those with one left out. Some come twice.
    """
    places = range(len(text))
    exchanged = [text[:i] + c + text[i + 1 :] for i in places for c in ALPHABET]
    added = [text[:i] + c + text[i:] for i in range(len(text) + 1) for c in ALPHABET]
    return [*exchanged, *added, *(text[:i] + text[i + 1 :] for i in places), text]


def log_likelihoods(log_probs: NDArray[np.float32], text: str) -> Floats:
    """Natural logarithm of P(edit | outputs) for each of :func:`texts`: float64 of shape (K, N).

    *log_probs* is float32 of shape (K, T, 37): K outputs, log-softmax, class 0 the blank; *text* is of characters in
    :data:`edge.model.ALPHABET`. A text that T steps cannot spell has minus infinity; below about -700 a logarithm may
    be wrong or minus infinity, which :func:`edge.identify.ctc.log_likelihoods` is not.
    """
    probabilities = np.exp(np.asarray(log_probs, np.float64).transpose(1, 0, 2))
    labels = np.array([CLASS[character] for character in text], np.intp)
    (blank, own), (blank_after, own_after) = _spelled(probabilities, labels)
    # Equal neighbours need a blank between them: 0 where a character equals the one before or after its place.
    places = np.arange(len(labels))
    unlike_before, unlike_after = np.ones((2, len(labels) + 1, len(ALPHABET)))
    unlike_before[places + 1, labels - 1] = 0.0
    unlike_after[places, labels - 1] = 0.0
    runs = _runs(probabilities, blank[:-1, :, :, None] + own[:-1, :, :, None] * unlike_before)
    exchanged = _joined(runs[:, :, :-1], blank_after[1:, :, 1:], own_after[1:, :, 1:], unlike_after[1:])
    added = _joined(runs, blank_after[1:], own_after[1:], unlike_after)
    parts = (exchanged, added, _left_out(blank, own, own_after, labels), blank[-1, :, -1] + own[-1, :, -1])
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.concatenate([part.reshape(len(log_probs), -1) for part in parts], axis=1)))


def _spelled(probabilities: Floats, labels: NDArray[np.intp]) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """How likely the first t steps spell the first n of *labels*, and the other steps the others.

    The first two results end on a blank and on the nth label, the other two begin so. *probabilities* is (T, K, 37),
    each result (T + 1, K, L + 1).

    Before the first step nothing is spelled, as after a blank; the other end is the same backwards. What ends on the
    "0th" character is 0.
    """
    steps, count, _ = probabilities.shape
    blank, own = np.zeros((2, steps + 1, 2 * count, len(labels) + 1))
    blank[0, :, 0] = 1.0
    gaps = np.concatenate([probabilities[:, :, :1], probabilities[::-1, :, :1]], axis=1)
    characters = probabilities[:, :, labels]
    emitted = np.concatenate([characters, characters[::-1, :, ::-1]], axis=1)
    unlike = np.ones((2, len(labels)))
    unlike[0, 1:] = labels[1:] != labels[:-1]
    unlike[1, 1:] = unlike[0, :0:-1]
    unlike = np.repeat(unlike, count, axis=0)
    for gap, each, blanks, owns, next_blanks, next_owns in zip(
        gaps, emitted, blank[:-1], own[:-1], blank[1:], own[1:, :, 1:], strict=True
    ):
        reached = owns[:, :-1] * unlike
        reached += blanks[:, :-1]
        reached += owns[:, 1:]
        np.multiply(reached, each, out=next_owns)
        np.add(blanks, owns, out=next_blanks)
        next_blanks *= gap
    ahead = (blank[:, :count], own[:, :count])
    return ahead, (blank[::-1, count:, ::-1], own[::-1, count:, ::-1])


def _runs(probabilities: Floats, entered: Floats) -> Floats:
    """How likely a run of each character ends at each step, *entered* (T, K, places, 36) at that step or earlier."""
    emitted = probabilities[:, :, None, 1:]
    runs = entered * emitted
    for before, now, each in zip(runs[:-1], runs[1:], emitted[1:], strict=True):
        now += before * each
    return runs


def _joined(runs: Floats, blank_after: Floats, own_after: Floats, unlike: Floats) -> Floats:
    """How likely the *runs* (T, K, places, 36) are followed by the rest, (K, places, 36): at once or after a blank."""
    at_once = np.einsum("tknc,tkn->knc", runs, own_after)
    return np.asarray(np.einsum("tknc,tkn->knc", runs, blank_after) + at_once * unlike, np.float64)


def _left_out(blank: Floats, own: Floats, own_after: Floats, labels: NDArray[np.intp]) -> Floats:
    """How likely each of *labels* is left out, (K, L): the step is found at which the one after it begins."""
    unlike = np.ones(len(labels))
    unlike[1:-1] = labels[2:] != labels[:-2]
    begun = own_after[:, :, 1:].copy()
    begun[-1, :, -1:] = 1.0  # after the last one the end follows
    return np.asarray(np.einsum("tkn,tkn->kn", blank[:, :, :-1] + own[:, :, :-1] * unlike, begun))
