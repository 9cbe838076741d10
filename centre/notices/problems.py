"""What is wrong: units that are silent, behind, full or of another time, alarms, the centre's disk and certificate.

Of a case there is nothing in a problem: serial numbers, numbers of entries and figures. What a unit says in words is
not passed on, since a stolen one may say anything.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from centre.database import Connection, Row
from centre.units import reported

GIB = 1 << 30
_UNITS = """
SELECT serial, head_seq, status, extract(epoch FROM now() - greatest(status_at, delivered_at, joined_at)) AS silent_s,
    extract(epoch FROM now() - coalesce(delivered_at, joined_at)) AS behind_s,
    extract(epoch FROM status_at) AS status_utc
FROM units WHERE state = 'active' ORDER BY serial
"""
_ALARMS = """
SELECT alarms.id, serial, kind, cause, seq FROM alarms LEFT JOIN units ON units.id = unit_id
WHERE closed_at IS NULL ORDER BY alarms.id
"""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: *key* stays the same as long as it lasts; *unit* is empty for the centre's own."""

    key: str
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on something is wrong: seconds, bytes, days, percent."""

    silent_after_s: float
    behind_after_s: float
    clock_s: float
    unit_free_bytes: int
    disk_free_percent: float
    certificate_days: float


async def find_problems(
    connection: Connection, bounds: Bounds, *, certificate_end: datetime, state_dir: Path
) -> list[Problem]:
    """Everything that is wrong now; the *connection* is the house's."""
    found = list(_own(bounds, certificate_end, state_dir))
    for row in await connection.fetch(_UNITS):
        found += _of_unit(row, bounds)
    for row in await connection.fetch(_ALARMS):
        where = f", entry {row['seq']}" if row["seq"] is not None else ""
        text = f"alarm {row['id']} ({row['kind']}{where}): {row['cause']}"
        found.append(Problem(f"alarm:{row['id']}", row["serial"] or "", text))
    return found


def _own(bounds: Bounds, certificate_end: datetime, state_dir: Path) -> Iterator[Problem]:
    left_days = (certificate_end - datetime.now(UTC)).total_seconds() / 86_400
    if left_days < bounds.certificate_days:
        yield Problem("certificate", "", f"the centre's certificate ends in {max(0, math.floor(left_days))} days")
    usage = shutil.disk_usage(state_dir)
    free_percent = 100 * usage.free / usage.total
    if free_percent < bounds.disk_free_percent:
        yield Problem("disk", "", f"the centre's disk has {free_percent:.0f} % free: {usage.free / GIB:.1f} GiB")


def _of_unit(row: Row, bounds: Bounds) -> Iterator[Problem]:
    serial = row["serial"]
    if row["silent_s"] is not None and row["silent_s"] > bounds.silent_after_s:
        yield Problem(f"silent:{serial}", serial, "nothing is heard of it")
        return  # what it said before is old
    said = reported(row["status"], row["status_utc"])
    if said.own_seq > row["head_seq"] and row["behind_s"] > bounds.behind_after_s:
        yield Problem(f"behind:{serial}", serial, f"{said.own_seq - row['head_seq']} of its entries do not arrive")
    if said.clock_s is not None and abs(said.clock_s) > bounds.clock_s:
        yield Problem(f"clock:{serial}", serial, f"its clock is {said.clock_s:+.0f} s off")
    if said.is_disk_bad or (said.free_bytes is not None and said.free_bytes < bounds.unit_free_bytes):
        shown = f": {said.free_bytes / GIB:.1f} GiB free" if said.free_bytes is not None else ""
        yield Problem(f"disk:{serial}", serial, f"its disk is full or does not work{shown}")
