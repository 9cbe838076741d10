"""Counts of a unit's cases, for publication: no plate, no name, no single case.

Only filed cases are counted: the unit does not record who drives within the limit, so that V85 here is that of the
cases and not of the traffic.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.cases.evidence import to_basis
from edge.cases.storage import StateFolder, open_to_read
from edge.errors import CaseError
from edge.law import in_unit
from edge.model import SpeedUnit, is_infringement

BIN = 5
"""Width of a bar of the histogram, in the unit in which the law counts."""

_CASES = """
SELECT at_utc, speed_kmh, outcome, review,
    (SELECT json_extract(CAST(body AS TEXT), '$.basis') FROM entries WHERE seq = filed_seq),
    (SELECT header FROM entries WHERE seq = decided_seq),
    (SELECT header FROM entries AS judged
        WHERE case_number = number AND kind IN ('confirm', 'confirm_vehicle', 'set_name_aside', 'dismiss')
        AND NOT EXISTS (SELECT 1 FROM entries AS back WHERE back.case_number = number AND back.kind = 'withdraw'
            AND json_extract(CAST(back.body AS TEXT), '$.judgement') = judged.seq)
        ORDER BY seq LIMIT 1),
    (SELECT json_extract(CAST(body AS TEXT), '$.speed_unit') FROM entries WHERE seq = filed_seq)
FROM cases WHERE purged_seq IS NULL AND at_utc >= ? AND at_utc < ? ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of the cases of a time; speeds are measured ones in km/h, times of day are the unit's local ones.

    Attributes:
        cases: all cases, of which ``infringements`` are infringements; what follows is about infringements alone.
        v50_kmh: half of the infringements with a measured speed were not faster; None without any.
        v85_kmh: 85 of 100 of them were not faster.
        fastest_kmh: the fastest one.
        speeds: for each step of :data:`BIN` from its lower bound on, in ``speed_unit``, how many were measured in it.
        speed_unit: what the law of the newest of them counts in.
        hours: how many in each hour of the day, 24 counts.
        weekdays: how many on each day of the week, Monday first.
        verdicts: how many of each verdict, ``pending`` where there is none yet.
        reviews: how many of each newest judgement, ``open`` without one.
        review_median_s: half of the reviewed were confirmed or dismissed within so many seconds after the verdict.
        review_p90_s: nine of ten were.
    """

    cases: int = 0
    infringements: int = 0
    v50_kmh: float | None = None
    v85_kmh: float | None = None
    fastest_kmh: float | None = None
    speeds: dict[str, int] = field(default_factory=dict)
    speed_unit: SpeedUnit = SpeedUnit.KMH
    hours: tuple[int, ...] = (0,) * 24
    weekdays: tuple[int, ...] = (0,) * 7
    verdicts: dict[str, int] = field(default_factory=dict)
    reviews: dict[str, int] = field(default_factory=dict)
    review_median_s: float | None = None
    review_p90_s: float | None = None


def statistics_of(state_dir: Path, *, since_utc: float = 0.0, until_utc: float = 1e12) -> Statistics:
    """The counts of the cases whose trigger was from *since_utc* to before *until_utc* (Unix seconds).

    Raises:
        CaseError: the store cannot be read.
    """
    try:
        with closing(open_to_read(StateFolder(state_dir))) as database:
            return count(database.execute(_CASES, (since_utc, until_utc)))
    except sqlite3.Error as error:
        raise CaseError(f"the case store cannot be read ({error})", "run autovelox cases verify") from None


def count(rows: Iterable[Sequence[Any]]) -> Statistics:
    """Count *rows*, the oldest case first.

    Each has time, speed, outcome, newest judgement, basis, headers of the verdict's and the review's entry, and what
    the law counts in (None for km/h).
    """
    cases, infringements = 0, 0
    speeds: list[float] = []
    waits: list[float] = []
    hours, weekdays = [0] * 24, [0] * 7
    verdicts: Counter[str] = Counter()
    reviews: Counter[str] = Counter()
    unit = SpeedUnit.KMH
    for at_utc, speed_kmh, outcome, review, basis, decided, reviewed, counted_in in rows:
        cases += 1
        if not is_infringement(to_basis(basis)):
            continue
        infringements += 1
        local = datetime.fromtimestamp(at_utc, UTC).astimezone()
        hours[local.hour] += 1
        weekdays[local.weekday()] += 1
        verdicts[outcome or "pending"] += 1
        reviews[review or "open"] += 1
        if speed_kmh is not None:
            speeds.append(speed_kmh)
            unit = SpeedUnit(counted_in or SpeedUnit.KMH)
        if decided is not None and reviewed is not None:
            waits.append(max(0.0, json.loads(reviewed)["at"] - json.loads(decided)["at"]))
    speeds.sort()
    waits.sort()
    return Statistics(
        cases=cases,
        infringements=infringements,
        v50_kmh=percentile(speeds, 50),
        v85_kmh=percentile(speeds, 85),
        fastest_kmh=speeds[-1] if speeds else None,
        speeds=_histogram([in_unit(speed, unit) for speed in speeds]),
        speed_unit=unit,
        hours=tuple(hours),
        weekdays=tuple(weekdays),
        verdicts=dict(sorted(verdicts.items())),
        reviews=dict(sorted(reviews.items())),
        review_median_s=percentile(waits, 50),
        review_p90_s=percentile(waits, 90),
    )


def percentile(values: Sequence[float], percent: int) -> float | None:
    """The smallest of the sorted *values* that *percent* of 100 of them do not exceed (nearest rank); None of none."""
    return values[max(0, -(-percent * len(values) // 100) - 1)] if values else None


def _histogram(speeds: Sequence[float]) -> dict[str, int]:
    """How many of the sorted *speeds* are in each step, without holes between the first and the last."""
    if not speeds:
        return {}
    counts = Counter(int(speed // BIN) for speed in speeds)
    return {str(step * BIN): counts[step] for step in range(min(counts), max(counts) + 1)}
