"""Photos at the centre: only those an entry names, in parts that are confirmed, and only if they are what it names."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from centre.delivery import read_blob
from edge.cases.evidence import Signer
from edge.cases.storage.outbox import Outbox
from edge.cases.store import CaseStore
from edge.delivery.client import Answered, Client
from edge.delivery.wire import OFFSET, PART_BYTES
from edge.model import Photo
from tests.support.cases import SIGNER, UNIT, identified, packet, trigger
from tests.support.centre import Centre, lines_of

PHOTO = bytes(range(256)) * 3000
"""768,000 bytes: three parts. A photo is bytes to everybody here."""
NAME = hashlib.sha256(PHOTO).hexdigest()
OTHER = Signer(bytes(range(1, 33)))


async def with_photo(centre: Centre, tmp_path: Path, data: bytes = PHOTO) -> tuple[Client, Path]:
    """A unit that has joined, and delivered the entries of one case with a photo, large unless *data* is given."""
    state_dir = tmp_path / "unit"
    store = await CaseStore.open(state_dir, SIGNER, UNIT)
    own = packet()
    number = await store.file_case(trigger(), [Photo(data, 640, 360, 1.79e9, 1)], [own], limit_kmh=50.0, site="SP 1")
    await store.enter_verdict(number, identified(own))
    await store.close()
    client = await centre.let_in("A1", SIGNER, tmp_path)
    async with client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir))
    return client, state_dir


async def test_a_photo_comes_in_parts_and_is_whole(centre: Centre, tmp_path: Path) -> None:
    client, state_dir = await with_photo(centre, tmp_path)
    data = Outbox(state_dir).file(1, 0, NAME)
    assert data == PHOTO
    async with client:
        await client.log_in(b"")
        await client.blob(NAME, data)
        await client.blob(NAME, data)  # twice is a no-op
    assert await centre.pool.fetchval("SELECT count(*) FROM blob_parts") == 3
    async with centre.pool.acquire() as connection:
        assert await read_blob(connection, 1, NAME) == PHOTO


async def test_a_photo_that_was_cut_goes_on_where_it_was(centre: Centre, tmp_path: Path) -> None:
    client, _ = await with_photo(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        place = f"bytes 0-{PART_BYTES - 1}/{len(PHOTO)}"
        await put(client, NAME, PHOTO[:PART_BYTES], place)
        before = client.sent_bytes
        await client.blob(NAME, PHOTO)
        assert client.sent_bytes - before == len(PHOTO) - PART_BYTES, "no byte that was confirmed goes again"
    async with centre.pool.acquire() as connection:
        assert await read_blob(connection, 1, NAME) == PHOTO


SMALL = PHOTO[:PART_BYTES]


@pytest.mark.parametrize("before", ["nothing", "whole", "a part", "parts of a purged one"])
async def test_a_photo_of_one_part_goes_without_a_question(centre: Centre, tmp_path: Path, before: str) -> None:
    """Whatever there is of it at the centre, it is whole afterwards; and usually it takes one request."""
    client, _ = await with_photo(centre, tmp_path, SMALL)
    name = hashlib.sha256(SMALL).hexdigest()
    async with client:
        await client.log_in(b"")
        if before == "whole":
            await client.blob(name, SMALL)
        elif before == "a part":
            await put(client, name, SMALL[: PART_BYTES // 2], f"bytes 0-{PART_BYTES // 2 - 1}/{len(SMALL)}")
        elif before == "parts of a purged one":
            sql = "INSERT INTO blob_parts (unit_id, sha256, month, start, data) SELECT 1, $1, month, 0, 'x' FROM blobs"
            await centre.pool.execute(sql, name)
        asked = client.sent_bytes
        await client.blob(name, SMALL)
        again = PART_BYTES // 2 if before == "a part" else 0
        assert client.sent_bytes - asked == len(SMALL) + again
    async with centre.pool.acquire() as connection:
        assert await read_blob(connection, 1, name) == SMALL
    assert await centre.alarms() == []


async def test_a_small_photo_that_is_another_is_thrown_away_and_an_alarm(centre: Centre, tmp_path: Path) -> None:
    client, _ = await with_photo(centre, tmp_path, SMALL)
    async with client:
        await client.log_in(b"")
        with pytest.raises(Answered) as refused:
            await client.blob(hashlib.sha256(SMALL).hexdigest(), bytes(len(SMALL)))
        assert refused.value.word == "blob"
    assert await centre.alarms() == [("photo", None)]
    assert await centre.pool.fetchval("SELECT count(*) FROM blob_parts") == 0


async def put(client: Client, digest: str, data: bytes, place: str) -> dict[str, object]:
    """One part by hand."""
    import io

    assert client.session is not None
    async with client.session.put(
        f"{client.url}/v1/blobs/{digest}",
        data=io.BytesIO(data),
        headers={**client.authorization, "Content-Range": place, "Content-Type": "application/octet-stream"},
    ) as found:
        return {"status": found.status, OFFSET: found.headers.get(OFFSET)}


async def test_what_no_entry_names_is_not_taken(centre: Centre, tmp_path: Path) -> None:
    client, _ = await with_photo(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        with pytest.raises(Answered) as refused:
            await client.blob(hashlib.sha256(b"x").hexdigest(), b"x")
        assert refused.value.word == "not_named"
        with pytest.raises(Answered) as refused:
            await client.blob(hashlib.sha256(PHOTO[1:]).hexdigest(), PHOTO[1:])
        assert refused.value.word == ""  # HEAD has no body to say it in
        said = await put(client, hashlib.sha256(b"x").hexdigest(), b"x", "bytes 0-0/1")
        assert said["status"] == 404


async def test_a_unit_reaches_no_photo_of_another(centre: Centre, tmp_path: Path) -> None:
    client, _ = await with_photo(centre, tmp_path)
    other = await centre.let_in("B2", OTHER, tmp_path)
    async with client, other:
        await client.log_in(b"")
        await other.log_in(b"")
        await client.blob(NAME, PHOTO)
        with pytest.raises(Answered):
            await other.blob(NAME, PHOTO)


async def test_a_photo_that_is_another_is_thrown_away_and_an_alarm(centre: Centre, tmp_path: Path) -> None:
    client, _ = await with_photo(centre, tmp_path)
    other = bytes(len(PHOTO))
    async with client:
        await client.log_in(b"")
        with pytest.raises(Answered) as refused:
            await client.blob(NAME, other)
        assert refused.value.word == "blob"
        assert await centre.alarms() == [("photo", None)]
        assert await centre.pool.fetchval("SELECT count(*) FROM blob_parts") == 0
        await client.blob(NAME, PHOTO)
    assert await centre.pool.fetchval("SELECT count(*) FROM blobs WHERE complete_at IS NOT NULL") == 1


PLACES = [
    ("", 400),
    ("bytes 0-9/20", 400),  # not as long as the body
    (f"bytes 0-{PART_BYTES - 1}/999", 400),  # ends beyond its size
    (f"bytes 0-{PART_BYTES - 1}/{len(PHOTO) + 1}", 422),  # another size than the entry says
    (f"bytes {PART_BYTES}-{2 * PART_BYTES - 1}/{len(PHOTO)}", 409),  # a gap
    (f"bytes 99999999999999-{PART_BYTES}/{len(PHOTO)}", 400),
]


@pytest.mark.parametrize(("place", "status"), PLACES)
async def test_a_part_has_to_fit(centre: Centre, tmp_path: Path, place: str, status: int) -> None:
    client, _ = await with_photo(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        assert (await put(client, NAME, PHOTO[:PART_BYTES], place))["status"] == status


async def test_nobody_fills_the_table_with_parts_of_a_byte(centre: Centre, tmp_path: Path) -> None:
    client, _ = await with_photo(centre, tmp_path)
    async with client:
        await client.log_in(b"")
        assert (await put(client, NAME, PHOTO[:1], f"bytes 0-0/{len(PHOTO)}"))["status"] == 422
    assert await centre.pool.fetchval("SELECT count(*) FROM blob_parts") == 0
