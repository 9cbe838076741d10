"""The files of a state folder; no other module knows their names.

::

    cases.sqlite               the database; SQLite keeps its -wal and -shm beside it
    cases.sqlite-wal.copy-PID  the write-ahead log as it was before a checkpoint (edge.cases.storage.wal)
    .log-laid-over-*           the database with such a copy, looked at (edge.cases.storage.thrown_away)
    daemon.lock                locked while a daemon uses the folder
    store.lock                 shared by the processes that write (edge.cases.storage.lock)
    filing.lock                locked while the unit files a case (edge.cases.storage.right_of_way)
    intake.bin                 cases whose files are still to be written (edge.cases.storage.intake)
    head.json                  the newest entry that the unit wrote (edge.cases.storage.head)
    tiles.bin                  roots of parts of the tree over the entries (edge.cases.storage.tree)
    .probe                     what the daemon writes now and then to see whether the disk is there
    delivered.json             what the centre has (edge.cases.storage.outbox)
    ordered.json               the configuration that the centre ordered (edge.cases.storage.ordered)
    believed-time.json         the time that the last purge believed (edge.cases.storage.trusted_time)
    frames/00000001/0.jpg      the photos of case 1
    frames/00000001/pending.json  its journal file: manifest and sealed packets until the case is decided
    frames/00000001/claims.json   of an ambiguous case: the sealed packets of the claims that explain the photo

An earlier version kept pictures made from photos in ``derived``; they are made anew for each report now.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DATABASE = "cases.sqlite"
LOCK = "daemon.lock"
STORE_LOCK = "store.lock"
FILING_LOCK = "filing.lock"
INTAKE = "intake.bin"
HEAD = "head.json"
TILES = "tiles.bin"
BELIEVED = "believed-time.json"
DELIVERED = "delivered.json"
ORDERED = "ordered.json"
PROBE = ".probe"
PHOTOS = "frames"
JOURNAL = "pending.json"
CLAIMS = "claims.json"
DERIVED = "derived"
OWN = (
    r"cases\.sqlite(-wal|-shm|-wal\.copy-[0-9]+(\.part)?)?|(daemon|store|filing)\.lock"
    r"|((head|believed-time|delivered|ordered)\.json|(tiles|intake)\.bin)(\.part)?|\.probe|frames|lost\+found"
    r"|\.log-laid-over-\w+|registry|registry\.sqlite(-wal|-shm|-journal|\.version-[0-9]+)?|(cases\.sqlite|frames)\.rejected-.+"
)
OWN_OF_A_CASE = r"[0-9]{1,4}\.jpg(\.part)?|(pending|claims)\.json(\.part)?"
"""Patterns of the names in the folder itself and in the folder of a case.

The registry has a folder of its own; in earlier versions it lay beside the cases.
"""


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
    def store_lock(self) -> Path:
        """The file that every process that writes to the store locks, with others or alone."""
        return self.root / STORE_LOCK

    @property
    def filing_lock(self) -> Path:
        """The file that is locked while the unit files a case."""
        return self.root / FILING_LOCK

    @property
    def intake(self) -> Path:
        """The file into which a case is filed before it has a folder."""
        return self.root / INTAKE

    @property
    def head(self) -> Path:
        """The file with the head that the unit remembers."""
        return self.root / HEAD

    @property
    def tiles(self) -> Path:
        """The file with the roots of the tree's tiles."""
        return self.root / TILES

    @property
    def probe(self) -> Path:
        """The file that shows whether the disk takes a write."""
        return self.root / PROBE

    @property
    def believed(self) -> Path:
        """The file with the time that was believed last, for purges."""
        return self.root / BELIEVED

    @property
    def delivered(self) -> Path:
        """The file that says what the centre has."""
        return self.root / DELIVERED

    @property
    def ordered(self) -> Path:
        """The file with the configuration that the centre ordered."""
        return self.root / ORDERED

    @property
    def photos(self) -> Path:
        """The folder with one folder for each case."""
        return self.root / PHOTOS

    @property
    def derived(self) -> Path:
        """The folder in which an earlier version kept pictures that can be made again."""
        return self.root / DERIVED

    def case(self, number: int) -> Path:
        """The folder of one case: its photos, and its journal file while it is pending."""
        return self.photos / f"{number:08d}"

    def photo(self, number: int, index: int) -> Path:
        """Photo *index* (from 0) of a case."""
        return self.case(number) / f"{index}.jpg"

    def journal(self, number: int) -> Path:
        """The journal file of a case."""
        return self.case(number) / JOURNAL

    def claims(self, number: int) -> Path:
        """The file of the claims that explain the photo of an ambiguous case, until a judgement on it is final."""
        return self.case(number) / CLAIMS

    def with_claims(self) -> list[int]:
        """The numbers of the cases that have a file of claims, in order."""
        return sorted(int(path.parent.name) for path in self.photos.glob(f"*/{CLAIMS}"))

    def journalled(self) -> list[int]:
        """The numbers of the cases that have a journal file, in order."""
        return sorted(int(path.parent.name) for path in self.photos.glob(f"*/{JOURNAL}"))

    def foreign(self) -> list[str]:
        """What lies in the folder, or in a case's, and is none of the files that a unit writes there."""
        own, photos = re.compile(OWN), re.compile(OWN_OF_A_CASE)
        top = [path.name for path in self.root.iterdir() if path.is_symlink() or not own.fullmatch(path.name)]
        for case in sorted(self.photos.iterdir()) if self.photos.is_dir() else []:
            if case.is_symlink() or not case.is_dir():
                top.append(self.name(case))
                continue
            inside = [path for path in case.iterdir() if path.is_symlink() or not photos.fullmatch(path.name)]
            top += [self.name(path) for path in inside]
        return sorted(top)

    def name(self, path: Path) -> str:
        """*path* as manifests write it: relative to the folder."""
        return str(path.relative_to(self.root))

    def path_of(self, name: str) -> Path:
        """The file that a manifest calls *name*."""
        return self.root / name
