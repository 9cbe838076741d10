"""Another registry in the place of the one in use: cars seal their uids to its key, without a restart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from edge.daemon.housekeeping import try_registry
from edge.daemon.wiring import Parts
from edge.registry import Registry, create_master_key, create_registry, load_master_key
from tests.support.signed_link import ANNA, RawSignedCar, certified, enter_driver


async def offered(port: int) -> str:
    """The key that a car is told to seal its uid to, in hexadecimal."""
    async with RawSignedCar(port) as car:
        body: dict[str, Any] = await car.connect()
        return str(body["registry_key"])


async def in_use(registry: Registry) -> str:
    key = await registry.uid_key()
    assert key is not None
    return key.public.hex()


async def test_cars_seal_their_uids_to_the_key_of_the_registry_that_is_there(tmp_path: Path) -> None:
    unit, other = certified(tmp_path), tmp_path / "other"
    other.mkdir()
    create_master_key(other / "master.key")
    create_registry(other / "registry.sqlite")
    enter_driver(other, ANNA, None)
    path, key_file = tmp_path / "registry.sqlite", tmp_path / "master.key"
    registry = await Registry.open(path, load_master_key(key_file), load_key=lambda: load_master_key(key_file))
    try:
        async with unit.unit() as (server, _mailbox):
            parts = cast(Parts, SimpleNamespace(registry=registry, link=server))
            before = await in_use(registry)
            await try_registry(parts)
            assert await offered(server.port) == before
            (other / "master.key").replace(key_file)
            (other / "registry.sqlite").replace(path)
            await try_registry(parts)
            assert await offered(server.port) == await in_use(registry) != before
    finally:
        await registry.close()


async def test_a_registry_that_is_away_changes_nothing(tmp_path: Path) -> None:
    unit = certified(tmp_path)
    registry = await unit.registry()
    try:
        async with unit.unit() as (server, _mailbox):
            before = await offered(server.port)
            (tmp_path / "registry.sqlite").rename(tmp_path / "elsewhere")
            await try_registry(cast(Parts, SimpleNamespace(registry=registry, link=server)))
            assert await offered(server.port) == before
            assert "there is no registry" in (registry.problem() or "")
    finally:
        await registry.close()
