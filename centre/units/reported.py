"""What a unit's last status says, in figures that can be reckoned with: a stolen unit may report anything."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reported:
    """The newest entry of the unit's own chain, how far its clock is off (s, when the status came), its free bytes.

    ``clock_s`` and ``free_bytes`` are None where the status does not say, or nothing that can be.
    """

    own_seq: int
    clock_s: float | None
    free_bytes: float | None
    is_disk_bad: bool


def reported(status: str | None, received_utc: float | None) -> Reported:
    """Read a *status* (JSON, as it was kept) that came at *received_utc* (Unix seconds)."""
    said = json.loads(status) if status else {}
    said = said if isinstance(said, dict) else {}
    head, problems, utc = said.get("head"), said.get("problems"), _number(said.get("utc"))
    own_seq = _number(head.get("seq")) if isinstance(head, dict) else None
    return Reported(
        own_seq=int(own_seq or 0),
        clock_s=utc - float(received_utc) if utc is not None and received_utc is not None else None,
        free_bytes=_number(said.get("free_bytes")),
        is_disk_bad=isinstance(problems, dict) and "disk" in problems,
    )


def _number(value: Any) -> float | None:
    """*value* as a finite number of a size that is counted in; None if it is none."""
    if type(value) not in (int, float) or not -(2**63) < value < 2**63:
        return None
    return float(value) if math.isfinite(value) else None
