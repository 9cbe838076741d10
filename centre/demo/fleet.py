"""``autovelox-centre demo``: play the fleet, compare what is here with what the units have, print a table."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from centre.config import CentreSettings, LimitSettings, ListenSettings, MetricsSettings, Settings
from centre.database import Pool
from centre.demo.relay import Relay
from centre.demo.report import Row, compare, compare_clone, print_table
from centre.demo.units import FleetUnit, all_decided, at_work, drive_by
from centre.records import verify_units
from centre.registry import ROOT_NAME, RootKey, import_registry, load_root_key
from centre.service import database, own_files
from centre.units import add_unit
from edge.config import Engine
from edge.crypto import KEY_BYTES, write_key
from edge.delivery import Client, join_centre, trusting
from edge.delivery.remote import fetch_service
from edge.demo.cast import Cast, load_cast
from edge.demo.setting import Setting
from edge.demo.unit import DemoFailed
from edge.terminal import say
from edge.vision import require_engine

PATIENCE_S = 60.0
BETWEEN_LOOKS_S = 0.25
CONFIG = """\
[centre]
name = "demo"
state_dir = "state"

[listen]
port = 0

[registry]
root_key_file = "root.key"

[opening]
port = 0
state_dir = "opener"

[verdict]
plate_countries = ["IT", "NL", "GB", "VN"]
plate_pattern = "[A-Z0-9]{4,10}"

[limits]
status_s = 1.0
logins_per_minute = 600

