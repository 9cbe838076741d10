"""The best path of a CTC output, and what it says of each character."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.model import ALPHABET


def best_path(log_probs: NDArray[np.float32]) -> tuple[str, tuple[float, ...]]:
    """Return text and one confidence (0 to 1) a character of the best path.

    *log_probs* is (T, 37) log-softmax, class 0 the blank. Repeats between blanks are one character; its confidence is
    the highest probability the network gave it in that run.
    """
    classes = log_probs.argmax(axis=1)
    peaks = np.exp(log_probs.max(axis=1))
    text: list[str] = []
    confidences: list[float] = []
    previous = 0
    for cell, peak in zip(classes.tolist(), peaks.tolist(), strict=True):
        if cell and cell == previous:
            confidences[-1] = max(confidences[-1], peak)
        elif cell:
            text.append(ALPHABET[cell - 1])
            confidences.append(peak)
        previous = cell
    return "".join(text), tuple(min(1.0, c) for c in confidences)
