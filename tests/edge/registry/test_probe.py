"""The registry while the unit runs: unreadable, replaced, rotated, and well again without a restart."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.errors import RegistryError
from edge.registry import Registry, load_master_key, rotate_master_key
from tests.support.registry import enter, private_key

OPEN: list[Registry] = []


@pytest.fixture(autouse=True)
async def _close() -> AsyncIterator[None]:
    """An open database would keep the tests from ending, also where one fails."""
    yield
    while OPEN:
        await OPEN.pop().close()


async def opened(place: Path) -> Registry:
    key = place / "master.key"
    registry = await Registry.open(
        place / "registry.sqlite", load_master_key(key), load_key=lambda: load_master_key(key)
    )
    OPEN.append(registry)
    return registry


async def test_a_rotation_while_it_runs_is_noticed_and_taken(place: Path) -> None:
    uid = enter(place).uid
    registry = await opened(place)
    assert not await registry.probe() and registry.problem() is None
    rotate_master_key(place / "registry.sqlite", place / "master.key")
    with pytest.raises(RegistryError):
        await registry.keys([uid])
    assert registry.problem() is not None
    assert await registry.probe(), "it can be used again"
    assert registry.problem() is None
    assert private_key((await registry.keys([uid]))[uid]).size_in_bits() == 4096


async def test_a_rotation_whose_key_the_unit_cannot_read_is_a_problem_until_it_can(place: Path) -> None:
    """Systemd hands the key over at the start: until somebody restarts the unit, cases wait and health says why."""
    uid, key = enter(place).uid, place / "master.key"
    old = key.read_bytes()
    registry = await opened(place)
    rotate_master_key(place / "registry.sqlite", key)
    new = key.read_bytes()
    key.write_bytes(old)
    assert not await registry.probe()
    assert "master key" in (registry.problem() or "")
    key.write_bytes(new)
    assert await registry.probe()
    assert uid in await registry.keys([uid])


async def test_a_registry_that_is_away_for_a_while(place: Path) -> None:
    uid, path = enter(place).uid, place / "registry.sqlite"
    registry = await opened(place)
    path.rename(place / "elsewhere")
    assert not await registry.probe()
    assert "there is no registry" in (registry.problem() or "")
    (place / "elsewhere").rename(path)
    assert await registry.probe()
    assert uid in await registry.keys([uid])


async def test_a_registry_that_was_restored_from_a_backup_is_read_anew(place: Path) -> None:
    """The old file stays open and would answer for ever: a chip revoked in the new one must not count."""
    first, path = enter(place).uid, place / "registry.sqlite"
    shutil.copy2(path, place / "later")
    registry = await opened(place)
    second = enter(place, licence="UD7654321B").uid
    shutil.copy2(path, place / "with two")
    (place / "with two").replace(path)
    assert not await registry.probe() and registry.problem() is None
    assert set(await registry.keys([first, second])) == {first, second}
    (place / "later").replace(path)
    await registry.probe()
    assert set(await registry.keys([first, second])) == {first}


async def test_uids_are_known_without_their_keys(place: Path) -> None:
    uid = enter(place).uid
    registry = await opened(place)
    assert await registry.known([uid, "stranger", *map(str, range(1200))]) == {uid}
    await registry.close()
    with pytest.raises(RegistryError):
        await registry.known([uid])
