"""``autovelox-centre registry``: take a unit's registry over, say what there is, rotate its keys."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from centre.commands import drivers
from centre.commands.work import root_of, with_database
from centre.config import Settings
from centre.database import Connection
from centre.records import Right
from centre.registry import OF_NO_DRIVER, import_registry, make_root_key, rotate_root, rotate_shard
from edge.errors import RegistryError
from edge.terminal import say

SHARDS = 256
TABLES = ("drivers", "chips", "vehicles", "counters")


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``registry import|enrol|replace|revoke|certify|remove|list|acts|status|rotate-root|rotate-shards``."""
    parser = subparsers.add_parser(
        "registry",
        help="the police registry at the centre: take it over, enter drivers, rotate its keys",
        description="Drivers, chips, vehicles and private keys at the centre. Units in its care hold none of them.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("import", help="take a unit's registry over, whole or not at all")
    add.add_argument("file", type=Path, metavar="FILE", help="registry.sqlite of the unit")
    add.add_argument("--master-key", type=Path, required=True, metavar="FILE", help="the master key of that registry")
    add.add_argument(
        "--shards", type=int, default=SHARDS, metavar="N", help="keys of drivers' keys; default: %(default)s"
    )
    add.set_defaults(run=_import)
    drivers.add_actions(actions)
    actions.add_parser("status", help="count drivers, chips, vehicles and shards").set_defaults(run=_status)
    root = actions.add_parser("rotate-root", help="wrap the shards' keys under a new root key")
    root.set_defaults(run=_rotate_root)
    shards = actions.add_parser("rotate-shards", help="seal drivers' keys anew under new keys of their shards")
    shards.add_argument("shard", type=int, nargs="*", metavar="N", help="these shards only; default: all")
    shards.set_defaults(run=_rotate_shards)


def _import(args: argparse.Namespace) -> int:
    if not 1 <= args.shards <= 65536:
        raise RegistryError("a registry has 1 to 65536 shards", "choose another number with --shards")

    async def work(settings: Settings, connection: Connection) -> dict[str, int]:
        root_file = settings.registry.root_key_file
        if not root_file.exists():
            make_root_key(root_file, settings.registry.root_key_token)
            say(f"made the root key {root_file}: keep a copy where the database is not")
        return await import_registry(
            connection, root_of(settings), file=args.file, master_key_file=args.master_key, shards=args.shards
        )

    count = with_database(args, work, Right.ADMINISTER, command="registry import")
    say("taken over: " + ", ".join(f"{number} {table}" for table, number in count.items()))
    say("units in the centre's care need neither this file nor its master key any more: remove both from them")
    return 0


def _status(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> list[int]:
        counts = [await connection.fetchval(f"SELECT count(*) FROM registry.{table}") for table in TABLES]  # noqa: S608
        return [*counts, await connection.fetchval("SELECT coalesce(max(shards), 0) FROM registry.root")]

    *counts, shards = with_database(args, work)
    if not shards:
        raise RegistryError("there is no registry at the centre", "run autovelox-centre registry import")
    say(
        *(f"{table:<10} {count:>12}" for table, count in zip(TABLES, counts, strict=True)),
        f"{'shards':<10} {shards:>12}",
    )
    return 0


def _rotate_root(args: argparse.Namespace) -> int:
    async def work(settings: Settings, connection: Connection) -> int:
        return await rotate_root(connection, settings.registry.root_key_file, settings.registry.root_key_token)

    count = with_database(args, work, Right.ADMINISTER, command="registry rotate-root")
    say(f"{count} keys are wrapped under the new root key: keep a copy, destroy the old ones")
    return 0


def _rotate_shards(args: argparse.Namespace) -> int:
    wanted: Sequence[int] = args.shard

    async def work(settings: Settings, connection: Connection) -> int:
        root = root_of(settings)
        count = await connection.fetchval("SELECT coalesce(max(shards), 0) FROM registry.root")
        return sum([await rotate_shard(connection, root, shard) for shard in wanted or (OF_NO_DRIVER, *range(count))])

    count = with_database(args, work, Right.ADMINISTER, command="registry rotate-shards")
    say(f"{count} rows are sealed under new keys")
    return 0
