"""Orders of the centre's officers: signed by enough of them, carried out once, in both chains; and nobody else's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from centre.delivery import list_orders
from centre.errors import CentreError
from centre.records import draft_order, purge_of_month, read_journal, sign_order, verify_units, withdraw_order
from centre.service import own_files
from centre.units import current_signers
from edge.cases.retention import purge
from edge.cases.review import record
from edge.daemon.diary import configuration_entry
from edge.delivery import ordered
from edge.delivery.orders import OrderKind, SignedOrder
from edge.errors import CaseError
from tests.support.cases import SIGNER
from tests.support.centre import Centre
from tests.support.orders import (
    ADA,
    CONTI,
    EVA,
    SERIAL,
    THIEF,
    enter,
    fleet,
    order,
    signed,
    text_of,
    unit_with_cases,
)


async def test_a_hold_at_the_centre_holds_at_the_unit_and_only_the_centre_releases_it(
    centre: Centre, tmp_path: Path
) -> None:
    unit, rounds = await fleet(centre, tmp_path)
    await rounds(1)
    number = await order(centre, OrderKind.HOLD, ADA, cases=[1, 2])
    await rounds()
    for case in (1, 2):
        (held,) = unit.contents(case, "hold")
        assert held["officer"] == "centre" and held["reason"] == CONTI.reason
        assert held["order"]["number"] == number and held["order"]["officers"] == ["Ada Conti"]
    with pytest.raises(CaseError, match="on hold"):
        purge(unit.state_dir, [1], reason="retention period over", signer=SIGNER)
    with pytest.raises(CaseError, match="the centre holds case 1"):
        record(unit.state_dir, 1, kind="release", officer="local", reason="no need", signer=SIGNER)
    assert await centre.pool.fetchval("SELECT count(*) FROM cases WHERE is_held") == 2
    assert await centre.pool.fetchval("SELECT done_at IS NOT NULL FROM orders")
    await order(centre, OrderKind.RELEASE, ADA, EVA, cases=[1])
    await rounds()
    assert unit.kinds(1)[-2:] == ["hold", "release"] and unit.kinds(2)[-1] == "hold"
    assert [tuple(row) for row in await centre.pool.fetch("SELECT number FROM cases WHERE is_held")] == [(2,)]
    async with centre.pool.acquire() as connection:
        assert [found.fault for found in await verify_units(connection)] == [None]
        kinds = [json.loads(link.header)["kind"] for link in await read_journal(connection)]
    assert kinds == ["key", "order", "order_signed", "order", "order_signed", "order_signed"]


async def test_a_purge_takes_two_officers_and_becomes_the_units_tombstone(centre: Centre, tmp_path: Path) -> None:
    unit, rounds = await fleet(centre, tmp_path)
    await rounds(1)
    number = await order(centre, OrderKind.PURGE, ADA, cases=[1, 3])
    await rounds()
    assert "purge" not in unit.kinds(1), "one signature is not enough to be sent"
    house = own_files(centre.settings)[2]
    async with centre.pool.acquire() as connection:
        with pytest.raises(CentreError, match="signed order 1 before"):
            await sign_order(connection, house, CONTI, ADA, number)
        with pytest.raises(CentreError, match="no officer's"):
            await sign_order(connection, house, CONTI, THIEF, number)
        await sign_order(connection, house, CONTI, EVA, number)
    await rounds()
    (tombstone,) = unit.contents(1, "purge")
    assert tombstone["order"]["officers"] == ["Ada Conti", "Eva Bruni"]
    assert unit.kinds(3)[-1] == "purge" and "purge" not in unit.kinds(2)
    rows = await centre.pool.fetch("SELECT number, state, plate FROM cases ORDER BY number")
    assert [(row["state"], bool(row["plate"])) for row in rows] == [
        ("purged", False),
        ("decided", True),
        ("purged", False),
    ]
    async with centre.pool.acquire() as connection:
        assert await list_orders(connection) == []
        (row,) = await list_orders(connection, number)
        assert row["done_at"] is not None and row["done"] == 2 and row["refused"] is None


async def test_a_tombstone_that_comes_while_the_centre_holds_a_case_takes_nothing_here(
    centre: Centre, tmp_path: Path
) -> None:
    """The unit was away and purged the case by its own rule before it heard of the hold."""
    unit, rounds = await fleet(centre, tmp_path)
    await rounds(1)
    await order(centre, OrderKind.HOLD, ADA, cases=[1])
    purge(unit.state_dir, [1], reason="retention period over", signer=SIGNER)
    await rounds(3)
    row = await centre.pool.fetchrow("SELECT state, plate, purged_seq FROM cases WHERE number = 1")
    assert (row["state"], row["plate"]) == ("decided", "AB000CD") and row["purged_seq"] is not None
    assert await centre.pool.fetchval("SELECT count(*) FROM entries WHERE case_number = 1 AND body IS NULL") == 0
    assert "was purged" in await centre.pool.fetchval("SELECT refused FROM orders")
    async with centre.pool.acquire() as connection:
        assert [found.fault for found in await verify_units(connection)] == [None]
    await order(centre, OrderKind.RELEASE, ADA, EVA, cases=[1])
    row = await centre.pool.fetchrow("SELECT state, plate FROM cases WHERE number = 1")
    assert tuple(row) == ("purged", "")


async def test_a_month_is_ordered_to_be_purged_but_for_what_is_held(centre: Centre, tmp_path: Path) -> None:
    unit, rounds = await fleet(centre, tmp_path)
    await rounds(1)
    await order(centre, OrderKind.HOLD, ADA, cases=[2])
    async with centre.pool.acquire() as connection:
        month = await connection.fetchval("SELECT max(month) FROM cases")
        assert await purge_of_month(connection, month) == [(SERIAL, [1, 3])]
        with pytest.raises(CentreError, match="on hold"):
            await draft_order(
                connection,
                own_files(centre.settings)[2],
                CONTI,
                ADA,
                centre="test",
                unit=SERIAL,
                kind=OrderKind.PURGE,
                cases=[2],
            )
    assert unit.kinds(2) == ["filed", "decided"]


FORGERIES: dict[str, SignedOrder] = {
    "nobody signed": signed(text_of(9, OrderKind.PURGE)),
    "one officer signed": signed(text_of(9, OrderKind.PURGE), ADA),
    "a stranger signed": signed(text_of(9, OrderKind.PURGE), ADA, THIEF),
    "another unit's": signed(text_of(9, OrderKind.PURGE, unit="AVX-0001"), ADA, EVA),
    "over": signed(text_of(9, OrderKind.PURGE, until_utc=1.0), ADA, EVA),
    "altered": replace(
        signed(text_of(9, OrderKind.PURGE), ADA, EVA), text=text_of(9, OrderKind.PURGE, cases=(2,)).text()
    ),
    "one signature under two names": replace(
        signed(text_of(9, OrderKind.PURGE), ADA),
        signatures={key.key_id: signed(text_of(9, OrderKind.PURGE), ADA).signatures[ADA.key_id] for key in (ADA, EVA)},
    ),
    "a hold that a stranger signed": signed(text_of(9, OrderKind.HOLD), THIEF),
    "a configuration that names a case": signed(text_of(9, OrderKind.CONFIGURATION, settings={}), ADA, EVA),
    "the way to the centre": signed(
        text_of(9, OrderKind.CONFIGURATION, cases=(), settings={"centre.url": "https://evil"}), ADA, EVA
    ),
    "a key": signed(
        text_of(9, OrderKind.CONFIGURATION, cases=(), settings={"cases.signing_key_file": "/tmp/x"}), ADA, EVA
    ),
    "a limit that is none": signed(
        text_of(9, OrderKind.CONFIGURATION, cases=(), settings={"speed.limit_kmh": -5}), ADA, EVA
    ),
    "a law that contradicts the site": signed(
        text_of(9, OrderKind.CONFIGURATION, cases=(), settings={"speed.law": "XX"}), ADA, EVA
    ),
    "rubbish": SignedOrder(b"{}", {}),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
async def test_the_unit_obeys_nobody_else(tmp_path: Path, forged: SignedOrder) -> None:
    unit = await unit_with_cases(tmp_path)
    before = unit.kinds(1), unit.kinds(2)
    (refusal,) = unit.orders().obey([forged.record()])
    assert refusal["cause"]
    assert (unit.kinds(1), unit.kinds(2)) == before and unit.restarts == 0
    assert ordered(unit.settings).order is None


async def test_an_order_that_comes_again_does_nothing(tmp_path: Path) -> None:
    """Whoever can answer the unit keeps old orders: a hold after its release, a configuration after a newer one."""
    unit = await unit_with_cases(tmp_path)
    hold, release = text_of(1, OrderKind.HOLD), text_of(2, OrderKind.RELEASE)
    for each in (signed(hold, ADA), signed(release, ADA, EVA), signed(hold, ADA), signed(release, ADA, EVA)):
        assert unit.orders().obey([each.record()]) == []
    assert unit.kinds(1)[2:] == ["hold", "release"]
    values = [{"speed.limit_kmh": 70.0}, {"speed.limit_kmh": 50.0}]
    first, second = (
        signed(text_of(number, OrderKind.CONFIGURATION, cases=(), settings=each), ADA, EVA)
        for number, each in enumerate(values, 3)
    )
    assert unit.orders().obey([second.record()]) == []
    assert "newer" in str(unit.orders().obey([first.record()]))
    assert unit.orders().obey([second.record()]) == []
    assert unit.restarts == 1 and ordered(unit.settings).settings.speed.limit_kmh == 50.0


async def test_a_unit_that_knows_no_officers_obeys_nobody(tmp_path: Path) -> None:
    unit = await unit_with_cases(tmp_path)
    (tmp_path / "signers.json").unlink()
    (refusal,) = unit.orders().obey([signed(text_of(1, OrderKind.HOLD), ADA).record()])
    assert "autovelox centre signers" in str(refusal["cause"])


async def test_a_configuration_is_taken_and_told_in_the_chain(centre: Centre, tmp_path: Path) -> None:
    unit, rounds = await fleet(centre, tmp_path, 1)
    values = {"speed.limit_kmh": 70, "site.road": "SP 1", "review.second": True}
    number = await order(centre, OrderKind.CONFIGURATION, ADA, EVA, settings=values)
    await rounds(1)
    found = ordered(unit.settings)
    assert unit.restarts == 1 and found.order is not None and found.order.number == number and found.problem is None
    assert found.settings.speed.limit_kmh == 70 and found.settings.review.second and found.settings.site.road == "SP 1"
    assert found.file.speed.limit_kmh == 50 and found.settings.centre == unit.settings.centre
    told = configuration_entry({"a": "b"}, {"settings": {"a": "b"}}, found.order.record())
    assert told is not None and told["order"] == found.order.record()
    await enter(unit, "configuration", told)
    await rounds(2)
    assert await centre.pool.fetchval("SELECT done_at IS NOT NULL AND refused IS NULL FROM orders")


async def test_a_configuration_that_cannot_be_is_refused_with_a_reason_in_the_chain(
    centre: Centre, tmp_path: Path
) -> None:
    unit, rounds = await fleet(centre, tmp_path, 1)
    await order(centre, OrderKind.CONFIGURATION, ADA, EVA, settings={"speed.limit_kmh": -1})
    await rounds(2)
    ((kind, content),) = unit.entered
    assert kind == "configuration" and unit.restarts == 0
    assert "greater than 0" in await centre.pool.fetchval("SELECT refused FROM orders")
    await enter(unit, kind, content)
    await rounds(2)
    assert await centre.pool.fetchval("SELECT done_at IS NOT NULL AND refused LIKE '%greater than 0%' FROM orders")
    with pytest.raises(CentreError, match="cannot be set from afar"):
        await order(centre, OrderKind.CONFIGURATION, ADA, settings={"link.tls_key": "/etc/passwd"})


async def test_an_order_that_was_altered_on_the_disk_is_not_in_force(tmp_path: Path) -> None:
    unit = await unit_with_cases(tmp_path)
    values = {"speed.limit_kmh": 70.0}
    taken = signed(text_of(1, OrderKind.CONFIGURATION, cases=(), settings=values), ADA, EVA)
    assert unit.orders().obey([taken.record()]) == []
    file = unit.state_dir / "ordered.json"
    file.write_text(file.read_text().replace("70", "170"))
    found = ordered(unit.settings)
    assert found.settings.speed.limit_kmh == 50.0 and found.problem is not None and found.order is None


async def test_an_order_that_is_withdrawn_is_sent_to_nobody(centre: Centre, tmp_path: Path) -> None:
    unit, rounds = await fleet(centre, tmp_path, 1)
    await rounds(1)
    number = await order(centre, OrderKind.HOLD, ADA, cases=[1])
    async with centre.pool.acquire() as connection:
        await withdraw_order(connection, own_files(centre.settings)[2], CONTI, number)
        assert [key.name for key in await current_signers(connection)] == ["Ada Conti", "Eva Bruni"]
    await rounds()
    assert unit.kinds(1) == ["filed", "decided"]
    assert await centre.pool.fetchval("SELECT count(*) FROM holds") == 0
