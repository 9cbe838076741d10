"""The newest cases that fit what is asked for, among many millions in a few dozen months.

The newest month comes first, and in it the newest case: partitions that are not needed are not read. A plate that many
cars fit is soon found by reading the newest cases one by one; one that few fit is looked up by the pairs of its
characters (:mod:`centre.records.plates`), in one month, then in twice as many, until there are enough cases or no month
is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from centre.database import Connection, Row
from centre.records.plates import like, pairs

MOST_ROWS: Final = 1000
READ_FIRST: Final = 5_000
"""So many of the newest cases are read one by one before any pair is looked up."""
READ_AT_MOST: Final = 100_000
"""So many of the newest cases are read where a plate's pattern has no pair and nobody said how far back to look."""
_SHOWN: Final = (
    *("serial", "number", "state", "at_utc", "site", "speed_kmh", "limit_kmh", "plate", "corrected_plate", "outcome"),
    *("driver_name", "review", "is_held"),
)
_ORDER: Final = "ORDER BY month DESC, at_utc DESC NULLS LAST, unit_id, number"
_NEWEST: Final = "ORDER BY at_utc DESC NULLS LAST, unit_id, number"
"""The order within one month."""
_HAS_PLATE: Final = "(plate <> '' OR corrected_plate <> '')"
"""As the index has it."""
_MONTHS: Final = "SELECT month FROM purged_months(true) AS month ORDER BY month DESC"


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked for: cases of the *unit* with this serial, with a *plate* in which ``*`` and ``?`` may stand.

    *since* and *until* are days in UTC, both counted; at most *limit* cases, the newest first. Without *drivers* no
    name leaves the database.
    """

    unit: str | None = None
    plate: str | None = field(default=None, repr=False)
    since: date | None = None
    until: date | None = None
    limit: int = 50
    drivers: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """The cases that were found: the newest month of filing first, in it the newest case.

    *more*: others fit that the limit left out. *back_to*: cases from before this day were not looked at. *in_mph*:
    serial and number of the cases whose law counts in miles per hour; every speed in a row is in km/h. *nameless*:
    those whose name officers took away.
    """

    rows: Sequence[Row]
    more: bool = False
    back_to: date | None = None
    in_mph: Set[tuple[str, int]] = frozenset()
    nameless: Set[tuple[str, int]] = frozenset()


async def find_cases(connection: Connection, terms: Terms) -> Found:
    """The newest cases that *terms* ask for; nothing is chained here.

    Raises:
        CentreError: the plate is none.
    """
    limit = max(1, min(terms.limit, MOST_ROWS))
    wanted = _Wanted(terms)
    months = [month for (month,) in await connection.fetch(_MONTHS) if wanted.may_be_in(month)]
    async with connection.transaction():
        # One statement may find a few rows or a million: PostgreSQL plans each for its own values.
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL jit = off")
        if terms.plate is None:
            rows = await _newest(connection, wanted, months, limit + 1)
            return Found(rows[:limit], more=len(rows) > limit)
        if terms.unit is None:
            is_by_reading = not wanted.pairs and terms.since is None
            for most in (READ_FIRST, READ_AT_MOST) if is_by_reading else (READ_FIRST,):
                rows, back_to = await _read(connection, wanted, months, limit + 1, most)
                if len(rows) > limit:
                    return Found(rows[:limit], more=True)
            if is_by_reading:
                return Found(rows, back_to=back_to)
        rows = await _look_up(connection, wanted, months, limit + 1)
    return Found(rows[:limit], more=len(rows) > limit)


class _Wanted:
    """The conditions of a search, and the values of their parameters: $1 and so on."""

    def __init__(self, terms: Terms) -> None:
        self.values: list[object] = []
        self.pairs = [] if terms.plate is None else pairs(terms.plate)
        self._since, self._drivers = terms.since, terms.drivers
        conditions = ["state <> 'purged'"]
        if terms.unit is not None:
            own = f"(SELECT id FROM units WHERE serial = {self._parameter(terms.unit)})"  # noqa: S608 - a number
            conditions.append(f"unit_id = {own}")
        if terms.since is not None:
            conditions.append(f"at_utc >= {self._parameter(_midnight(terms.since))}")
        if terms.until is not None:
            conditions.append(f"at_utc < {self._parameter(_midnight(terms.until + timedelta(days=1)))}")
        self.conditions = " AND ".join(conditions)
        self.plate = "true"
        if terms.plate is not None:
            pattern = self._parameter(like(terms.plate))
            self.plate = f"(plate LIKE {pattern} OR corrected_plate LIKE {pattern})"

    def may_be_in(self, month: date) -> bool:
        """Whether a case that was filed in *month* may be asked for: none is filed before its trigger."""
        return self._since is None or month >= self._since.replace(day=1)

    def select(self, table: str, *more: str) -> str:
        """What is shown of the cases of *table*, and the columns that are named besides."""
        shown = [name if self._drivers or name != "driver_name" else "'' AS driver_name" for name in _SHOWN[1:]]
        names = ", ".join((*shown, *more))
        return f"SELECT (SELECT serial FROM units WHERE id = unit_id) AS serial, {names} FROM {table}"  # noqa: S608

    def statement(self, sql: str, **more: object) -> tuple[str, list[object]]:
        """*sql* with the name of each further value in braces replaced by a parameter, and all values."""
        names = {name: f"${number}" for number, name in enumerate(more, len(self.values) + 1)}
        return sql.format(**names), [*self.values, *more.values()]

    def _parameter(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


async def _newest(connection: Connection, wanted: _Wanted, months: Sequence[date], limit: int) -> list[Row]:
    """The newest cases, whatever their plates."""
    rows: list[Row] = []
    for month in months:
        sql = f"{wanted.select('cases')} WHERE {wanted.conditions} AND month = {{month}} {_NEWEST} LIMIT {{limit}}"
        statement, values = wanted.statement(sql, month=month, limit=limit - len(rows))
        rows += await connection.fetch(statement, *values)
        if len(rows) >= limit:
            break
    return rows


async def _read(
    connection: Connection, wanted: _Wanted, months: Sequence[date], limit: int, most: int
) -> tuple[list[Row], date | None]:
    """Read so many of the newest cases for the first that fit; and the day back to which that was, if not all."""
    rows: list[Row] = []
    for month in months:
        sql = f"""
            WITH newest AS MATERIALIZED (
                SELECT * FROM cases WHERE {wanted.conditions} AND month = {{month}} {_NEWEST} LIMIT {{most}}
            ), fitting AS ({wanted.select("newest", "unit_id")} WHERE {wanted.plate} {_NEWEST} LIMIT {{limit}})
            SELECT fitting.*, counted, oldest
            FROM (SELECT count(*) AS counted, min(at_utc) AS oldest FROM newest) AS figures LEFT JOIN fitting ON true
            {_NEWEST}
        """  # noqa: S608 - our own words only
        statement, values = wanted.statement(sql, month=month, most=most, limit=limit - len(rows))
        found = await connection.fetch(statement, *values)
        rows += [row for row in found if row["serial"] is not None]
        most -= found[0]["counted"]
        if len(rows) >= limit or most <= 0:
            oldest = found[0]["oldest"]
            return rows, month if oldest is None else datetime.fromtimestamp(oldest, UTC).date()
    return rows, None


async def _look_up(connection: Connection, wanted: _Wanted, months: Sequence[date], limit: int) -> list[Row]:
    """The newest cases that have the pairs of the plate; in one month, the next, the next two, and so on."""
    rows: list[Row] = []
    has_pairs = f"plate_pairs(plate, corrected_plate) @> {{pairs}}::integer[] AND {_HAS_PLATE}"
    for some in _growing(months):
        # OFFSET 0: what is inside is planned to find all that fit, not to come upon a few of them soon.
        sql = f"""
            SELECT * FROM (
                {wanted.select("cases", "month", "unit_id")}
                WHERE {wanted.conditions} AND month = ANY({{months}}::date[])
                AND {has_pairs if wanted.pairs else "true"} AND {wanted.plate} OFFSET 0
            ) AS fitting {_ORDER} LIMIT {{limit}}
        """  # noqa: S608 - our own words only
        more: dict[str, object] = {"pairs": wanted.pairs} if wanted.pairs else {}
        statement, values = wanted.statement(sql, months=some, limit=limit - len(rows), **more)
        rows += await connection.fetch(statement, *values)
        if len(rows) >= limit:
            break
    return rows


def _growing(months: Sequence[date]) -> Iterator[Sequence[date]]:
    """The first month, the second, the next two, the next four, and so on."""
    start, size = 0, 1
    while start < len(months):
        yield months[start : start + size]
        size, start = max(1, start + size), start + size


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()
