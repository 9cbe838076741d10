"""Officers of the centre who sign orders, and a unit that obeys them, for the tests."""

from __future__ import annotations

import itertools
import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from centre.records import Officer, draft_order, sign_order
from centre.service import own_files
from centre.units import add_signer
from edge.cases.evidence import Signer
from edge.cases.storage.outbox import Outbox
from edge.cases.store import CaseStore
from edge.config import Settings
from edge.delivery import Client, Courier, DailyBudget, trusting
from edge.delivery.obeying import Orders
from edge.delivery.orders import ORDER_DOMAIN, OfficerKey, Order, OrderKind, SignedOrder, signers_record
from tests.support.cases import SIGNER, UNIT, filled
from tests.support.centre import Centre

SERIAL = "AVX-TEST"
ADA, EVA, THIEF = (Signer(bytes([number]) * 32) for number in (1, 2, 3))
KEYS = [OfficerKey("Ada Conti", ADA.public_key), OfficerKey("Eva Bruni", EVA.public_key)]
CONTI = Officer("conti", "appeal 12/2026")


@dataclass
class Unit:
    """A unit with a store, that obeys."""

    folder: Path
    entered: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    restarts: int = 0

    @property
    def state_dir(self) -> Path:
        return self.folder / "unit"

    @property
    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "unit": {"serial": SERIAL, "state_dir": self.state_dir},
                "centre": {"url": "https://127.0.0.1:1", "signers_file": self.folder / "signers.json"},
            }
        )

    def orders(self) -> Orders:
        def restart() -> None:
            self.restarts += 1

        return Orders(
            self.settings, SIGNER, enter=lambda kind, content: self.entered.append((kind, content)), restart=restart
        )

    def kinds(self, case: int) -> list[str]:
        with closing(sqlite3.connect(self.state_dir / "cases.sqlite")) as database:
            rows = database.execute("SELECT kind FROM entries WHERE case_number = ? ORDER BY seq", (case,))
            return [row[0] for row in rows]

    def contents(self, case: int, kind: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.state_dir / "cases.sqlite")) as database:
            sql = "SELECT body FROM entries WHERE case_number = ? AND kind = ? ORDER BY seq"
            return [json.loads(row[0]) for row in database.execute(sql, (case, kind))]


@dataclass
class Rounds:
    """A unit's courier, round by round."""

    client: Client
    courier: Courier

    async def __call__(self, number: int = 2) -> None:
        """Deliver, ask for orders, obey, deliver what came of it."""
        async with self.client:
            for _ in range(number):
                await self.courier.round()


def text_of(number: int, kind: OrderKind, **changes: Any) -> Order:
    now = time.time()
    order = Order("test", SERIAL, number, kind, "appeal 12/2026", now, now + 1e6, (1,))
    return replace(order, **changes)


def signed(order: Order, *signers: Signer) -> SignedOrder:
    text = order.text()
    return SignedOrder(text, {each.key_id: each.sign(ORDER_DOMAIN + text).hex() for each in signers})


async def unit_with_cases(folder: Path, cases: int = 2) -> Unit:
    unit = Unit(folder)
    await filled(unit.state_dir, cases)
    (folder / "signers.json").write_text(json.dumps(signers_record(KEYS)))
    return unit


async def fleet(centre: Centre, folder: Path, cases: int = 3) -> tuple[Unit, Rounds]:
    """Two officers, and a unit that has joined, whose courier obeys."""
    async with centre.pool.acquire() as connection:
        for key in KEYS:
            await add_signer(connection, key)
    unit = await unit_with_cases(folder, cases)
    await centre.let_in(SERIAL, SIGNER, folder)
    client = Client(centre.url, trusting(centre.authority), SERIAL, SIGNER)
    hours = itertools.count(0.0, 4000.0)  # a status is due whenever it looks
    courier = Courier(
        client,
        Outbox(unit.state_dir),
        budget=DailyBudget(1 << 40),
        facts=dict,
        clock=lambda: next(hours),
        obey=unit.orders().obey,
    )
    return unit, Rounds(client, courier)


async def order(centre: Centre, kind: OrderKind, *signers: Signer, **more: Any) -> int:
    house = own_files(centre.settings)[2]
    async with centre.pool.acquire() as connection:
        number = await draft_order(connection, house, CONTI, signers[0], centre="test", unit=SERIAL, kind=kind, **more)
        for each in signers[1:]:
            await sign_order(connection, house, Officer("bruni", "read"), each, number)
    return number


async def enter(unit: Unit, kind: str, content: Mapping[str, object]) -> None:
    """What the daemon enters about the unit itself."""
    store = await CaseStore.open(unit.state_dir, SIGNER, UNIT)
    try:
        await store.note(kind, content)
        await store.housekeep()
    finally:
        await store.close()
