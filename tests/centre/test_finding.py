"""The search by plate: whatever the pattern, months and order, exactly the newest cases that fit, each by its pairs."""

from __future__ import annotations

import random
import re
from datetime import date
from typing import Any

import pytest

from centre.database import Connection
from centre.database.migrate import migrate
from centre.errors import CentreError
from centre.records import Terms
from centre.records.finding import find_cases
from centre.records.plates import like, pairs
from tests.support.centre import Centre, Postgres

MONTHS = [date(2026, month, 1) for month in range(1, 10)]
COLUMNS = "unit_id, number, month, state, filed_seq, at_utc, plate, corrected_plate"
PATTERNS = (
    *("AB123CD", "AB123*", "A?1?3?D", "?B?2?C?", "*23C*", "*123CD", "A*", "*D", "?", "*", "???????", "A*D", "*1*3*"),
    *("A?????D", "*A?*?3*", "ZZ999Z?", "????3*", "*????C", "B*1*2*C", "*1*1*1*1*", "A1", "ab 12?*"),
)


@pytest.fixture
def plates() -> list[tuple[Any, ...]]:
    """Cases of 9 months with plates of few letters, so that patterns fit many, few and none."""
    chance = random.Random(16)

    def plate() -> str:
        letters = "".join(chance.choice("ABCD") for _ in range(4))
        digits = "".join(chance.choice("123") for _ in range(3))
        return chance.choice([letters[:2] + digits + letters[2:], letters[:1] + digits, letters + digits, ""])

    made = []
    for number in range(1, 1801):
        month = chance.choice(MONTHS)
        at_utc = chance.choice([None, float(chance.randrange(10**9, 10**9 + 500))])
        corrected = plate() if chance.random() < 0.1 else None
        state = "purged" if chance.random() < 0.1 else "decided"
        made.append((1 + number % 2, number, month, state, number, at_utc, plate(), corrected))
    return made


async def filled_with(connection: Connection, plates: list[tuple[Any, ...]]) -> None:
    await connection.execute("INSERT INTO units (serial, state) VALUES ('A1', 'active'), ('A2', 'active')")
    await connection.execute("SELECT ensure_month(month) FROM unnest($1::date[]) AS month", MONTHS)
    await connection.copy_records_to_table("cases", records=plates, columns=COLUMNS.split(", "))


def fitting(plates: list[tuple[Any, ...]], pattern: str, unit: int | None = None) -> list[int]:
    """The numbers of the cases that fit, in the order of a list: made without PostgreSQL."""
    text = re.escape("".join(pattern.upper().split())).replace(r"\*", ".*").replace(r"\?", ".")
    fits = re.compile(text)
    found = [
        row
        for row in plates
        if row[3] != "purged"
        and (fits.fullmatch(row[6]) or (row[7] is not None and fits.fullmatch(row[7])))
        and unit in (None, row[0])
    ]
    found.sort(key=lambda row: (-row[2].toordinal(), row[5] is None, -(row[5] or 0), row[0], row[1]))
    return [row[1] for row in found]


@pytest.mark.parametrize("read_first", [1, 100, 20_000], ids=["looked up", "both", "read"])
async def test_every_pattern_finds_exactly_the_newest_that_fit(
    centre: Centre, plates: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch, read_first: int
) -> None:
    monkeypatch.setattr("centre.records.finding.READ_FIRST", read_first)
    async with centre.pool.acquire() as connection:
        await filled_with(connection, plates)
        counts = []
        for pattern in PATTERNS:
            expected = fitting(plates, pattern)
            counts.append(len(expected))
            for limit in (3, 1000):
                found = await find_cases(connection, Terms(plate=pattern, limit=limit))
                assert [row["number"] for row in found.rows] == expected[:limit], pattern
                assert (found.more, found.back_to) == (len(expected) > limit, None)
            of_unit = await find_cases(connection, Terms(unit="A2", plate=pattern, limit=1000))
            assert [row["number"] for row in of_unit.rows] == fitting(plates, pattern, 2)[:1000]
            assert {row["serial"] for row in of_unit.rows} <= {"A2"}
        assert min(counts) == 0 and max(counts) > 1000 and len([count for count in counts if 0 < count < 50]) >= 3
        everything = await find_cases(connection, Terms(limit=1000))
        assert [row["number"] for row in everything.rows] == fitting(plates, "*")[:1000] and everything.more


