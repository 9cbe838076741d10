"""The lines a claim must cross to be named; the converter draws them from trials with known plates."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from math import isfinite
from pathlib import Path

from edge.errors import ModelError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the calibration draws the lines.

    ``accept``: least probability (0 to 1) of an accepted claim. ``margin``: least lead of its score over every other
    claim's that is not its twin, in nats; ``twin``: over every claimed twin's; ``unclaimed``: over every other twin's.
    ``slope``, ``bias``: from scores to probability, see :func:`probability`.
    """

    accept: float
    margin: float
    slope: float
    bias: float
    twin: float = 3.0
    unclaimed: float = 0.0

    @classmethod
    def load(cls, path: Path, reader: str) -> Thresholds:
        """Read what ``autovelox-convert reader calibrate`` wrote for the network whose SHA-256 is *reader*.

        Raises:
            ModelError: the file is missing, of another form, or holds for another network.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            lines = cls(**{name: float(value) for name, value in content["thresholds"].items()})
            calibrated = content["reader_sha256"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ModelError(f"{path.name} is missing or damaged", "install the models again") from None
        least = min(lines.margin, lines.twin, lines.unclaimed)
        if not (0 < lines.accept <= 1 and lines.slope > 0 and least >= 0 and isfinite(sum(astuple(lines)))):
            raise ModelError(f"{path.name} has thresholds that cannot be", "install the models again")
        if calibrated != reader:
            raise ModelError(
                f"{path.name} was made for another reader",
                "run autovelox-convert reader calibrate, or install the models again",
            )
        return lines

    def as_dict(self) -> dict[str, float]:
        """The form :meth:`load` reads."""
        return asdict(self)
