"""Plate reads as a reader would give them, drawn by hand: the network's output for a text with given doubts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edge.model import ALPHABET, Box, Detection, PlateRead

STEPS = 3
"""Time steps a character: blank, the character, blank."""


def network_output(text: str, doubts: Mapping[int, tuple[str, float]] | None = None, noise: float = 1e-5) -> np.ndarray:
    """Log-softmax (T, 37) that spells *text*; *doubts* maps a place to (other character, its probability)."""
    probabilities = np.full((STEPS * max(len(text), 1), 37), noise)
    probabilities[:, 0] = 1.0
    for place, character in enumerate(text):
        middle = STEPS * place + 1
        other, share = (doubts or {}).get(place, (character, 0.0))
        probabilities[middle] = noise
        probabilities[middle, ALPHABET.index(other) + 1] += share
        probabilities[middle, ALPHABET.index(character) + 1] += 1.0 - share
    return np.log(probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)


def random_log_probs(steps: int, seed: int, contrast: float = 2.0) -> np.ndarray:
    """Log-softmax (T, 37) of noise, whose logits differ by *contrast*."""
    logits = np.random.default_rng(seed).normal(scale=contrast, size=(steps, 37))
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


def plate_read(
    text: str,
    doubts: Mapping[int, tuple[str, float]] | None = None,
    *,
    at: tuple[float, float] = (300.0, 300.0),
    width: float = 100.0,
    found: float = 0.9,
) -> PlateRead:
    """A read of *text* (the best path of the drawn output) in a box of *width* x *width* / 4 pixels centred *at*."""
    log_probs = network_output(text, doubts)
    best = "".join(
        other if share > 0.5 else character
        for character, (other, share) in ((c, (doubts or {}).get(i, (c, 0.0))) for i, c in enumerate(text))
    )
    x, y = at
    box = Box(x - width / 2, y - width / 8, x + width / 2, y + width / 8)
    sure = float(np.prod([1.0 - (doubts or {}).get(i, ("", 0.0))[1] for i in range(len(text))])) if text else 0.0
    return PlateRead(best, sure, (0.9,) * len(best), Detection(box, found), log_probs)
