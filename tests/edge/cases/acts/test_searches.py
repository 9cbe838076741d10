"""Lists and searches are entries of the chain: who looked for what, without saying what to who has the chain alone."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from edge.cases.acts.searches import searched
from edge.cases.audit import audit
from edge.cases.review import account_name
from edge.cases.storage.database import open_to_read
from edge.cases.storage.layout import StateFolder
from edge.cases.views import CaseFilter, Order
from edge.cli import main
from edge.errors import CaseError
from edge.model import Outcome
from edge.officers import looks
from edge.officers.accounts import Account
from edge.officers.client import ServiceDesk
from edge.officers.office import Office
from tests.support.cases import SIGNER, everything, filled, write_key
from tests.support.officers import service

CONTI, BRUNI = Account(5001, "conti"), Account(5002, "bruni")


def entries(state: Path) -> list[tuple[str, dict[str, Any]]]:
    """The entries of lists and searches, with their contents."""
    with closing(open_to_read(StateFolder(state))) as database:
        sql = "SELECT kind, body FROM entries WHERE kind IN ('list', 'search') ORDER BY seq"
        return [(kind, json.loads(body)) for kind, body in database.execute(sql)]


async def test_a_list_and_a_search_are_recorded_before_anything_is_given(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    with service(tmp_path) as path, closing(ServiceDesk(path)) as desk:
        desk.cases(CaseFilter(outcome=Outcome.IDENTIFIED))
        desk.cases(CaseFilter(text="ab 000"))
        ((first, listed), (second, found)) = entries(tmp_path)
    assert (first, listed["hits"], listed["filter"], "terms" in listed) == ("list", 2, {"outcome": "identified"}, False)
    assert (second, found["hits"], found["filter"], len(found["terms"])) == ("search", 1, {}, 64)
    assert found["officer"] == found["account"] == account_name()
    assert b"ab 000" not in everything(tmp_path) and b'"ab000' not in everything(tmp_path)
    assert "all signed" in audit(tmp_path, trusted=SIGNER.public_key)


async def test_what_cannot_be_recorded_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 1)

    def full(*_arguments: object, **_words: object) -> int:
        raise CaseError("the disk is full", "make room")

    monkeypatch.setattr(looks, "record_list", full)
    with closing(Office(tmp_path, SIGNER)) as office, pytest.raises(CaseError, match="disk is full"):
        office.list(CONTI, CaseFilter(), order=Order.NEWEST, limit=1, offset=0)


async def test_the_pages_and_orders_of_one_look_are_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 3)
    turns = [(order, limit, offset) for order in Order for limit in (0, 1, 100) for offset in (0, 1, 2)]
    with closing(Office(tmp_path, SIGNER)) as office, ThreadPoolExecutor(4) as pool:
        together = threading.Barrier(4)

        def look(number: int) -> None:
            together.wait(30)
            for order, limit, offset in turns[number::4]:
                for text in ("Rossi", " rossi", "ROSSI "):
                    office.list(CONTI, CaseFilter(text=text), order=order, limit=limit, offset=offset)

        list(pool.map(look, range(4)))
        assert len(entries(tmp_path)) == 1
        office.list(BRUNI, CaseFilter(text="Rossi"), order=Order.NEWEST, limit=1, offset=0)
        monkeypatch.setattr(looks, "LOOK_S", 0.0)
        office.list(CONTI, CaseFilter(text="Rossi"), order=Order.NEWEST, limit=1, offset=0)
    assert [content["account"] for _, content in entries(tmp_path)] == ["conti", "bruni", "conti"]


async def test_searches_without_end_do_not_fill_the_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "BURST_LISTS", 20.0)
    monkeypatch.setattr(looks, "LISTS_PER_S", 0.0)
    await filled(tmp_path, 1)
    refused = 0
    with closing(Office(tmp_path, SIGNER)) as office:
        for number in range(60):
            try:
                office.list(CONTI, CaseFilter(text=f"AB{number}"), order=Order.NEWEST, limit=1, offset=0)
            except CaseError:
                refused += 1
        office.list(CONTI, CaseFilter(text="AB3"), order=Order.NEWEST, limit=1, offset=0)  # that look lasts
        office.list(BRUNI, CaseFilter(text="AB59"), order=Order.NEWEST, limit=1, offset=0)
    assert (refused, len(entries(tmp_path))) == (40, 21)


@pytest.mark.parametrize("text", ["\0", "AB\0", "\0AB", " \0 ", "A\x1bB"])
async def test_a_control_character_lists_nothing(tmp_path: Path, text: str) -> None:
    """SQLite's LIKE ends at a NUL, so that one alone listed all cases."""
    await filled(tmp_path, 2)
    with (
        service(tmp_path) as path,
        closing(ServiceDesk(path)) as desk,
        pytest.raises(CaseError, match="control character"),
    ):
        desk.cases(CaseFilter(text=text))
    assert entries(tmp_path) == []


async def test_who_has_the_key_can_ask_who_searched_for_a_plate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    await filled(state, 3)
    with closing(Office(state, SIGNER)) as office:
        for account, text in ((CONTI, "AB000CD"), (BRUNI, "Rossi"), (BRUNI, "ab 000 cd")):
            office.list(account, CaseFilter(text=text), order=Order.NEWEST, limit=1, offset=0)
    assert [(search.officer, search.hits) for search in searched(state, SIGNER, "AB000CD")] == [
        ("conti", 1),
        ("bruni", 1),
    ]
    key = str(write_key(tmp_path / "signing.key"))
    assert main(["cases", "searched", "ab000cd", "--state-dir", str(state), "--signing-key", key]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[1:] for line in said] == [["conti", "1 case"], ["bruni", "1 case"]]
