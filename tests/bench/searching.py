"""``make bench-search``: how long an officer of the centre waits for a search by plate, among made-up cases on a disk.

    python tests/bench/searching.py [--cases 10000000] [--months 24] [--folder FOLDER]

The cases are rows of one made-up unit: plates of seven characters as Italy's are, all that is in a list, in partitions
of so many months, with the indexes of the schema; ``fsync`` is on. Each figure is of the whole of ``cases list
--plate``: the search, the entry in the centre's chain that is durable before anything is answered, and the rows.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import asyncpg

from centre.database import EmbeddedServer, migrate
from centre.records import Officer, Terms, list_cases
from edge.cases.evidence import Signer

LETTERS = "ABCDEFGHJKLMNPRSTVWXYZ"
PATTERNS = ("AB123CD", "AB123*", "A?123*", "*123CD", "*23C*", "A*", "A?1?3?D", "?B?2?C?", "ZZ999Z?")
ROUNDS = 15
FILL = f"""
INSERT INTO cases (unit_id, number, month, state, at_utc, site, speed_kmh, limit_kmh, plate, outcome, driver_name,
    filed_seq, decided_seq)
SELECT 1, $1 + n, $2::date, 'decided', extract(epoch FROM $2::date::timestamp) + n % 2500000 + random(),
    'SP 1, km ' || n % 200, 50 + n % 90, 50,
    (SELECT string_agg(CASE WHEN place BETWEEN 3 AND 5 THEN chr(48 + (digits[place] * 10)::int % 10)
        ELSE substr('{LETTERS}', 1 + (digits[place] * {len(LETTERS)})::int % {len(LETTERS)}, 1) END, '' ORDER BY place)
        FROM generate_series(1, 7) AS place),
    CASE WHEN n % 3 = 0 THEN 'unidentified' ELSE 'identified' END, 'Ada Rossi', 2 * ($1 + n), 2 * ($1 + n) + 1
FROM (SELECT n, ARRAY[random(), random(), random(), random(), random(), random(), random()] AS digits
    FROM generate_series(1, $3::bigint) AS n) AS made
"""


async def bench(folder: Path, cases: int, months: int) -> list[tuple[str, int, float, float]]:
    """For each pattern: hits, p50 and p99 in ms."""
    server = EmbeddedServer(folder / "postgresql")
    await server.start()
    try:
        connection = await asyncpg.connect(server.dsn)
        await migrate(connection)
        await connection.execute("INSERT INTO units (serial, state) VALUES ('U1', 'active')")
        await _fill(connection, cases, months)
        return [await _row(connection, pattern) for pattern in PATTERNS]
    finally:
        await server.stop()


async def _fill(connection: asyncpg.Connection, cases: int, months: int) -> None:
    """Rows first, indexes after: the way of a restore, in a fraction of the time."""
    names = ("cases_by_time", "cases_by_plate", "cases_by_corrected_plate")
    indexes = [await connection.fetchval("SELECT pg_get_indexdef($1::regclass)", name) for name in names]
    for name in names:
        await connection.execute(f"DROP INDEX {name}")
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for number in range(months):
        month = await connection.fetchval(
            "SELECT ensure_month((date_trunc('month', now()) - make_interval(months => $1))::date)", number
        )
        await connection.execute(FILL, number * (cases // months), month, cases // months)
    for index in indexes:
        await connection.execute(index.replace(" ON ONLY ", " ON "))  # as the catalogue writes that of a parent
    await connection.execute("VACUUM ANALYZE cases")


async def _row(connection: asyncpg.Connection, pattern: str) -> tuple[str, int, float, float]:
    signer, times, hits = Signer(bytes(range(32))), [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = await list_cases(connection, signer, Officer("bench", "bench"), Terms(plate=pattern, limit=50))
        times.append(1e3 * (time.perf_counter() - began))
        hits = len(found)
    return pattern, hits, statistics.median(times), sorted(times)[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the search by plate at the centre.")
    parser.add_argument("--cases", type=int, default=1_000_000, help="(default %(default)s)")
    parser.add_argument("--months", type=int, default=24, help="partitions (default %(default)s)")
    parser.add_argument("--folder", type=Path, help="where the database is made (default: the temporary folder)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-search-", dir=args.folder) as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # root's PostgreSQL runs as another account
        rows = asyncio.run(bench(folder, args.cases, args.months))
    print(f"{args.cases:,} cases in {args.months} months")
    print("| pattern | rows shown | p50, ms | longest of 15, ms |")
    print("|---|---:|---:|---:|")
    for pattern, hits, half, most in rows:
        print(f"| `{pattern}` | {hits} | {half:,.1f} | {most:,.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
