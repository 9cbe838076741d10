"""Photos and portraits: only those that a committed entry of the unit names, in parts, each confirmed by itself.

They are kept in PostgreSQL, so that a confirmed photo is where a confirmed entry is: on the standby and in the backup.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import asyncpg

from centre.database import Connection, Pool, Row, taken, transaction
from centre.errors import Refused
from centre.units import AlarmKind, Visitor, raise_alarm
from edge.delivery.wire import MAX_LEAVING_BYTES, MAX_WISHES, PART_BYTES

SMALLEST_PART = PART_BYTES // 4
"""But for the last one: nobody fills a table with rows of one byte."""
MAX_PORTRAIT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BlobState:
    """How much of a blob is here, in bytes; ``size`` is None while nobody said it."""

    size: int | None
    received: int
    is_complete: bool


class WrongOffset(Refused):
    """A part does not begin where the blob ends; ``received`` says where that is."""

    def __init__(self, received: int) -> None:
        """Keep how many bytes are *received*."""
        super().__init__("offset", 409, "the part does not begin where the blob ends", "go on where the header says")
        self.received = received


Place = tuple[int, str, date]
"""Where the parts of a blob are: unit, SHA-256, month."""
_PARTS = "SELECT data FROM blob_parts WHERE unit_id = $1 AND sha256 = $2 AND month = $3 ORDER BY start"
_WHOLE = """
WITH whole AS (
    UPDATE blobs SET size = $3::bigint, received = $3::bigint, lost_at = NULL, complete_at = now()
    WHERE unit_id = $1 AND sha256 = $2 AND complete_at IS NULL AND received = 0
        AND coalesce(size, least($3::bigint, $5::bigint)) = $3::bigint
    RETURNING unit_id, sha256, month
)
INSERT INTO blob_parts (unit_id, sha256, month, start, data)
SELECT unit_id, sha256, month, 0, $4::bytea FROM whole RETURNING true
"""
_ERASE = "DELETE FROM blob_parts WHERE unit_id = $1 AND sha256 = $2 AND month = $3"
_BLOB = "SELECT size, received, complete_at, month FROM blobs WHERE unit_id = $1 AND sha256 = $2"


async def blob_state(connection: Connection, visitor: Visitor, digest: str) -> BlobState:
    """How much is here of the blob with the SHA-256 *digest*.

    Raises:
        Refused: no entry of the unit names it.
    """
    return _state(await connection.fetchrow(_BLOB, visitor.unit, digest))


async def put_part(pool: Pool, visitor: Visitor, digest: str, *, start: int, total: int, data: bytes) -> BlobState:
    """Commit the part *data*, which begins at byte *start* of *total*; what is here already is left as it is.

    Raises:
        WrongOffset: it does not begin where the blob ends.
        Refused: no entry of the unit names the blob, or it is none that the entry names.
    """
    if start == 0 and len(data) == total and (whole := await _at_once(pool, visitor, digest, data)) is not None:
        return whole
    async with transaction(pool) as connection:
        found = await _put(connection, visitor, digest, start, total, data)
    if isinstance(found, Refused):
        raise found
    return found


async def _at_once(pool: Pool, visitor: Visitor, digest: str, data: bytes) -> BlobState | None:
    """Write a photo of one part that nothing is here of, in one trip to PostgreSQL; None where it takes a look.

    What is wrong with it is not decided here.
    """
    if hashlib.sha256(data).hexdigest() != digest:
        return None
    try:
        async with taken(pool) as connection:
            is_new = await connection.fetchval(_WHOLE, visitor.unit, digest, len(data), data, MAX_PORTRAIT_BYTES)
    except asyncpg.IntegrityConstraintViolationError:  # parts of it are not erased yet, or its month is gone
        return None
    return BlobState(len(data), len(data), True) if is_new else None


async def _put(
    connection: Connection, visitor: Visitor, digest: str, start: int, total: int, data: bytes
) -> BlobState | Refused:
    row = await connection.fetchrow(_BLOB + " FOR UPDATE", visitor.unit, digest)
    before = _state(row)
    if before.is_complete or (start + len(data) <= before.received and total == before.size):
        return before
    size = before.size
    if size is None and 0 < total <= MAX_PORTRAIT_BYTES:
        size = total
    if size != total:
        return Refused("blob", 422, "the blob has another size than the entry says", "send the file of the case")
    if start != before.received:
        return WrongOffset(before.received)
    received = start + len(data)
    if received > size or not data or (len(data) < SMALLEST_PART and received < size):
        return Refused("blob", 422, "the part is too small, or too large", f"send parts of {PART_BYTES} bytes")
    place = visitor.unit, digest, row["month"]
    if start == 0:  # it was here before, and its parts are not erased yet
        await connection.execute(_ERASE, *place)
    await _insert(connection, place, start, data)
    if received == size and await _digest_of(connection, place) != digest:
        await connection.execute(_ERASE, *place)
        await connection.execute(
            "UPDATE blobs SET received = 0 WHERE unit_id = $1 AND sha256 = $2", visitor.unit, digest
        )
        await raise_alarm(connection, visitor.unit, AlarmKind.PHOTO, f"a photo is not {digest[:16]}, as its entry says")
        return Refused("blob", 422, "the blob is not the one that the entry names", "send the file of the case")
    await connection.execute(
        "UPDATE blobs SET size = $3::bigint, received = $4::bigint, lost_at = NULL,"
        " complete_at = CASE WHEN $4::bigint = $3::bigint THEN now() END WHERE unit_id = $1 AND sha256 = $2",
        visitor.unit,
        digest,
        size,
        received,
    )
    return BlobState(size, received, received == size)


async def read_blob(connection: Connection, unit: int, digest: str) -> bytes | None:
    """The whole blob; None while it is not complete. Checked against its hash.

    Raises:
        ValueError: what is here has another hash.
    """
    row = await connection.fetchrow(_BLOB, unit, digest)
    if row is None or row["complete_at"] is None:
        return None
    data = b"".join(part["data"] for part in await connection.fetch(_PARTS, unit, digest, row["month"]))
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(digest)
    return data


WISHES = f"""
SELECT case_number AS "case", place, sha256 FROM (
    SELECT DISTINCT ON (sha256) case_number, place, sha256, received, outcome FROM blobs
    JOIN files USING (unit_id, sha256) JOIN cases ON cases.unit_id = blobs.unit_id AND number = case_number
        AND cases.month = files.month
    WHERE blobs.unit_id = $1 AND complete_at IS NULL AND lost_at IS NULL ORDER BY sha256, case_number
) AS wanted
ORDER BY outcome = 'identified' DESC NULLS LAST, received DESC, case_number, place LIMIT {MAX_WISHES}
"""  # noqa: S608 - the limit is a number of ours
"""What the centre wants next of the unit, those of identified cases first, each file once."""
SETTLED = """
coalesce((SELECT min(case_number) - 1 FROM files JOIN blobs USING (unit_id, sha256) WHERE unit_id = $1
    AND complete_at IS NULL AND lost_at IS NULL), (SELECT cases FROM units WHERE id = $1))
