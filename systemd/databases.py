"""For the installer: keep a copy of the unit's databases over an upgrade, and put it back if the upgrade is.

``databases.py outdated CONFIG`` succeeds where `autovelox registry migrate` has something to do.
``databases.py keep|restore|drop CONFIG``: ``keep`` copies, ``restore`` puts back those whose schema has changed since
(an older program does not open a newer schema) and sets aside what it replaces, ``drop`` erases the copies. The unit
must not be running. Needs nothing but Python.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
import tomllib
from contextlib import closing
from pathlib import Path

CASES = "cases.sqlite"
KEPT = ".before-upgrade"
ASIDE = ".rejected-upgrade"
SUFFIXES = ("", "-wal", "-shm")
REGISTRY_VERSION = 4
"""As in edge.registry.schema."""
REGISTRIES = ("/var/lib/autovelox/registry/registry.sqlite", "/var/lib/autovelox/registry.sqlite")
"""Where a registry is that no setting names, as in edge.config: now, and in earlier versions."""
HEAD = "head.json"
"""As in edge.cases.storage.layout: the newest entry that the unit wrote; it goes with the database."""
FRAMES, JOURNAL = "frames", "pending.json"
"""As in edge.cases.storage.layout: a folder of photos a case, and in it the journal until the case is decided."""


def databases(config: Path) -> list[Path]:
    """The case store and the registry that *config* names, where they exist."""
    settings = tomllib.loads(config.read_text(encoding="utf-8")) if config.exists() else {}
    state_dir = settings.get("unit", {}).get("state_dir", "/var/lib/autovelox")
    named = settings.get("registry", {}).get("path")
    registries = REGISTRIES if named is None else (named,)
    found = (config.parent / state_dir / CASES, *(config.parent / path for path in registries))
    return [path for path in found if path.is_file()]


def beside(path: Path, ending: str) -> Path:
    """The file of the same name with *ending*."""
    return path.with_name(path.name + ending)


def schema(path: Path) -> int:
    """The schema version of the database at *path*."""
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def erase(path: Path) -> None:
    """Overwrite and remove: the copy holds evidence."""
    if path.exists():
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


def keep(path: Path) -> None:
    """Copy the database at *path*, what its write-ahead log holds included, for the same owner."""
    owner, copy = path.stat(), beside(path, KEPT)
    erase(copy)
    if shutil.disk_usage(path.parent).free < 2 * owner.st_size:
        raise OSError(f"{path.parent} has no room for a copy of {path.name}: make room, then upgrade")
    copy.touch(0o600)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    os.chown(copy, owner.st_uid, owner.st_gid)
    copy.chmod(owner.st_mode & 0o777)
    if path.name == CASES:
        keep_head(path.with_name(HEAD))


def keep_head(path: Path) -> None:
    """Copy the file at *path*, which is newer than the database's copy by nothing: the unit does not run."""
    copy = beside(path, KEPT)
    copy.unlink(missing_ok=True)
    if not path.is_file() or path.is_symlink():
        return
    owner = path.stat()
    copy.touch(0o600)
    copy.write_bytes(path.read_bytes())
    os.chown(copy, owner.st_uid, owner.st_gid)


def restore(path: Path) -> None:
    """Put the copy back if the schema has changed; what was there is set aside, never deleted."""
    copy = beside(path, KEPT)
    if not copy.exists():
        return
    before, now = schema(copy), schema(path)
    if before == now:
        drop(path)
        return
    for suffix in SUFFIXES:
        if (current := beside(path, suffix)).exists():
            current.replace(beside(path, ASIDE + suffix))
    copy.replace(path)
    if path.name == CASES:
        restore_head(path.with_name(HEAD))
        set_photos_aside(path)
    print(f"install: {path} is back at schema {before}; what the upgrade wrote is in {beside(path, ASIDE).name}")
    if path.name == CASES:
        print("install: checkpoints written since name entries that are set aside: move them away from")
        print("install: cases.witness_dirs, or the next backup there refuses a chain without those entries")


def restore_head(path: Path) -> None:
    """Put the copy of *path* back; without one the unit adopts the database that was put back."""
    path.unlink(missing_ok=True)
    copy = beside(path, KEPT)
    if copy.exists():
        copy.replace(path)


def drop(path: Path) -> None:
    """Erase the copies of the database at *path*, and of what goes with it."""
    erase(beside(path, KEPT))
    if path.name == CASES:
        beside(path.with_name(HEAD), KEPT).unlink(missing_ok=True)


def set_photos_aside(path: Path) -> None:
    """Keep the photos of cases that only the replaced database knows: the store would sweep them away.

    A case that still has its journal is not concerned, the store at *path* enters it anew.
    """
    with closing(sqlite3.connect(path)) as database:
        known = {number for (number,) in database.execute("SELECT number FROM cases")}
    for folder in list((path.parent / FRAMES).glob("[0-9]*")):
        if int(folder.name) not in known and not (folder / JOURNAL).exists():
            aside = path.parent / (FRAMES + ASIDE) / folder.name
            aside.parent.mkdir(mode=0o750, exist_ok=True)
            folder.rename(aside)


def check_beside(path: Path) -> None:
    """Refuse what somebody else left beside the database at *path*: SQLite would roll it in, and root runs this."""
    owner = path.stat().st_uid
    for suffix in ("-journal", *SUFFIXES[1:]):
        other = beside(path, suffix)
        if not (other.exists() or other.is_symlink()):
            continue
        status = other.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in {0, owner}:
            raise OSError(f"{other} is not the unit's: find out who left it there, and move it away")


def is_outdated(path: Path) -> bool:
    """Whether the database at *path* is a registry of an earlier version."""
    return path.name != CASES and 0 < schema(path) < REGISTRY_VERSION


def main() -> int:
    """Run one command on every database."""
    command, config = sys.argv[1], Path(sys.argv[2])
    actions = {"keep": keep, "restore": restore, "drop": drop}
    try:
        for path in databases(config):
            check_beside(path)
        if command == "outdated":
            return 0 if any(is_outdated(path) for path in databases(config)) else 1
        for path in databases(config):
            actions[command](path)
    except (OSError, sqlite3.Error, tomllib.TOMLDecodeError) as error:
        print(f"install: the databases could not be looked after: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
