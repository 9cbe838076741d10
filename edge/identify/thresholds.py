"""The lines a claim must cross to be named; the converter draws them from trials with known plates."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from math import isfinite

from edge.errors import ModelError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the calibration draws the lines.

    ``accept``: least probability (0 to 1) of an accepted claim. ``margin``: least lead of its score over every other
    claim's that is not its twin, in nats; ``twin``: over every claimed twin's; ``shape``: over every other text of its
    shape; ``unclaimed``: over every other twin's. ``slope``, ``bias``: from scores to probability, see
    :func:`probability`.
    """

    accept: float
    margin: float
    slope: float
    bias: float
    twin: float = 3.0
    unclaimed: float = 0.0
    shape: float = 0.0

    @classmethod
    def parse(cls, content: bytes, reader: str, *, name: str = "verdict.json") -> Thresholds:
        """Read what ``autovelox-convert reader calibrate`` wrote for the network whose SHA-256 (hex) is *reader*.

        Args:
            content: the file's bytes.
            reader: checksum of the network that is in use.
            name: the file's name, for messages.

        Raises:
            ModelError: the content is of another form, or holds for another network.
        """
        try:
            document = json.loads(content)
            lines = {key: float(value) for key, value in document["thresholds"].items()}
            # A file from before texts of one shape had a line of their own.
            thresholds = cls(**{"shape": lines.get("unclaimed", 0.0), **lines})
            calibrated = document["reader_sha256"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ModelError(f"{name} is damaged", "install the models again") from None
        least = min(thresholds.margin, thresholds.twin)
        bounded = 0 < thresholds.accept <= 1 and thresholds.slope > 0 and least >= 0
        if not (bounded and isfinite(sum(astuple(thresholds)))):
            raise ModelError(f"{name} has thresholds that cannot be", "install the models again")
        if calibrated != reader:
            raise ModelError(
                f"{name} was made for another reader",
                "run autovelox-convert reader calibrate, or install the models again",
            )
        return thresholds

    def as_dict(self) -> dict[str, float]:
        """The form :meth:`parse` reads."""
        return asdict(self)
