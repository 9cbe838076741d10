"""Cases by month: each in the partition of its month; a month that was purged is dropped, a case on hold keeps it.

Longer than 300 lines because the chain of its unit serves the months there are and those of the former schema.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from centre.database import migrate, steps
from centre.delivery import PORTRAIT, rows_of, tidy_up
from centre.delivery.projection import month_of
from centre.records import verify_units
from edge.cases.evidence import Link, decided_manifest, filed_manifest, key_content, next_entry, photo_record
from edge.delivery import Client
from edge.delivery.client import Answered
from tests.support.cases import SIGNER, UNIT, identified, packet, painted, photo, trigger
from tests.support.centre import Centre, Postgres, as_lines, centre_at_work

SERIAL = "AVX-TEST"
MARCH, APRIL = (datetime(2026, month, 15, tzinfo=UTC).timestamp() for month in (3, 4))
NOW = datetime(2026, 11, 29, 10, tzinfo=UTC)


@dataclass
class Unit:
    """A unit's chain, at times that a test names."""

    links: list[Link] = field(default_factory=list)
    last: tuple[int, str] | None = None
    photos: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add("key", None, key_content(SIGNER, supersedes=None), MARCH - 1e6)

    def add(self, kind: str, case: int | None, content: Mapping[str, Any], at_utc: float) -> None:
        """The next entry."""
        entry = next_entry(self.last, kind, case, content, at_utc=at_utc, signer=SIGNER)
        self.last = (entry.seq, entry.hash)
        self.links.append(Link(entry.header, entry.body, entry.signature, entry.key_id))

    def case(self, number: int, at_utc: float) -> None:
        """A case with a photo of its own, and its verdict."""
        self.photos[number] = painted(seed=number)
        digest = hashlib.sha256(self.photos[number]).hexdigest()
        record = {**photo_record(f"frames/{number:08d}/0.jpg", photo()), "sha256": digest}
        record["bytes"] = len(self.photos[number])
        filed = filed_manifest(
            number, trigger(at_utc), [record], limit_kmh=50.0, site="SP 1", unit=UNIT, clock={"source": "kernel"}
        )
        self.add("filed", number, filed, at_utc)
        self.add("decided", number, decided_manifest(filed, identified(packet()), at_utc + 1), at_utc + 1)

    def purge(self, number: int, at_utc: float) -> None:
        """Its tombstone."""
        self.add("purge", number, {"reason": "retention period over"}, at_utc)


async def two_months(centre: Centre, tmp_path: Path) -> tuple[Client, Unit]:
    """Cases 1 and 2 are of March, case 3 of April, all delivered with their photos."""
    unit = Unit()
    for number, at_utc in ((1, MARCH), (2, MARCH + 60), (3, APRIL)):
        unit.case(number, at_utc)
    client = await centre.let_in(SERIAL, SIGNER, tmp_path)
    async with client:
        await client.log_in(b"")
        await client.entries(as_lines(unit.links))
        for data in unit.photos.values():
            await client.blob(hashlib.sha256(data).hexdigest(), data)
    return client, unit


async def deliver(centre: Centre, unit: Unit, after: int) -> None:
    async with await centre.let_in_again(SERIAL, SIGNER) as client:
        await client.log_in(b"")
        await client.entries(as_lines(unit.links[after:]))


async def tables(centre: Centre) -> list[str]:
    rows = await centre.pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent IN ('cases'::regclass,"
        " 'blob_parts'::regclass) ORDER BY 1"
    )
    return [row["name"] for row in rows]


async def faults(centre: Centre) -> list[str | None]:
    async with centre.pool.acquire() as connection:
        return [unit.fault for unit in await verify_units(connection)]


async def test_a_month_that_was_purged_is_dropped_and_the_other_stays(centre: Centre, tmp_path: Path) -> None:
    _, unit = await two_months(centre, tmp_path)
    assert await tables(centre) == [
        "blob_parts_2026_03",
        "blob_parts_2026_04",
        "blob_parts_timeless",
        "cases_2026_03",
        "cases_2026_04",
    ]
    assert await centre.pool.fetchval("SELECT count(*) FROM cases_2026_03") == 2
    assert await centre.pool.fetchval("SELECT count(*) FROM blob_parts_2026_03") == 2
    before = len(unit.links)
    for number in (1, 2):
        unit.purge(number, NOW.timestamp())
    await deliver(centre, unit, before)
    assert await tidy_up(centre.pool) == (["cases_2026_03", "blob_parts_2026_03"], 0), "not one row was deleted"
    assert await tables(centre) == ["blob_parts_2026_04", "blob_parts_timeless", "cases_2026_04"]
    assert await faults(centre) == [None], "the chain has the tombstones"
    assert await centre.pool.fetchval("SELECT count(*) FROM entries WHERE case_number < 3 AND body IS NOT NULL") == 2
    assert await tidy_up(centre.pool, every_month=True) == ([], 0)