[metrics]
port = 0
"""
MARKER = "made-by-autovelox-fleet-demo"


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``demo``."""
    parser = subparsers.add_parser(
        "demo",
        help="play a fleet of three units on loopback, and say whether every case arrived once",
        description="Start PostgreSQL, a centre and three units on loopback with recorded feeds and real cars. One unit"
        " is offline for a while, one is killed, one is cloned. Exits 1 if a case is lost, doubled or wrong, or if the"
        " clone is not seen.",
    )
    parser.add_argument("--dir", type=Path, default=Path("var/fleet"), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--engine", choices=["easyocr", "litert"], default="litert", help="default: %(default)s")
    parser.set_defaults(run=demo)


def demo(args: argparse.Namespace) -> int:
    """Run the fleet; return 0 if everything is as it should be, else 1."""
    engine: Engine = args.engine
    require_engine(engine)
    folder: Path = args.dir.resolve()
    _own(folder)
    began = time.monotonic()
    cast = load_cast()
    registry = Setting(folder / "registry", engine)
    registry.clear()
    rows = asyncio.run(_play(folder, engine, cast, registry))
    print_table(rows)
    faults = [f"{row.unit}: {fault}" for row in rows for fault in row.faults]
    say(*faults, to=sys.stderr)
    say(f"{'NOT AS IT SHOULD BE' if faults else 'everything arrived, once'}; {time.monotonic() - began:.0f} s")
    return int(bool(faults))


def _own(folder: Path) -> None:
    """Make the folder, or clear what an earlier demo left; another's folder is not touched."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise DemoFailed(f"{folder} holds files that no demo made", "name a folder that is new or empty with --dir")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    for path in folder.iterdir():
        if path.is_dir() and path.name != "registry":
            shutil.rmtree(path)


async def _play(folder: Path, engine: Engine, cast: Cast, registry: Setting) -> list[Row]:
    online, offline, killed = (
        FleetUnit(folder / f"AVX-000{number}", f"AVX-000{number}", engine, keyless=number == 2) for number in (1, 2, 3)
    )
    (folder / "centre").mkdir()
    config = folder / "centre" / "centre.toml"
    config.write_text(CONFIG, encoding="utf-8")
    settings = Settings(
        centre=CentreSettings(name="demo", state_dir=folder / "centre" / "state"),
        listen=ListenSettings(port=0),
        limits=LimitSettings(status_s=1.0, logins_per_minute=600),
        metrics=MetricsSettings(port=0),
    )
    async with (
        _centre(config, folder / "centre" / "centre.log") as port,
        Relay(port) as relay,
        database(settings) as pool,
        AsyncExitStack() as stack,
    ):
        if not registry.is_enrolled:
            say("enrolling fictional drivers (RSA-4096 keys), once: some seconds ...")
            await asyncio.to_thread(registry.enrol, cast, lambda: None)
        await stack.enter_async_context(_opener(config, folder / "centre", registry, pool))
        say(
            f"the centre answers at port {port}; three units join: one that holds no registry and no private key and is"
        )
        say("offline for a while, one to be killed, one to be cloned")
        addresses = ((online, port), (offline, relay.port), (killed, port))
        for unit, address in addresses:
            await _join(unit, registry, pool, settings, f"https://127.0.0.1:{address}")
        await asyncio.gather(
            _online(online, cast, pool, f"https://127.0.0.1:{port}"),
            _offline(offline, cast, pool, relay),
            _killed(killed, cast, pool, f"https://127.0.0.1:{port}"),
        )
        say("a copy of the first unit's card goes on as well")
        clone = online.clone(folder / "AVX-0001-clone", engine)
        await _run(online, cast, [6], f"https://127.0.0.1:{port}", lambda: _delivered(online, pool))
        await _run(clone, cast, [7], f"https://127.0.0.1:{port}", lambda: _fork_seen(pool))
        async with pool.acquire() as connection:
            verified = {each.serial: each for each in await verify_units(connection)}
        names = (
            (online, "online, then cloned"),
            (offline, "no key, a while offline"),
            (killed, "killed, started again"),
        )
        rows = [await compare(unit, what, cast, pool, verified[unit.serial]) for unit, what in names]
        return [*rows, await compare_clone(clone, online, pool)]


@asynccontextmanager
async def _opener(config: Path, folder: Path, registry: Setting, pool: Pool) -> AsyncIterator[None]:
    """The registry taken over by the centre, and its opening service in a process of its own."""
    write_key(folder / "root.key", secrets.token_bytes(KEY_BYTES), ROOT_NAME)
    async with pool.acquire() as connection:
        await import_registry(
            connection,
            RootKey(lambda: load_root_key(folder / "root.key")),
            file=registry.folder / "registry.sqlite",
            master_key_file=registry.folder / "master.key",
            shards=4,
        )
    async with _process(
        config, folder / "opener.log", "opening", r"the opening service of \S+ listens at \S+ port (\d+)"
    ):
        yield


@asynccontextmanager
async def _centre(config: Path, log: Path) -> AsyncIterator[int]:
    """The centre in a process of its own; gives the port for units."""
    async with _process(config, log, "run", r"answers units at \S+ port (\d+)") as port:
        yield port


@asynccontextmanager
async def _process(config: Path, log: Path, command: str, ready: str) -> AsyncIterator[int]:
    """A program of the centre; gives the port that its log names by *ready*."""
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "centre", "--config", str(config), command),
            stderr=file,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        yield int(await _until(lambda: _port_in(log, process, ready), f"the centre did not start: read {log.name}"))
        process.terminate()
        if await asyncio.wait_for(process.wait(), PATIENCE_S) != 0:
            raise DemoFailed("the centre did not end well", f"read {log}")
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _port_in(log: Path, process: asyncio.subprocess.Process, ready: str) -> str:
    if process.returncode is not None:
        raise DemoFailed("the centre did not start", f"read {log}")
    found = re.search(ready, await asyncio.to_thread(log.read_text, "utf-8"))
    return found.group(1) if found else ""


async def _join(unit: FleetUnit, registry: Setting, pool: Pool, settings: Settings, url: str) -> None:
    await asyncio.to_thread(unit.prepare, registry)
    async with pool.acquire() as connection:
        code = await add_unit(connection, unit.serial, own_files(settings)[1].authority_der())
    await join_centre(url, code, serial=unit.serial, signer=unit.signer, authority_file=unit.authority)
    unit.configure([], url)
    if unit.keyless:
        async with Client(url, trusting(unit.authority), unit.serial, unit.signer) as client:
            await fetch_service(client, b"", unit.opener)


async def _run(unit: FleetUnit, cast: Cast, scenes: list[int], url: str, then: Callable[[], Awaitable[object]]) -> None:
    """Start the unit on *scenes*, wait until all is decided and *then* holds, and stop it."""
    unit.configure(scenes, url)
    async with at_work(unit) as (daemon, follower):
        await drive_by(unit, follower, cast, scenes)
        await all_decided(unit, follower)
        await then()
        await follower.stop()
        await daemon.stop()


async def _online(unit: FleetUnit, cast: Cast, pool: Pool, url: str) -> None:
    await _run(unit, cast, [0, 1, 2], url, lambda: _delivered(unit, pool))


async def _offline(unit: FleetUnit, cast: Cast, pool: Pool, relay: Relay) -> None:
    scenes = [3, 5, 4]  # the replay last: what is replayed must have left the window of ten seconds
    unit.configure(scenes, f"https://127.0.0.1:{relay.port}", gap_s=3.0)
    async with at_work(unit) as (daemon, follower):
        relay.cut()
        await drive_by(unit, follower, cast, scenes)
        if await _head_here(unit, pool) >= unit.newest_of_a_case:
            raise DemoFailed("the unit that is offline delivered all the same", "find out how")
        if any(outcome != "pending" for _, outcome, _ in unit.verdicts()):
            raise DemoFailed("the unit without keys decided a case without the centre", "find out how")
        relay.mend()
        await _delivered(unit, pool)
        await follower.stop()
        await daemon.stop()


async def _killed(unit: FleetUnit, cast: Cast, pool: Pool, url: str) -> None:
    unit.configure([7], url)
    async with at_work(unit) as (daemon, follower):
        await drive_by(unit, follower, cast, [7])
        daemon.kill()  # its case is filed, and not decided yet
    await _run(unit, cast, [6], url, lambda: _delivered(unit, pool))


async def _head_here(unit: FleetUnit, pool: Pool) -> int:
    return int(await pool.fetchval("SELECT head_seq FROM units WHERE serial = $1", unit.serial))


async def _delivered(unit: FleetUnit, pool: Pool) -> None:
    """Wait until the centre has every entry of the unit, and every photo."""

    async def whole() -> bool:
        row = await pool.fetchrow(
            "SELECT head_seq, (SELECT count(*) FROM blobs WHERE unit_id = units.id AND complete_at IS NULL) AS photos"
            " FROM units WHERE serial = $1",
            unit.serial,
        )
        pending = [number for number, outcome, _ in unit.verdicts() if outcome == "pending"]
        is_decided = not pending and len(unit.verdicts()) == len(unit.played)
        return is_decided and row["head_seq"] >= unit.newest_of_a_case and not row["photos"]

    await _until(whole, f"unit {unit.serial} did not deliver everything: read its log")


async def _fork_seen(pool: Pool) -> None:
    async def seen() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM alarms WHERE kind = 'fork'"))

    await _until(seen, "the centre did not see the clone: read its log")


async def _until(look: Callable[[], Awaitable[object]], failure: str) -> str:
    """Wait until *look* gives something; returns it as a text."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := await look()):
        if time.monotonic() > deadline:
            cause, _, remedy = failure.partition(": ")
            raise DemoFailed(cause, remedy)
        await asyncio.sleep(BETWEEN_LOOKS_S)
    return str(found)
