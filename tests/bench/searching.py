"""``make bench-search``: how long an officer of the centre waits for a search by plate, among made-up cases on a disk.

    python tests/bench/searching.py [--cases 10000000] [--months 24] [--folder FOLDER [--keep]]

The cases are rows of one made-up unit: plates of seven characters as Italy's are, all that is in a list, in partitions
of so many months, with the indexes of the schema; ``fsync`` is on. Each figure is of the whole of ``cases list
--plate``: the search, the entry in the centre's chain that is durable before anything is answered, and the rows.
``--keep`` leaves the database in the folder, and measures one that is there already.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import asyncpg

from centre.database import EmbeddedServer, migrate
from centre.records import Officer, Terms, list_cases
from edge.cases.evidence import Signer

LETTERS = "ABCDEFGHJKLMNPRSTVWXYZ"
PATTERNS = (
    *("AB123CD", "AB123*", "A?123*", "*123CD", "*23C*", "A*", "A?1?3?D", "?B?2?C?", "ZZ999Z?", "A?????D", "A*1?3*"),
    *("A1*", "*1*3*", "*Q*", "*1*1*1*A", "*4*3*2*1*A"),
)
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


Row = tuple[str, int, str, float, float]


async def bench(folder: Path, cases: int, months: int) -> tuple[list[str], list[Row]]:
    """What was made, and for each pattern: rows, what is said besides, p50 and the longest, in ms."""
    server = EmbeddedServer(folder / "postgresql")
    await server.start()
    try:
        connection = await asyncpg.connect(server.dsn)
        await migrate(connection)
        said = []
        if not await connection.fetchval("SELECT count(*) FROM units"):
            await connection.execute("INSERT INTO units (serial, state) VALUES ('U1', 'active')")
            said.append(await _fill(connection, cases, months))
        said += [await _sizes(connection), await _cost(connection)]
        for pattern in PATTERNS:
            await _row(connection, pattern, 1)  # what lies on the disk alone comes into memory
        return said, [await _row(connection, pattern, ROUNDS) for pattern in PATTERNS]
    finally:
        await server.stop()


async def _fill(connection: asyncpg.Connection, cases: int, months: int) -> str:
    """Rows first, indexes after: the way of a restore, in a fraction of the time, and that of the step to pairs."""
    names = ("cases_by_time", "cases_by_pairs")
    indexes = [await connection.fetchval("SELECT pg_get_indexdef($1::regclass)", name) for name in names]
    for name in names:
        await connection.execute(f"DROP INDEX {name}")
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for number in range(months):
        month = await connection.fetchval(
            "SELECT ensure_month((date_trunc('month', now()) - make_interval(months => $1))::date)", number
        )
        await connection.execute(FILL, number * (cases // months), month, cases // months)
    took = []
    for index in indexes:
        began = time.perf_counter()
        await connection.execute(index.replace(" ON ONLY ", " ON "))  # as the catalogue writes that of a parent
        took.append(time.perf_counter() - began)
    await connection.execute("VACUUM ANALYZE cases")
    return f"made the index of pairs in {took[1]:.0f} s"


async def _sizes(connection: asyncpg.Connection) -> str:
    rows = await connection.fetch(
        "SELECT inhrelid::regclass AS month, pg_relation_size(inhrelid) AS cases FROM pg_inherits"
        " WHERE inhparent = 'cases'::regclass"
    )
    indexes = await connection.fetchval(
        "SELECT sum(pg_relation_size(oid))::bigint FROM pg_class"
        " WHERE relname LIKE 'cases%plate_pairs%idx' AND relkind = 'i'"
    )
    count = await connection.fetchval(
        "SELECT sum(reltuples)::bigint FROM pg_class WHERE oid = ANY($1::regclass[])", [row["month"] for row in rows]
    )
    return (
        f"{count:,} cases in {len(rows)} months: {sum(row['cases'] for row in rows) / 1e9:.2f} GB,"
        f" and the index of pairs {indexes / 1e9:.2f} GB"
    )


async def _cost(connection: asyncpg.Connection) -> str:
    plates = "SELECT count({}('AB' || n || 'CD', NULL)) FROM generate_series(1, 20000) AS n"
    times = []
    for function in ("concat", "plate_pairs"):
        began = time.perf_counter()
        await connection.execute(plates.format(function))
        times.append((time.perf_counter() - began) / 20000)
    return f"the pairs of a plate take {1e6 * (times[1] - times[0]):.0f} microseconds"


async def _row(connection: asyncpg.Connection, pattern: str, rounds: int) -> Row:
    signer, times = Signer(bytes(range(32))), []
    for _ in range(rounds):
        began = time.perf_counter()
        found = await list_cases(connection, signer, Officer("bench", "bench"), Terms(plate=pattern, limit=50))
        times.append(1e3 * (time.perf_counter() - began))
    said = "and more" if found.more else f"back to {found.back_to}" if found.back_to else "all"
    return pattern, len(found.rows), said, statistics.median(times), max(times)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the search by plate at the centre.")
    parser.add_argument("--cases", type=int, default=1_000_000, help="(default %(default)s)")
    parser.add_argument("--months", type=int, default=24, help="partitions (default %(default)s)")
    parser.add_argument("--folder", type=Path, help="where the database is made (default: the temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the database in --folder, or measure that one")
    args = parser.parse_args()
    if args.keep and args.folder is None:
        parser.error("--keep needs --folder")
    with ExitStack() as stack:
        folder = args.folder
        if not args.keep:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-search-", dir=args.folder)))
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # root's PostgreSQL runs as another account
        said, rows = asyncio.run(bench(folder, args.cases, args.months))
    print(*said, sep="\n")
    print("| pattern | rows shown | others | p50, ms | longest of 15, ms |")
    print("|---|---:|---|---:|---:|")
    for pattern, hits, others, half, most in rows:
        print(f"| `{pattern}` | {hits} | {others} | {half:,.1f} | {most:,.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
