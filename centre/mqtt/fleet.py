"""What there is to tell: one document of figures for the centre and one for each active unit.

What a unit says in words is not passed on, since a stolen one may say anything.
"""

from __future__ import annotations

import math
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from centre.database import Connection, Row
from centre.notices import Bounds, Problem, find_problems
from centre.units import reported

Document = Mapping[str, object]
ON, OFF = "ON", "OFF"
AWAY: Final[Document] = {"problem": ON, "problems": ["database"]}
"""Of the centre, while PostgreSQL does not answer."""
MIB: Final = 1 << 20
_UNITS = """
SELECT serial, head_seq, status, extract(epoch FROM status_at) AS status_utc,
    (SELECT count(*) FROM blobs WHERE unit_id = units.id AND complete_at IS NULL AND lost_at IS NULL) AS photos,
    (SELECT count(*) FROM alarms WHERE unit_id = units.id AND closed_at IS NULL) AS alarms
FROM units WHERE state = 'active' ORDER BY serial
"""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The documents: of the centre, and of each active unit by its serial number."""

    centre: Document
    units: Mapping[str, Document]


async def look_at_fleet(connection: Connection, bounds: Bounds, *, certificate_end: datetime, state_dir: Path) -> Fleet:
    """How the fleet is now; the *connection* is the house's. What is wrong is what notices tell, by the same bounds."""
    problems = defaultdict[str, set[str]](set)
    for problem in await find_problems(connection, bounds, certificate_end=certificate_end, state_dir=state_dir):
        problems[problem.unit].add(_kind(problem))
    rows = await connection.fetch(_UNITS)
    units = {row["serial"]: _of_unit(row, problems[row["serial"]]) for row in rows}
    usage = shutil.disk_usage(state_dir)
    return Fleet(
        {
            **_wrong(problems[""]),
            "units": len(units),
            "silent": sum("silent" in found for serial, found in problems.items() if serial),
            "alarms": sum(row["alarms"] for row in rows),
            "free_percent": round(100 * usage.free / usage.total, 1),
            "certificate_days": math.floor((certificate_end - datetime.now(UTC)).total_seconds() / 86_400),
        },
        units,
    )


def _of_unit(row: Row, problems: Iterable[str]) -> Document:
    said = reported(row["status"], row["status_utc"])
    return {
        "connected": OFF if "silent" in problems else ON,
        **_wrong(problems),
        "entries_to_come": max(0, said.own_seq - row["head_seq"]),
        "photos_to_come": row["photos"],
        "alarms": row["alarms"],
        "clock_s": round(said.clock_s) if said.clock_s is not None else None,
        "free_mib": int(said.free_bytes // MIB) if said.free_bytes is not None else None,
    }


def _wrong(problems: Iterable[str]) -> Document:
    found = sorted(problems)
    return {"problem": ON if found else OFF, "problems": found}


def _kind(problem: Problem) -> str:
    return problem.key.partition(":")[0]
