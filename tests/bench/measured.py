"""What a bench measured beside its clock: the processor time of the processes that did the work."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Measured(NamedTuple):
    """Entries a second, and the processor time of an entry in microseconds: of this process, and of PostgreSQL."""

    rate: float
    python_us: float
    postgres_us: float


def children_s(process: int) -> float:
    """The processor time of the children of *process* that run, in seconds."""
    found = 0.0
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            with suppress(OSError):
                found += int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) / 1e9
    return found
