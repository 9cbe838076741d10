"""The journal: one file for each pending case, written before the database knows the case.

``frames/<number>/pending.json`` holds the manifest of the filed case and the sealed packets of its window. A case that
has no record in the intake exists from the moment this file has its name, whatever happens to the database. Once the
case is decided the file is overwritten and removed. Other people's packets are stored nowhere else but, before, in the
intake.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from edge.cases.evidence import Manifest, canonical, packet_record, to_packet
from edge.cases.storage.durable import PART, erase, make_folder, withdraw, write_together
from edge.cases.storage.layout import CLAIMS, JOURNAL, StateFolder
from edge.crypto import sync_folder
from edge.errors import CaseError
from edge.model import Packet, Photo


@dataclass(frozen=True, slots=True)
class JournalFile:
    """What the journal holds of a case: the manifest it was filed with, and the sealed packets of its window."""

    manifest: Manifest
    packets: tuple[Packet, ...] = field(repr=False)


def journal_document(file: JournalFile) -> bytes:
    """The content of a journal file: canonical JSON."""
    return canonical({"content": file.manifest, "packets": [packet_record(packet) for packet in file.packets]})


def filed_content(document: bytes) -> Manifest:
    """The manifest in the content of a journal file."""
    content: Manifest = json.loads(document)["content"]
    return content


class Journal:
    """The photos and journal files in a state folder. Every method blocks on the disk, and raises its OSErrors."""

    def __init__(self, folder: StateFolder) -> None:
        """Make the folder of photos if it does not exist."""
        self._folder = folder
        make_folder(folder.photos)

    def names(self, number: int, first: int, count: int) -> list[str]:
        """The names of photos *first*, *first* + 1 ... of the case, as its manifest has them."""
        return [self._folder.name(self._folder.photo(number, index)) for index in range(first, first + count)]

    def write(self, number: int, file: JournalFile, photos: Sequence[Photo] = (), first: int = 0) -> None:
        """Write *photos* as photos *first*, *first* + 1 ... of the case, and its journal file, or replace that one."""
        self.write_document(number, journal_document(file), [photo.jpeg for photo in photos], first)

    def write_document(self, number: int, document: bytes, photos: Sequence[bytes], first: int = 0) -> None:
        """The same, of the content of the journal file and of the photos."""
        files = [(self._folder.photo(number, index), photo) for index, photo in enumerate(photos, first)]
        write_together(files, self._folder.journal(number), document)

    def read(self, number: int) -> JournalFile | None:
        """The journal file of the case; None if there is none.

        Raises:
            CaseError: the file is damaged.
        """
        path = self._folder.journal(number)
        try:
            document = json.loads(path.read_bytes())
            return JournalFile(document["content"], tuple(to_packet(record) for record in document["packets"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise CaseError(
                f"the journal of case {number} is damaged", f"restore {path} from the last backup"
            ) from None

    def renumbered(self, document: bytes, number: int) -> bytes:
        """The content of a journal file, made that of case *number*."""
        whole = json.loads(document)
        frames = whole["content"]["frames"]
        for frame, name in zip(frames, self.names(number, 0, len(frames)), strict=True):
            frame["file"] = name
        whole["content"]["number"] = number
        return canonical(whole)

    def sync(self, number: int) -> None:
        """Bring the name of the case's journal file to the disk: it may have got it just before a crash."""
        with suppress(FileNotFoundError):
            sync_folder(self._folder.case(number))

    def erase(self, number: int) -> None:
        """Overwrite and remove the journal file of a case that is decided."""
        erase(self._folder.journal(number))

    def withdraw(self, number: int) -> bool:
        """Undo a case that could not be written completely; True if nothing of it is left."""
        journal = self._folder.journal(number)
        with suppress(OSError):
            withdraw(journal)
        shutil.rmtree(self._folder.case(number), ignore_errors=True)
        return not journal.exists()

    def numbers(self) -> list[int]:
        """The cases that have a journal file, in order."""
        return self._folder.journalled()

    def sweep(self, known: set[int]) -> None:
        """Remove what a crash left: incomplete files, folders of cases not *known*, photos that no manifest names."""
        for part in self._folder.photos.glob(f"*/*{PART}"):
            if part.name in (JOURNAL + PART, CLAIMS + PART):
                erase(part)
            else:
                part.unlink()
        for case in self._folder.photos.iterdir():
            if case.is_symlink() or not case.is_dir():
                continue  # not the unit's: reported as foreign, and nothing of it is touched
            if case.name.isdigit() and int(case.name) not in known and not (case / JOURNAL).exists():
                shutil.rmtree(case)
        for number in self.numbers():
            try:
                file = self.read(number)
            except CaseError:
                continue  # without the manifest it is unknown which photos belong to the case
            names = {photo["file"] for photo in file.manifest["frames"]} if file else set()
            for photo in self._folder.case(number).glob("*.jpg"):
                if self._folder.name(photo) not in names:
                    photo.unlink()