async def test_a_month_in_which_a_case_is_alive_stays(centre: Centre, tmp_path: Path) -> None:
    """A case on hold is never purged: its photo stays, the other's is deleted."""
    _, unit = await two_months(centre, tmp_path)
    before = len(unit.links)
    unit.add("hold", 2, {"officer": "conti", "reason": "appeal"}, NOW.timestamp() - 1)
    unit.purge(1, NOW.timestamp())
    await deliver(centre, unit, before)
    assert await tidy_up(centre.pool, every_month=True) == ([], 1)
    left = await centre.pool.fetch("SELECT sha256 FROM blob_parts_2026_03")
    assert [row["sha256"] for row in left] == [hashlib.sha256(unit.photos[2]).hexdigest()]
    assert await centre.pool.fetchval("SELECT is_held FROM cases WHERE number = 2")
    assert await faults(centre) == [None]


async def test_nobody_drops_a_month_with_a_case_in_it_nor_this_one(centre: Centre, tmp_path: Path) -> None:
    """The function that drops looks for itself, and the service may not drop by itself."""
    await two_months(centre, tmp_path)
    assert await centre.pool.fetchval("SELECT drop_month('2026-03-01')") == []
    today = datetime.now(UTC)
    this = date(today.year, today.month, 1)
    await centre.pool.fetchval("SELECT ensure_month($1)", this)
    assert await centre.pool.fetchval("SELECT drop_month($1)", this) == [], "a case may come at any moment"
    service = await asyncpg.connect(centre.settings.database.service_url)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute("DROP TABLE cases_2026_03")
        with pytest.raises(asyncpg.RaiseError):
            await service.fetchval("SELECT ensure_month('2026-03-02')")
    finally:
        await service.close()


async def test_many_units_begin_a_month_at_once(centre: Centre) -> None:
    """Each waits for the first and sees what it made."""
    calls = (centre.pool.fetchval("SELECT ensure_month('2026-05-01')") for _ in range(2))
    service = [await asyncpg.connect(centre.settings.database.service_url) for _ in range(6)]
    try:
        more = (connection.fetchval("SELECT ensure_month('2026-05-01')") for connection in service)
        assert set(await asyncio.gather(*calls, *more)) == {date(2026, 5, 1)}
    finally:
        for connection in service:
            await connection.close()


async def test_a_late_case_of_a_dropped_month_makes_it_again(centre: Centre, tmp_path: Path) -> None:
    _, unit = await two_months(centre, tmp_path)
    before = len(unit.links)
    for number in (1, 2):
        unit.purge(number, NOW.timestamp())
    await deliver(centre, unit, before)
    await tidy_up(centre.pool)
    other = Unit()
    other.case(1, MARCH + 90)
    async with await centre.let_in("AVX-LATE", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(as_lines(other.links))
        await client.blob(hashlib.sha256(other.photos[1]).hexdigest(), other.photos[1])
    assert await centre.pool.fetchval("SELECT count(*) FROM cases_2026_03") == 1
    assert await faults(centre) == [None, None]


async def test_a_case_is_not_decided_twice_whether_it_is_remembered_or_not(centre: Centre, tmp_path: Path) -> None:
    """One request brings the case, a second the verdict, a third another verdict."""
    for serial in ("AVX-1", "AVX-2"):
        unit = Unit()
        unit.case(1, time.time())
        second = decided_manifest(
            filed_manifest(1, trigger(), [], limit_kmh=50.0, site="", unit=UNIT, clock={}), identified(packet()), 1.0
        )
        unit.add("decided", 1, second, time.time())
        client = await centre.let_in(serial, SIGNER, tmp_path)
        async with client:
            await client.log_in(b"")
            for link in unit.links[:3]:
                if serial == "AVX-2":
                    await client.head()
                await client.entries(as_lines([link]))
            with pytest.raises(Answered, match="decided twice"):
                await client.entries(as_lines(unit.links[3:]))
            assert (await client.head()).seq == 3
    assert await faults(centre) == [None, None]


@pytest.mark.parametrize(
    ("at_utc", "month"),
    [
        (MARCH, date(2026, 3, 1)),
        (0.0, date(2026, 11, 1)),
        (NOW.timestamp() + 86_000, date(2026, 11, 1)),
        (NOW.timestamp() + 90_000, date(2026, 11, 1)),
        (4e9, date(2026, 11, 1)),
        ("x", date(2026, 11, 1)),
        (float("nan"), date(2026, 11, 1)),
        (datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC).timestamp(), date(2026, 10, 1)),
    ],
    ids=str,
)
async def test_the_month_of_a_case(postgres: Postgres, dsn: str, at_utc: object, month: date) -> None:
    """The program and the migration say the same; a clock that cannot be believed makes no month of its own."""
    assert month_of(at_utc, NOW) == month
    if isinstance(at_utc, float) and at_utc == at_utc:  # no header holds a NaN
        connection = await asyncpg.connect(dsn)
        try:
            assert await connection.fetchval("SELECT month_of($1, $2)", at_utc, NOW) == month
        finally:
            await connection.close()


