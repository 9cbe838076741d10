"""What the table is made of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Tally:
    """One line of the table."""

    fault: str
    runs: int = 0
    filed: int = 0
    found: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
