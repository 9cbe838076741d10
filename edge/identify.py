"""Claims held against a photo: pure functions from plate reads and claimed plates to a verdict.

A claim's score is a log-likelihood ratio: how well its plate explains the pixels, against the best free reading of
the same pixels, summed over the frames that show the same plate. A wrong name is worse than no name: a claim is
accepted only when it explains the photo about as well as the free reading and clearly better than every other claim.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.ctc import log_likelihoods
from edge.errors import ModelError
from edge.model import Outcome, PlateRead, Verdict

SAME_PLATE = -12.0
"""Reads in two frames are of one plate if each text explains the other's pixels to within this ratio."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the calibration draws the lines; all in natural logarithms but for ``slope`` and ``bias``.

    ``accept``: least score of an accepted claim. ``margin``: least lead over every other claim. ``slope``,
    ``bias``: the logistic curve from score to probability.
    """

    accept: float = -2.0
    margin: float = 3.0
    slope: float = 1.0
    bias: float = 3.0

    @classmethod
    def load(cls, path: Path) -> Thresholds:
        """Read what ``autovelox-convert reader calibrate`` wrote.

        Raises:
            ModelError: the file is missing or of another form.
        """
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8"))["thresholds"])
        except (OSError, ValueError, KeyError, TypeError):
            raise ModelError(f"{path.name} is missing or damaged: install the models again") from None

    def as_dict(self) -> dict[str, float]:
        """The form :meth:`load` reads."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Track:
    """One plate through the frames of a case: ``reads`` with the index of each in the flattened list of reads."""

    reads: tuple[PlateRead, ...]
    indices: tuple[int, ...]

    @property
    def area(self) -> float:
        """Area of the largest box in square pixels."""
        return max(read.detection.box.width * read.detection.box.height for read in self.reads)

    def free_reading(self) -> tuple[str, float]:
        """The text among the frames' readings that explains all frames best, and its summed log-likelihood."""
        texts = list(dict.fromkeys(read.text for read in self.reads))
        totals = self.log_likelihoods(texts)
        best = int(np.argmax(totals))
        return texts[best], float(totals[best])

    def log_likelihoods(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Summed log-likelihood of each of *texts* over the frames, shape (N,)."""
        totals = [log_likelihoods(read.log_probs, texts) for read in self.reads]
        return np.asarray(np.sum(totals, axis=0), dtype=np.float64)


def best_first(reads: Sequence[PlateRead]) -> tuple[PlateRead, ...]:
    """The plates of one photo, the one most surely found and read first; those without a text come last."""
    return tuple(sorted(reads, key=lambda read: (not read.text, -read.confidence * read.detection.confidence)))


def tracks(frames: Sequence[Sequence[PlateRead]]) -> tuple[Track, ...]:
    """The plates of several frames, one track a plate; the largest plate first."""
    found: list[list[tuple[int, int, PlateRead]]] = []
    index = 0
    for frame, reads in enumerate(frames):
        for read in reads:
            entry = (frame, index, read)
            index += 1
            if not read.text:
                continue
            home = next((t for t in found if t[-1][0] != frame and _same_plate(t[-1][2], read)), None)
            if home is None:
                found.append([entry])
            else:
                home.append(entry)
    result = (Track(tuple(e[2] for e in t), tuple(e[1] for e in t)) for t in found)
    return tuple(sorted(result, key=lambda track: -track.area))


def _same_plate(first: PlateRead, second: PlateRead) -> bool:
    pair = (first.text, second.text)
    own_first, other_first = log_likelihoods(first.log_probs, pair)
    other_second, own_second = log_likelihoods(second.log_probs, pair)
    return bool(other_first - own_first > SAME_PLATE and other_second - own_second > SAME_PLATE)


def identify(frames: Sequence[Sequence[PlateRead]], plates: Sequence[str], thresholds: Thresholds) -> Verdict:
    """Decide which of the claimed *plates* is the one photographed.

    Args:
        frames: the plate reads of each frame of the case.
        plates: one claimed plate a claim; equal plates claimed by different drivers are allowed and make it ambiguous.
        thresholds: from the calibration.
    """
    seen = tracks(frames)
    if not seen:
        return Verdict(Outcome.UNIDENTIFIED, "", 0.0, reason="no plate found in the photo")
    free = [track.free_reading() for track in seen]
    if not plates:
        return Verdict(
            Outcome.UNIDENTIFIED, free[0][0], 0.0, reason="no car sent a valid packet", read=seen[0].indices[0]
        )
    ratios = np.stack([track.log_likelihoods(plates) - free[i][1] for i, track in enumerate(seen)])
    scores = ratios.max(axis=0)
    explained = ratios.argmax(axis=0)
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    track = seen[int(explained[best])]
    text = free[int(explained[best])][0]
    probability = _probability(float(scores[best]), thresholds)
    lead = float(scores[best] - scores[order[1]]) if len(plates) > 1 else float("inf")
    if scores[best] < thresholds.accept:
        outcome, plate, reason = Outcome.UNIDENTIFIED, text, "no claim explains the photo"
    elif lead < thresholds.margin:
        outcome, plate, reason = Outcome.AMBIGUOUS, text, "more than one claim explains the photo"
    else:
        outcome, plate, reason = Outcome.IDENTIFIED, plates[best], "one claim explains the photo"
    return Verdict(
        outcome,
        plate,
        probability,
        claim=best if outcome is Outcome.IDENTIFIED else None,
        scores=tuple(float(score) for score in scores),
        reason=reason,
        read=track.indices[0],
    )


def _probability(score: float, thresholds: Thresholds) -> float:
    exponent = thresholds.slope * max(score, -500.0) + thresholds.bias
    return 1.0 / (1.0 + exp(-exponent)) if exponent > -500.0 else 0.0