BEFORE = max(step.number for step in steps() if step.number < 8)
"""The step before the one that makes months."""


async def test_what_was_there_before_there_were_months_survives(postgres: Postgres, tmp_path: Path) -> None:
    """A database of the former schema, with a unit's cases and photos: nothing is lost, and a purge works as ever."""
    unit = Unit()
    for number, at_utc in ((1, MARCH), (2, MARCH + 60), (3, APRIL)):
        unit.case(number, at_utc)
    unit.add("confirm", 2, {"officer": "conti", "note": ""}, NOW.timestamp())
    unit.add("hold", 2, {"officer": "conti", "reason": "appeal"}, NOW.timestamp())
    async with postgres.connected("postgres") as connection:
        await connection.execute("CREATE DATABASE former")
    dsn = postgres.server.dsn_of("former")
    async with postgres.connected("former") as connection:
        await migrate(connection, BEFORE)
        await _fill(connection, unit)
        assert await migrate(connection) == BEFORE
    async with centre_at_work(dsn, tmp_path / "centre") as centre:
        assert await tables(centre) == [
            "blob_parts_2026_03",
            "blob_parts_2026_04",
            "blob_parts_timeless",
            "cases_2026_03",
            "cases_2026_04",
        ]
        async with centre.pool.acquire() as connection:
            (found,) = await verify_units(connection)
        assert (found.fault, found.entries, found.cases, found.photos) == (None, 9, 3, 3)
        row = await centre.pool.fetchrow("SELECT plate, review, is_held, month FROM cases WHERE number = 2")
        assert tuple(row) == ("AB123CD", "confirm", True, date(2026, 3, 1))
        before = len(unit.links)
        for number in (1, 3):
            unit.purge(number, NOW.timestamp())
        await deliver(centre, unit, before)
        assert await tidy_up(centre.pool) == ([], 2)
        assert await tidy_up(centre.pool, every_month=True) == (["cases_2026_04", "blob_parts_2026_04"], 0)
        assert await faults(centre) == [None]


async def _fill(connection: asyncpg.Connection, unit: Unit) -> None:
    """What the former program wrote of *unit*, cut down to what verification reads."""
    key, assert_last = SIGNER.public_key, unit.last
    assert assert_last is not None
    await connection.execute(
        "INSERT INTO units (serial, state, public_key, anchored, head_seq, head_hash, head_header, first_key,"
        " current_key, cases) VALUES ($1, 'active', $2, true, $3, $4, $5, $6, $6, 3)",
        *(SERIAL, key, *assert_last, unit.links[-1].header, SIGNER.key_id),
    )
    await connection.execute("INSERT INTO unit_keys VALUES (1, $1, $2, 1)", SIGNER.key_id, key)
    headers = [json.loads(link.header) for link in unit.links]
    for seq, (header, link) in enumerate(zip(headers, unit.links, strict=True), 1):
        await connection.execute(
            "INSERT INTO entries (unit_id, seq, kind, case_number, hash, header, body, signature, key_id)"
            " VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8)",
            *(seq, header["kind"], header["case"], hashlib.sha256(link.header).hexdigest(), *link),
        )
    rows = rows_of(headers, unit.links, NOW)
    for filed, decided in zip(rows.filed, rows.decided, strict=True):
        await connection.execute(
            "INSERT INTO cases (unit_id, number, filed_seq, at_utc, site, speed_kmh, limit_kmh, decided_seq, plate,"
            " outcome, driver_name, state, review, is_held) VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
            " 'decided', CASE $1::bigint WHEN 2 THEN 'confirm' END, $1::bigint = 2)",
            *(*filed, *decided[1:]),
        )
    for number, place, digest, _ in rows.files:
        await connection.execute(
            "INSERT INTO files VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING", number, place, digest
        )
        if place == PORTRAIT:
            await connection.execute(
                "INSERT INTO blobs (unit_id, sha256) VALUES (1, $1) ON CONFLICT DO NOTHING", digest
            )
    for data in unit.photos.values():
        digest = hashlib.sha256(data).hexdigest()
        await connection.execute(
            "INSERT INTO blobs (unit_id, sha256, size, received, complete_at) VALUES (1, $1, $2, $2, now())",
            *(digest, len(data)),
        )
        await connection.execute("INSERT INTO blob_parts VALUES (1, $1, 0, $2)", digest, data)
