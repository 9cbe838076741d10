"""Drivers entered and changed at the centre: the unit's rules, one transaction with the chain, found by the opener."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from Crypto.PublicKey import RSA

from centre.registry import Particulars, changing, rotate_shard
from centre.registry.keys import shard_of
from edge.crypto import Ed25519Key, load_private_key, make_request, save_chip_key, unseal_secret
from edge.crypto import certify_chip as certificate_of
from edge.errors import RegistryError, SecretError
from tests.support.centre_registry import SHARDS, at_centre, connection_as, root_of, take_over
from tests.support.link import ANNA
from tests.support.registry import ADA, PORTRAIT, enter

EVA = {**ADA, "licence": "EV7654321B", "first_name": "Eva", "plates": ("IT:EV123AA", "XY999ZZ")}


def driver(**changes: Any) -> Particulars:
    return Particulars(**{**EVA, "portrait": PORTRAIT, **changes})


async def enrol(
    dsn: str, place: Path, chip: tuple[str, RSA.RsaKey], request: bytes | None = None, **changes: Any
) -> None:
    async with connection_as(dsn) as connection, changing(connection, root_of(place)) as change:
        await change.enrol(driver(**changes), chip, request)


async def test_who_is_entered_at_the_centre_is_found_by_the_opener(dsn: str, place: Path, key_pair: RSA.RsaKey) -> None:
    enter(place)
    await take_over(dsn, place)
    async with at_centre(dsn, place) as registry:  # it is at work already
        await enrol(dsn, place, ("uid-eva", key_pair))
        key = (await registry.keys(["uid-eva"]))["uid-eva"]
        assert (key.licence, key.revoked_at) == ("EV7654321B", None)
        assert load_private_key(unseal_secret(key.unsealing_key, key.sealed_key, key.context)) == key_pair
        found = await registry.driver("EV7654321B")
        assert (found.first_name, found.birth_date, found.portrait) == ("Eva", "1980-02-03", PORTRAIT)
        assert (await registry.keeper("EV123AA"), await registry.country("EV123AA")) == ("EV7654321B", "IT")
        assert (await registry.keeper("XY999ZZ"), await registry.country("XY999ZZ")) == ("EV7654321B", None)


REFUSED = {
    "licence there": ({"licence": "UD1234567A", "plates": ()}, "has that licence already"),
    "plate there": ({"plates": ("AA111AA",)}, "one of the plates already"),
    "issue before birth": ({"issued_on": "1970-01-01"}, "not before the date of issue"),
    "no date": ({"expires_on": "31.12.2030"}, "the expiry date is not a date"),
    "licence of signs": ({"licence": "ev7'--"}, "the licence number cannot be stored"),
    "country": ({"plates": ("QQ:AB123CD",)}, "no country 'QQ'"),
    "portrait": ({"portrait": b"GIF89a"}, "not a picture"),
    "name": ({"last_name": "  "}, "the last name is empty"),
}


@pytest.mark.parametrize(("changes", "words"), REFUSED.values(), ids=REFUSED.keys())
async def test_the_rules_are_those_of_the_unit(
    dsn: str, place: Path, key_pair: RSA.RsaKey, changes: dict[str, Any], words: str
) -> None:
    enter(place, plates=["AA111AA"])
    await take_over(dsn, place)
    with pytest.raises(RegistryError, match=words):
        await enrol(dsn, place, ("uid-eva", key_pair), **changes)
    async with connection_as(dsn) as connection:
        assert await connection.fetchval("SELECT count(*) FROM registry.drivers") == 1, "nothing of it is there"
        assert await connection.fetchval("SELECT count(*) FROM registry.chips") == 1
        assert await connection.fetchval("SELECT count(*) FROM registry.vehicles") == 1


async def test_a_chip_is_revoked_and_replaced(dsn: str, place: Path, key_pair: RSA.RsaKey, tmp_path: Path) -> None:
    enter(place)
    await take_over(dsn, place)
    await enrol(dsn, place, ("first", key_pair))
    async with connection_as(dsn) as connection:

        async def change(act: str, *values: Any, **named: Any) -> Any:
            async with changing(connection, root_of(place)) as changed:
                return await getattr(changed, act)(*values, **named)

        await change("replace", "EV7654321B", ("second", key_pair), reason="lost")
        with pytest.raises(RegistryError, match="no driver"):
            await change("revoke", "XX0000000X", reason="lost")
        with pytest.raises(RegistryError, match="reason is empty"):
            await change("revoke", "EV7654321B", reason=" ")
        await change("revoke", "EV7654321B", reason="licence withdrawn")
        with pytest.raises(RegistryError, match="no chip of that licence is in use"):
            await change("revoke", "EV7654321B", reason="again")
        request = make_request(save_chip_key(tmp_path / "signing.key", ANNA.key), "EV7654321B")
        await change("replace", "EV7654321B", ("third", key_pair), reason="found", request=request)
        with pytest.raises(SecretError, match="would not"):
            await change("replace", "EV7654321B", ("fourth", key_pair), reason="lost")
        with pytest.raises(SecretError):
            await change("replace", "UD1234567A", ("fifth", key_pair), reason="theft", request=request)
        with pytest.raises(RegistryError, match="has that chip already"):
            await change("replace", "EV7654321B", ("sixth", key_pair), reason="lost", request=request)
    async with at_centre(dsn, place) as registry:
        keys = await registry.keys(["first", "second", "third", "fourth", "fifth", "sixth"])
        in_use = {uid: key.revoked_at is None for uid, key in keys.items()}
        assert in_use == {"first": False, "second": False, "third": True}, "and a change that failed left nothing"
        assert load_private_key(
            unseal_secret(keys["first"].unsealing_key, keys["first"].sealed_key, keys["first"].context)
        ), "packets of earlier cases can still be opened"


async def test_the_authoritys_word_for_a_chip_is_kept(
    dsn: str, place: Path, key_pair: RSA.RsaKey, tmp_path: Path
) -> None:
    enter(place)
    await take_over(dsn, place)
    authority = Ed25519Key(bytes(32))
    request = make_request(save_chip_key(tmp_path / "signing.key", ANNA.key), "EV7654321B")
    word = certificate_of(request, authority, 4_000_000_000)
    async with connection_as(dsn) as connection:

        async def certify(certificate: bytes, by: bytes) -> str:
            async with changing(connection, root_of(place)) as change:
                return await change.certify(certificate, by)

        with pytest.raises(RegistryError, match="no chip in use has that signing key"):
            await certify(word.document(), authority.public_key)
        await enrol(dsn, place, ("uid-eva", key_pair), request)
        with pytest.raises(SecretError, match="not made by that authority"):
            await certify(word.document(), Ed25519Key(bytes(range(32))).public_key)
        over = certificate_of(request, authority, 1)
        with pytest.raises(SecretError, match="or it is over"):
            await certify(over.document(), authority.public_key)
        assert await certify(word.document(), authority.public_key) == "EV7654321B"
    async with at_centre(dsn, place) as registry:
        key = (await registry.keys(["uid-eva"]))["uid-eva"]
        assert (key.certified_until, key.certification) == (4_000_000_000, word.signature)


async def test_of_a_driver_who_was_removed_nothing_is_left(dsn: str, place: Path, key_pair: RSA.RsaKey) -> None:
    enter(place)
    await take_over(dsn, place)
    await enrol(dsn, place, ("uid-eva", key_pair))
    async with connection_as(dsn) as connection:
        async with changing(connection, root_of(place)) as change:
            await change.remove("EV7654321B")
            with pytest.raises(RegistryError, match="no driver"):
                await change.remove("EV7654321B")
        for table in ("drivers", "portraits", "chips", "vehicles"):
            left = await connection.fetch(f"SELECT licence FROM registry.{table}")
            assert {row["licence"] for row in left} <= {"UD1234567A"}, table
    await enrol(dsn, place, ("uid-eva-2", key_pair))


async def test_drivers_are_listed_by_name_and_verified(dsn: str, place: Path, key_pair: RSA.RsaKey) -> None:
    enter(place)
    await take_over(dsn, place)
    names = ["Verdi", "Bianchi", "D'Angelò", "Rossi", "Bianchi"]
    for number, name in enumerate(names):
        changes: dict[str, Any] = {"licence": f"L{number}", "last_name": name, "plates": (f"P{number}A", f"P{number}B")}
        await enrol(dsn, place, (f"uid-{number}", key_pair), **changes)
    async with connection_as(dsn) as connection:
        async with changing(connection, root_of(place)) as change:
            await change.revoke("L3", reason="lost")
            found = [each async for each in change.drivers(batch_rows=2)]
        assert [each.licence for each in found] == ["L1", "L4", "UD1234567A", "L2", "L3", "L0"]
        assert {each.licence for each in found if not each.has_chip} == {"L3"}
        assert found[0].plates == ("P1A", "P1B")
        await connection.execute("UPDATE registry.drivers SET first_name = 'Bo' WHERE licence = 'L2'")
        with pytest.raises(RegistryError, match="was altered"):
            async with changing(connection, root_of(place)) as change:
                assert [each async for each in change.drivers()]


async def test_a_driver_entered_while_a_shard_rotates_is_sealed_under_the_new_key(
    dsn: str, place: Path, key_pair: RSA.RsaKey
) -> None:
    enter(place)
    await take_over(dsn, place)
    shard = shard_of("EV7654321B", SHARDS)
    waiting = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    )
    async with connection_as(dsn) as connection, connection_as(dsn) as other, connection_as(dsn) as looking:
        async with changing(connection, root_of(place)) as change:
            await change.enrol(driver(), ("uid-eva", key_pair))
            rotation = asyncio.create_task(rotate_shard(other, root_of(place), shard))
            while not await looking.fetchval(waiting):
                assert not rotation.done(), "it ended without asking who enters a driver"
                await asyncio.sleep(0.01)
        assert await rotation >= 4, "driver, chip and two vehicles"
        assert await looking.fetchval("SELECT count(*) FROM registry.shard_keys WHERE shard = $1", shard) == 1
    async with at_centre(dsn, place) as registry:
        assert (await registry.keys(["uid-eva"]))["uid-eva"].licence == "EV7654321B"


async def test_without_a_registry_or_with_another_root_key_nothing_is_entered(
    dsn: str, place: Path, tmp_path: Path, key_pair: RSA.RsaKey
) -> None:
    with pytest.raises(RegistryError, match="no registry at the centre"):
        await enrol(dsn, place, ("uid-eva", key_pair))
    enter(place)
    await take_over(dsn, place)
    (tmp_path / "other").mkdir()
    with pytest.raises(SecretError, match="another registry's"):
        await enrol(dsn, tmp_path / "other", ("uid-eva", key_pair))


def test_what_is_known_of_a_driver_is_in_no_traceback() -> None:
    shown = repr(driver())
    assert not any(word in shown for word in ("Eva", "EV7654321B", "EV123AA", "1980", "Trento", json.dumps("D'Angelò")))
