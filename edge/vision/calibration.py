"""What was fitted to the reader's network: the confidence of a plate, of its country, and the verdict's thresholds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.identify import Thresholds
from edge.vision.checksums import read_checked, reader_checksum


@dataclass(frozen=True, slots=True)
class Calibration:
    """Maps the characters' confidences to the probability that the whole text is right.

    Platt scaling (Platt, 1999) of the log-odds of their product: ``sigmoid(slope * logit + offset)``.
    """

    slope: float
    offset: float

    def confidence(self, characters: Sequence[float]) -> float:
        """Return the calibrated confidence, 0 to 1; 0 where nothing was read."""
        if not characters:
            return 0.0
        return 1 / (1 + math.exp(-(self.slope * log_odds(characters) + self.offset)))


@dataclass(frozen=True, slots=True)
class CountryCalibration:
    """Maps the logits of the countries to probabilities.

    ``slope`` is the factor of the logits. ``doubt`` (0 to 1) is the share of plates of which the network knows nothing,
    however sure it is: real plates are not all like the drawn ones that it has learnt from.
    """

    slope: float = 1.0
    doubt: float = 0.0

    def shares(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the probability of each country, float64 (countries,), for the *logits* (countries,)."""
        scaled = np.exp((logits - logits.max()).astype(np.float64) * self.slope)
        return np.asarray((1 - self.doubt) * scaled / scaled.sum() + self.doubt / len(logits), np.float64)


def log_odds(characters: Sequence[float]) -> float:
    """Return the log-odds of the product of *characters*, held within -14 to 14."""
    product = math.exp(sum(math.log(max(c, 1e-6)) for c in characters))
    product = min(max(product, 1e-6), 1 - 1e-6)
    return math.log(product / (1 - product))


def load_thresholds(models: Path) -> Thresholds:
    """Return the verdict's thresholds in the folder of all *models*.

    Raises:
        ModelError: the file is missing, altered, of another form, or was made for another reader than the one there.
    """
    path = models / "verdict.json"
    return Thresholds.parse(read_checked(path), reader_checksum(models), name=path.name)
