"""An officer of the centre who edits by SQL what units signed: refused, or found by ``cases verify``."""

from __future__ import annotations

from pathlib import Path

import pytest

from centre.records import Officer, Verified, enter, verify_journal, verify_units
from centre.service import own_files
from edge.cases.evidence import Signer
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, lines_of
from tests.support.centre_registry import connection_as

OTHER = Signer(bytes(range(1, 33)))
EDITS = {
    "a plate in a list": "UPDATE cases SET plate = 'ZZ999ZZ' WHERE number = 1",
    "a corrected plate": "UPDATE cases SET corrected_plate = 'ZZ999ZZ' WHERE number = 1",
    "a name in a list": "UPDATE cases SET driver_name = 'Neri' WHERE number = 1",
    "a time in a list": "UPDATE cases SET at_utc = at_utc - 3600 WHERE number = 1",
    "a speed in a list": "UPDATE cases SET speed_kmh = 51 WHERE number = 1",
    "a review": "UPDATE cases SET review = 'dismiss' WHERE number = 1",
    "a hold": "UPDATE cases SET is_held = true WHERE number = 1",
    "a case taken away": "DELETE FROM cases WHERE number = 1",
    "a photo of another case": "UPDATE files SET sha256 = (SELECT max(sha256) FROM files) WHERE case_number = 1",
    "a photo taken away": "DELETE FROM files WHERE case_number = 1",
    "a content": "UPDATE entries SET body = convert_to(replace(convert_from(body, 'UTF8'), 'Rossi', 'Neri'), 'UTF8')",
    "a content taken away": "UPDATE entries SET body = NULL WHERE kind = 'decided'",
    "an entry taken away": "DELETE FROM entries WHERE seq = 3",
    "the end taken away": "DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)",
    "a key put in": "UPDATE units SET public_key = sha256('x')",
}


@pytest.fixture
def quiet_triggers() -> str:
    """What an owner of the tables may do first: the triggers that refuse are off."""
    return "SET session_replication_role = replica"


async def test_what_an_owner_of_the_tables_edits_is_seen(
    centre: Centre, dsn: str, tmp_path: Path, quiet_triggers: str
) -> None:
    """By whoever has the schema owner's account: no row of his passes for what the unit signed."""
    await filled(tmp_path / "unit", 2)
    async with await centre.let_in("AVX-TEST", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
    for what, statement in EDITS.items():
        async with connection_as(dsn) as connection:
            await connection.execute(quiet_triggers)
            transaction = connection.transaction(isolation="repeatable_read")
            await transaction.start()
            assert [found.fault for found in await verify_units(connection)] == [None], what
            await connection.execute(statement)
            (found,) = await verify_units(connection)
            assert found.fault is not None, what
            await transaction.rollback()


async def test_without_the_owners_rights_the_chain_is_not_edited(centre: Centre, dsn: str, tmp_path: Path) -> None:
    await filled(tmp_path / "unit", 1)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
    async with connection_as(dsn) as connection:
        for statement in (
            "UPDATE entries SET hash = 'x'",
            "DELETE FROM entries",
            "TRUNCATE entries CASCADE",
        ):
            with pytest.raises(Exception, match="never edited"):
                await connection.execute(statement)


async def test_the_centres_own_chain_is_checked(centre: Centre, dsn: str) -> None:
    signer = own_files(centre.settings)[2]
    async with connection_as(dsn) as connection:
        assert (await verify_journal(connection, signer.public_key)).fault is None
        for number in range(3):
            await enter(connection, signer, "list", Officer("conti", f"appeal {number}").said())
        assert await verify_journal(connection, signer.public_key) == Verified("the centre", 4, 0, 0, None)
        assert (await verify_journal(connection, OTHER.public_key)).fault is not None
        await connection.execute("SET session_replication_role = replica")
        for statement in (
            "UPDATE centre_entries SET body = convert_to(replace(convert_from(body, 'UTF8'), 'conti', 'neri'), 'UTF8')",
            "DELETE FROM centre_entries WHERE seq = 2",
        ):
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(statement)
            assert (await verify_journal(connection, signer.public_key)).fault is not None, statement
            await transaction.rollback()