"""
"""Of how many cases, from the first on, everything that the entries name is here, or lost."""


async def compared(pool: Pool, visitor: Visitor, digests: Iterable[str]) -> list[str]:
    """Those of *digests* that are here whole: each copy is read from the database and its SHA-256 computed anew.

    One that is another than its entry names is an alarm, and the unit's is not to leave its card.
    """
    held, size = [], 0
    for digest in dict.fromkeys(digests):
        async with transaction(pool) as connection:
            row = await connection.fetchrow(_BLOB, visitor.unit, digest)
            if row is None or row["complete_at"] is None:
                continue
            size += row["size"]
            if size > MAX_LEAVING_BYTES:
                break  # no unit that keeps to the rules asks for so much
            if await _digest_of(connection, (visitor.unit, digest, row["month"])) == digest:
                held.append(digest)
                continue
            cause = (
                f"the copy of photo {digest[:16]} is damaged here: keep the unit's, and restore the database's backup"
            )
            await raise_alarm(connection, visitor.unit, AlarmKind.PHOTO, cause)
    return held


async def note_lost(connection: Connection, visitor: Visitor, digests: list[str]) -> None:
    """Note that the unit has these files no more, which is an alarm: it must keep what was not confirmed."""
    rows = await connection.fetch(
        "UPDATE blobs SET lost_at = now() WHERE unit_id = $1 AND sha256 = ANY($2) AND complete_at IS NULL"
        " AND lost_at IS NULL RETURNING sha256",
        visitor.unit,
        digests,
    )
    for row in rows:
        cause = f"the unit does not have the photo {row['sha256'][:16]} any more"
        await raise_alarm(connection, visitor.unit, AlarmKind.PHOTO, cause)


async def _insert(connection: Connection, place: Place, start: int, data: bytes) -> None:
    sql = "INSERT INTO blob_parts (unit_id, sha256, month, start, data) VALUES ($1, $2, $3, $4, $5)"
    try:
        async with connection.transaction():
            await connection.execute(sql, *place, start, data)
    except asyncpg.CheckViolationError:  # every case of its month was purged but one that came late
        await connection.fetchval("SELECT ensure_month($1)", place[2])
        await connection.execute(sql, *place, start, data)


async def _digest_of(connection: Connection, place: Place) -> str:
    found = hashlib.sha256()
    async for row in connection.cursor(_PARTS, *place, prefetch=8):
        found.update(row["data"])
    return found.hexdigest()


def _state(row: Row | None) -> BlobState:
    if row is None:
        raise Refused("not_named", 404, "no entry of this unit names that blob", "send the entries first")
    return BlobState(row["size"], row["received"], row["complete_at"] is not None)
