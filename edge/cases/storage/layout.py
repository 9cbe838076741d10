"""The files of a state folder; no other module knows their names.

::

    cases.sqlite               the database; SQLite keeps its -wal and -shm beside it
    cases.sqlite-wal.copy-PID  the write-ahead log as it was before a checkpoint (edge.cases.storage.wal)
    daemon.lock                locked while a daemon uses the folder
    frames/00000001/0.jpg      the photos of case 1
    frames/00000001/pending.json  its journal file: manifest and sealed packets until the case is decided
    derived/00000001-overlay.jpg  pictures that were made from photos; they can be made again
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATABASE = "cases.sqlite"
LOCK = "daemon.lock"
FRAMES = "frames"
JOURNAL = "pending.json"
DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class StateFolder:
    """The paths in the state folder *root*. None of them has to exist."""

    root: Path

    @property
    def database(self) -> Path:
        """The case database."""
        return self.root / DATABASE

    @property
    def lock(self) -> Path:
        """The file that the daemon locks."""
        return self.root / LOCK

    @property
    def frames(self) -> Path:
        """The folder with one folder for each case."""
        return self.root / FRAMES

    @property
    def derived(self) -> Path:
        """The folder of pictures that can be made again."""
        return self.root / DERIVED

    def case(self, number: int) -> Path:
        """The folder of one case: its photos, and its journal file while it is pending."""
        return self.frames / f"{number:08d}"

    def photo(self, number: int, index: int) -> Path:
        """Photo *index* (from 0) of a case."""
        return self.case(number) / f"{index}.jpg"

    def journal(self, number: int) -> Path:
        """The journal file of a case."""
        return self.case(number) / JOURNAL

    def overlay(self, number: int) -> Path:
        """The copy of a case's photo that shows the plate's box."""
        return self.derived / f"{number:08d}-overlay.jpg"

    def derived_of(self, number: int) -> Iterator[Path]:
        """The derived pictures of a case that exist."""
        return self.derived.glob(f"{number:08d}-*")

    def journalled(self) -> list[int]:
        """The numbers of the cases that have a journal file, in order."""
        return sorted(int(path.parent.name) for path in self.frames.glob(f"*/{JOURNAL}"))

    def name(self, path: Path) -> str:
        """*path* as manifests write it: relative to the folder."""
        return str(path.relative_to(self.root))

    def file(self, name: str) -> Path:
        """The file that a manifest calls *name*."""
        return self.root / name
