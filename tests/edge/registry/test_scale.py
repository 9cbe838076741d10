"""A registry of a million rows: no query reads more than it needs, nothing holds it all in memory."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from edge.errors import RegistryError
from edge.registry import check_registry, list_drivers, load_master_key, lookup, rotate_master_key, survey
from edge.registry.change import change
from edge.registry.rows import ChipRow, select, uid_hash
from edge.registry.vault import seal_secret

DRIVERS = 2000
LONG = "x" * 150


@pytest.fixture
def many(place: Path) -> Path:
    """A registry of DRIVERS drivers with a chip and a vehicle each."""
    with change(place / "registry.sqlite", load_master_key(place / "master.key")) as registry:
        for number in range(DRIVERS):
            licence, hashed = f"UD{number:07d}A", uid_hash(str(number))
            texts = (licence, LONG, f"Name {number:07d}", "1980-12-31", LONG, "B", LONG, "2020-01-01", "2030-01-01")
            registry.insert("drivers", (*texts, hashed))
            sealed = seal_secret(registry.keys.chip(hashed), b"a key", hashed.hex())
            registry.insert("chips", ChipRow(hashed, licence, 0, None, None, sealed))
            registry.insert("vehicles", (f"P{number:07d}", licence, None))
    return place


def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is executed from here on, in every connection that is opened."""
    seen: list[str] = []
    connect = sqlite3.connect

    def tracing(*args: object, **options: object) -> sqlite3.Connection:
        database = connect(*args, **options)  # type: ignore[call-overload]
        database.set_trace_callback(seen.append)
        return database  # type: ignore[no-any-return]

    monkeypatch.setattr(sqlite3, "connect", tracing)
    return seen


@pytest.mark.parametrize(
    "query",
    [
        select("drivers", survey.BY_NAME),
        *(select(table, survey.OF_LICENCE) for table in ("drivers", "chips", "vehicles")),
        *(select(table, survey.NEXT_ROWS) for table in ("drivers", "chips", "vehicles")),
        select("chips", "WHERE uid_sha256 IN (?, ?)"),
        select("chips", "WHERE uid_sha256 = ?"),
        lookup.DRIVER,
        lookup.VEHICLE,
        lookup.PORTRAIT,
    ],
)
def test_every_query_follows_an_index(many: Path, query: str) -> None:
    with closing(sqlite3.connect(many / "registry.sqlite")) as database:
        values = ("",) * query.count("?")
        plan = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {query}", values)]
    for step in plan:
        in_order = step == "SCAN drivers USING INDEX drivers_by_name"
        assert in_order or step.startswith("SEARCH"), plan


def test_a_list_is_read_as_it_is_shown(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = load_master_key(many / "master.key")
    tracemalloc.start()
    try:
        names = 0
        for driver in list_drivers(many / "registry.sqlite", key):
            assert driver.last_name == f"Name {names:07d}"
            names += 1
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert names == DRIVERS
    assert peak < DRIVERS * len(LONG), "the list was held in memory"
    seen = statements(monkeypatch)
    next(iter(list_drivers(many / "registry.sqlite", key)))
    assert len(seen) < 12, "the first driver is shown before the others are read"


def test_a_rotation_goes_through_the_rows_once(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = statements(monkeypatch)
    assert rotate_master_key(many / "registry.sqlite", many / "master.key") == DRIVERS
    monkeypatch.undo()
    reads = [text for text in seen if text.startswith("SELECT rowid")]
    assert len(reads) == 3 * (DRIVERS // survey.BATCH_ROWS + 1)
    assert sum(text.startswith("UPDATE") for text in seen) == 3 * DRIVERS + 1
    assert sum(1 for _ in list_drivers(many / "registry.sqlite", load_master_key(many / "master.key"))) == DRIVERS


def test_a_check_names_a_missing_portrait(many: Path) -> None:
    with pytest.raises(RegistryError, match="altered"):
        check_registry(many / "registry.sqlite", load_master_key(many / "master.key"))
