"""What officers of the centre see: chained first, checked, and nothing of what was purged."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from centre.delivery import check_signatures
from centre.errors import CentreError
from centre.records import (
    Officer,
    Terms,
    export_case,
    list_cases,
    read_journal,
    searched,
    show_case,
    verify_journal,
    verify_units,
)
from centre.service import own_files
from edge.cases.evidence import check_chain, read_lines
from edge.cases.retention import purge
from edge.cases.storage.outbox import Outbox
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of

CONTI = Officer("conti", "appeal 12/2026")


async def delivered(centre: Centre, tmp_path: Path, cases: int = 3) -> Path:
    """A unit whose chain and photos are at the centre."""
    state_dir = tmp_path / "unit"
    await filled(state_dir, cases)
    async with await centre.let_in("AVX-TEST", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir))
        outbox = Outbox(state_dir)
        for row in await centre.pool.fetch("SELECT case_number, place, sha256 FROM files"):
            data = outbox.file(*row)
            assert data is not None
            await client.blob(row["sha256"], data)
    return state_dir


async def test_every_look_is_chained_before_it_answers(centre: Centre, tmp_path: Path) -> None:
    await delivered(centre, tmp_path)
    signer = own_files(centre.settings)[2]
    async with centre.pool.acquire() as connection:
        found = await list_cases(connection, signer, CONTI, Terms(plate="ab0?1*", limit=10))
        assert [row["plate"] for row in found.rows] == ["AB001CD"]
        manifest = await show_case(connection, signer, CONTI, "AVX-TEST", 2)
        assert manifest["driver"]["last_name"] == "Rossi"
        await export_case(connection, signer, CONTI, "AVX-TEST", 1, tmp_path / "out")
        links = await read_journal(connection)
        await connection.execute("ALTER TABLE centre_entries RENAME TO gone")
        for look in (
            list_cases(connection, signer, CONTI, Terms(limit=10)),
            show_case(connection, signer, CONTI, "AVX-TEST", 2),
            export_case(connection, signer, CONTI, "AVX-TEST", 1, tmp_path / "other"),
        ):
            with pytest.raises(Exception, match="centre_entries"):
                await look
        assert not (tmp_path / "other").exists(), "where it cannot be entered nothing is given"
    chain = check_chain(links)
    check_signatures(chain.signatures)
    assert [header["kind"] for header in chain.headers] == ["key", "search", "view", "export"]
    assert chain.current_key == signer.key_id
    said = [json.loads(link.body or b"") for link in links[1:]]
    assert all(each["officer"] == "conti" and each["reason"] == "appeal 12/2026" for each in said)
    assert said[0]["hits"] == 1 and "AB001" not in str(said[0]).upper(), "the plate is in no entry"


async def test_who_searched_for_a_plate_can_be_asked(centre: Centre, tmp_path: Path) -> None:
    """The chain has a keyed hash; a search for a plate without a reason is refused; days bound a list."""
    await delivered(centre, tmp_path)
    signer = own_files(centre.settings)[2]
    day = datetime.fromtimestamp(1_790_000_000, UTC).date()
    async with centre.pool.acquire() as connection:
        await list_cases(connection, signer, CONTI, Terms(plate="AB001CD"))
        await list_cases(connection, signer, Officer("bruni", "theft"), Terms(plate=" ab001cd"))
        await list_cases(connection, signer, CONTI, Terms(plate="AB00?CD"))
        with pytest.raises(CentreError, match="needs a reason"):
            await list_cases(connection, signer, Officer("conti", " "), Terms(plate="AB001CD"))
        found = await searched(connection, signer, "AB 001 CD")
        assert [(one.officer, one.reason, one.hits) for one in found] == [
            ("conti", "appeal 12/2026", 1),
            ("bruni", "theft", 1),
        ]
        for since, until, count in (
            (day, day, 3),
            (None, day - timedelta(days=1), 0),
            (day + timedelta(days=1), None, 0),
        ):
            listed = await list_cases(connection, signer, CONTI, Terms(since=since, until=until))
            assert len(listed.rows) == count
        assert (await verify_journal(connection)).fault is None
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("UPDATE centre_entries SET body = 'x' WHERE seq = 2")
        await connection.execute("SET session_replication_role = DEFAULT")
        assert (await verify_journal(connection)).fault is not None


async def test_an_exported_case_can_be_checked(centre: Centre, tmp_path: Path) -> None:
    state_dir = await delivered(centre, tmp_path)
    async with centre.pool.acquire() as connection:
        signer = own_files(centre.settings)[2]
        names, note = await export_case(connection, signer, CONTI, "AVX-TEST", 1, tmp_path / "out")
        with pytest.raises(CentreError, match="cannot be written"):
            await export_case(connection, signer, CONTI, "AVX-TEST", 1, tmp_path / "out")
    assert names == ["0.jpg", "chain.jsonl", "portrait"] and not note
    links = list(read_lines((tmp_path / "out" / "chain.jsonl").read_bytes()))
    chain = check_chain(links)
    check_signatures(chain.signatures)
    bodies = {header["case"] for header, link in zip(chain.headers, links, strict=True) if link.body is not None}
    assert bodies == {None, 1}, "no content of another case goes with it"
    photo = (tmp_path / "out" / "0.jpg").read_bytes()
    assert photo == (state_dir / "frames" / "00000001" / "0.jpg").read_bytes()


@pytest.mark.parametrize("plate", ["", "%", "AB_1", "AB'--", "ÀB*"])
async def test_a_plate_is_searched_with_two_wildcards_and_nothing_else(centre: Centre, plate: str) -> None:
    async with centre.pool.acquire() as connection:
        with pytest.raises(CentreError, match="letters and digits"):
            await list_cases(connection, own_files(centre.settings)[2], CONTI, Terms(plate=plate, limit=1))


async def test_a_tombstone_leaves_nothing_of_the_case_at_the_centre(centre: Centre, tmp_path: Path) -> None:
    """Case 1 and 2 have the same driver: the portrait that both show stays for the other."""
    state_dir = await delivered(centre, tmp_path)
    head = Outbox(state_dir).head()
    assert head is not None
    purge(state_dir, [1], reason="retention period over", signer=SIGNER)
    async with await centre.let_in_again("AVX-TEST", SIGNER) as client:
        await client.log_in(b"")
        await client.entries(lines_of(state_dir, head.seq))
    assert await centre.pool.fetchval("SELECT count(*) FROM entries WHERE case_number = 1 AND body IS NOT NULL") == 1
    row = await centre.pool.fetchrow("SELECT * FROM cases WHERE number = 1")
    assert (row["state"], row["plate"], row["driver_name"], row["site"], row["at_utc"]) == ("purged", "", "", "", None)
    assert await centre.pool.fetchval("SELECT count(*) FROM blobs") == 3, "two photos, and the portrait of case 2"
    async with centre.pool.acquire() as connection:
        (found,) = await verify_units(connection)
        assert found.fault is None
        with pytest.raises(CentreError, match="was purged"):
            await show_case(connection, own_files(centre.settings)[2], CONTI, "AVX-TEST", 1)


CHANGES = [
    (
        "UPDATE entries SET body = convert_to(replace(convert_from(body, 'UTF8'), 'Ada', 'Eva'), 'UTF8') WHERE seq = 3",
        "altered",
    ),
    ("DELETE FROM entries WHERE seq = 7", "head is not the newest"),
    ("UPDATE entries SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) WHERE seq = 4", "signature"),
    ("UPDATE cases SET decided_seq = NULL WHERE number = 2", "row of case 2"),
    ("UPDATE blob_parts SET data = set_byte(data, 9, 7 # get_byte(data, 9))", "was altered"),
]


@pytest.mark.parametrize(("statement", "words"), CHANGES)
async def test_what_a_superuser_changed_is_found(centre: Centre, tmp_path: Path, statement: str, words: str) -> None:
    await delivered(centre, tmp_path)
    async with centre.pool.acquire() as connection:
        (before,) = await verify_units(connection)
        assert (before.fault, before.entries, before.cases, before.photos) == (None, 7, 3, 4)
        await connection.execute("SET session_replication_role = replica")  # no trigger runs: a superuser's right
        await connection.execute(statement)
        await connection.execute("SET session_replication_role = DEFAULT")
        (after,) = await verify_units(connection)
    assert after.fault is not None and words in after.fault
