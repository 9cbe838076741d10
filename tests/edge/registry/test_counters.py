"""What the unit remembers of chips' counters: sealed, of nobody by name, and never less than it was."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.errors import RegistryError
from edge.model import CounterSeen
from edge.registry import Counters, rotate_master_key
from edge.registry.rows import uid_hash
from tests.support.link import ANNA, BRUNO
from tests.support.registry import enter

KEY = bytes(range(32))


def counters(folder: Path, key: bytes = KEY) -> Counters:
    return Counters(folder / "registry.sqlite", lambda: key)


def file(folder: Path) -> Path:
    return folder / "registry.sqlite.counters"


async def test_the_highest_counter_stays_over_a_restart(tmp_path: Path) -> None:
    assert await counters(tmp_path).seen([ANNA.uid]) == {}
    await counters(tmp_path).note({ANNA.uid: CounterSeen(7, 1000.25), BRUNO.uid: CounterSeen(3, 1001.0)})
    await counters(tmp_path).note({ANNA.uid: CounterSeen(6, 1002.0)})
    assert await counters(tmp_path).seen([ANNA.uid, BRUNO.uid, "other"]) == {
        ANNA.uid: CounterSeen(7, 1000.25),
        BRUNO.uid: CounterSeen(3, 1001.0),
    }


async def test_the_file_names_nobody_and_is_its_owners_alone(tmp_path: Path) -> None:
    await counters(tmp_path).note({ANNA.uid: CounterSeen(7, 1000.25)})
    held = file(tmp_path).read_bytes()
    assert file(tmp_path).stat().st_mode & 0o777 == 0o600
    assert ANNA.uid.encode() not in held
    assert uid_hash(ANNA.uid) not in held, "the registry has that: with both files one could look a driver up"
    assert (7).to_bytes(8, "big") not in held


async def test_a_row_that_was_altered_or_moved_is_an_error(tmp_path: Path) -> None:
    await counters(tmp_path).note({ANNA.uid: CounterSeen(7, 1.0), BRUNO.uid: CounterSeen(9, 1.0)})
    with closing(sqlite3.connect(file(tmp_path))) as database, database:
        rows = database.execute("SELECT chip, sealed FROM seen").fetchall()
        for (chip, _), (_, sealed) in zip(rows, reversed(rows), strict=True):
            database.execute("UPDATE seen SET sealed = ? WHERE chip = ?", (sealed, chip))
    with pytest.raises(RegistryError, match="was altered"):
        await counters(tmp_path).seen([ANNA.uid])


async def test_rubbish_in_its_place_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    file(tmp_path).write_bytes(b"rubbish" * 1000)
    with pytest.raises(RegistryError, match="move the file away"):
        await counters(tmp_path).seen([ANNA.uid])


async def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    one, other = counters(tmp_path), counters(tmp_path)
    await asyncio.gather(*(each.note({f"uid{i}": CounterSeen(i + 1, 1.0)}) for i in range(25) for each in (one, other)))
    assert len(await one.seen(f"uid{i}" for i in range(25))) == 25


async def test_after_a_rotation_it_begins_anew(place: Path) -> None:
    enter(place)
    await counters(place).note({ANNA.uid: CounterSeen(7, 1.0)})
    rotate_master_key(place / "registry.sqlite", place / "master.key")
    assert not file(place).exists()