async def test_a_pattern_without_pairs_says_how_far_back_it_looked(
    centre: Centre, plates: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pairs("*1*1*1*1*") == []
    monkeypatch.setattr("centre.records.finding.READ_AT_MOST", 400)
    plates[-1] = (1, 1800, MONTHS[0], "decided", 1800, 1e9, "1A1B1C1", None)  # in the oldest month
    async with centre.pool.acquire() as connection:
        await filled_with(connection, plates)
        short = await find_cases(connection, Terms(plate="*1*1*1*1*"))
        assert not short.rows and short.back_to is not None
        whole = await find_cases(connection, Terms(plate="*1*1*1*1*", since=date(2001, 9, 9)))
        assert [row["number"] for row in whole.rows] == [1800] and whole.back_to is None
        frequent = await find_cases(connection, Terms(plate="*A*", limit=5))
        assert len(frequent.rows) == 5 and frequent.more and frequent.back_to is None, "all that was wanted is here"


async def test_the_pairs_of_a_pattern_are_in_those_of_each_plate_that_fits(centre: Centre) -> None:
    sql = "SELECT plate_pairs($1, $2) @> $3::integer[]"
    async with centre.pool.acquire() as connection:
        for pattern, plate, corrected in (
            *(("A?1?3?D", "AB123CD", None), ("A?1?3?D", "", "AX193YD"), ("*3C*", "AB123CD", None)),
            *(
                ("A????C?", "AB123CD", ""),
                ("?", "Ж", None),
                ("A?B", "AЖB", None),
                ("*" + "A" * 9, "B" * 191 + "A" * 9, None),
            ),
        ):
            assert await connection.fetchval(sql, plate, corrected, pairs(pattern)), pattern
        for pattern, plate in (("A?1*", "AB213CD"), ("A?1", "AB12"), ("*C", "CD"), ("???A", "A")):
            assert pairs(pattern) and not await connection.fetchval(sql, plate, None, pairs(pattern)), pattern


async def test_the_index_of_pairs_is_used_in_each_month(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("centre.records.finding.READ_FIRST", 1)
    async with centre.pool.acquire() as connection:
        await connection.execute("INSERT INTO units (serial, state) VALUES ('A1', 'active')")
        await connection.execute("SELECT ensure_month(month) FROM unnest('{2026-01-01, 2026-02-01}'::date[]) AS month")
        await connection.execute(
            f"INSERT INTO cases ({COLUMNS}) SELECT 1, n, make_date(2026, 1 + n % 2, 1), 'decided', n, n,"
            f" upper(substr(md5(n::text), 1, 7)), NULL FROM generate_series(1, 6000) AS n"
        )
        await connection.execute("VACUUM ANALYZE cases")
        for plate in ("C4CA423", "C4CA*", "*A423", "?4CA4*", "C?C?4?3"):
            async with connection.transaction():
                before = await _scans(connection)
                found = await find_cases(connection, Terms(plate=plate))
                assert 1 in [row["number"] for row in found.rows]
                scans = await _scans(connection)
                assert len(scans) == 2 and all(scans[name] > before[name] for name in scans), (plate, before, scans)


async def _scans(connection: Connection) -> dict[str, int]:
    """How often this transaction used the index of pairs of each month."""
    rows = await connection.fetch(
        "SELECT relname, pg_stat_get_xact_numscans(oid) AS scans FROM pg_class WHERE relname LIKE 'cases%pairs%idx'"
    )
    return {row["relname"]: row["scans"] for row in rows}


async def test_cases_of_before_are_found_after_the_step(postgres: Postgres) -> None:
    """A database of the schema before: its rows get their pairs."""
    async with postgres.database() as name, postgres.connected(name) as connection:
        await connection.execute(
            "DROP SCHEMA IF EXISTS registry CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        )
        await migrate(connection, 11)
        await connection.execute("INSERT INTO units (serial, state) VALUES ('A1', 'active')")
        await connection.execute("SELECT ensure_month('2026-01-01')")
        await connection.execute(
            f"INSERT INTO cases ({COLUMNS}) VALUES (1, 1, '2026-01-01', 'decided', 1, 1, 'AB123CD', 'AB128CD'),"
            " (1, 2, '2026-01-01', 'pending', 1, 1, '', NULL)"
        )
        await migrate(connection)
        for pattern, numbers in (("A?1?8*", [1]), ("A?1?3*", [1]), ("A?1?4*", []), ("*", [1, 2])):
            found = await find_cases(connection, Terms(plate=pattern))
            assert [row["number"] for row in found.rows] == numbers, pattern


@pytest.mark.parametrize("plate", ["", " ", "%", "A_", "A;B", "É"])
def test_a_pattern_that_is_none_is_refused(plate: str) -> None:
    with pytest.raises(CentreError, match="letters and digits"):
        like(plate)
