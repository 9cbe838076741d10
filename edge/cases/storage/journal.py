"""The journal: one file a pending case, written before the database hears of it.

``frames/<number>/pending.json`` holds the filed manifest and the window's sealed packets. From the moment it has its
name the case exists, whatever happens to the database. When the case is decided it is overwritten and removed: other
people's packets were never anywhere else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from edge.cases.evidence.chain import canonical
from edge.cases.evidence.manifest import Content, packet_record, to_packet
from edge.cases.storage.durable import PART, erase, make_folder, withdraw, write_durably
from edge.errors import CaseError
from edge.model import Frame, Packet

JOURNAL = "pending.json"
FRAMES = "frames"


@dataclass(frozen=True, slots=True)
class Pending:
    """What the journal knows of a case: its filed manifest and the sealed packets of its window."""

    content: Content
    packets: tuple[Packet, ...] = field(repr=False)


class Journal:
    """The folder of frames and pending cases below *state_dir*. Every method blocks on the disk."""

    def __init__(self, state_dir: Path) -> None:
        """Make the folder if it is not there."""
        self._state_dir = state_dir
        self._folder = state_dir / FRAMES
        make_folder(self._folder)

    def add_frames(self, number: int, frames: Iterable[Frame], first: int) -> list[str]:
        """Write the frames as files *first*, *first* + 1 ... of the case; their names relative to the state folder."""
        make_folder(self._case(number))
        names = []
        for index, frame in enumerate(frames, first):
            path = self._case(number) / f"{index}.jpg"
            write_durably(path, frame.jpeg)
            names.append(str(path.relative_to(self._state_dir)))
        return names

    def write(self, number: int, pending: Pending) -> None:
        """Make the case pending, or replace what the journal says of it."""
        make_folder(self._case(number))
        packets = [packet_record(packet) for packet in pending.packets]
        document = canonical({"content": pending.content, "packets": packets})
        write_durably(self._case(number) / JOURNAL, document, secret=True)

    def read(self, number: int) -> Pending | None:
        """What the journal says of the case; None if it says nothing.

        Raises:
            CaseError: the file is damaged.
        """
        path = self._case(number) / JOURNAL
        try:
            document = json.loads(path.read_bytes())
            return Pending(document["content"], tuple(to_packet(record) for record in document["packets"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise CaseError(
                f"the journal of case {number} is damaged", f"restore {path} from the last backup"
            ) from None

    def close(self, number: int) -> None:
        """The case is decided: overwrite and remove what the journal says of it."""
        erase(self._case(number) / JOURNAL)

    def numbers(self) -> list[int]:
        """The cases that have a journal file, in order."""
        return sorted(int(path.parent.name) for path in self._folder.glob(f"*/{JOURNAL}"))

    def sweep(self, known: set[int]) -> None:
        """Remove what a crash left behind: half-written files, and folders of cases that never came to be."""
        for part in self._folder.glob(f"*/*{PART}"):
            if part.name == JOURNAL + PART:
                erase(part)
            else:
                part.unlink()
        for folder in self._folder.iterdir():
            if folder.name.isdigit() and int(folder.name) not in known and not (folder / JOURNAL).exists():
                shutil.rmtree(folder)
        for number in self.numbers():
            try:
                pending = self.read(number)
            except CaseError:
                continue  # nobody can say which photos are its own
            names = {frame["file"] for frame in pending.content["frames"]} if pending else set()
            for photo in self._case(number).glob("*.jpg"):
                if str(photo.relative_to(self._state_dir)) not in names:
                    photo.unlink()

    def discard(self, number: int) -> bool:
        """Undo a case that could not be written whole; True if nothing of it is left."""
        journal = self._case(number) / JOURNAL
        with suppress(OSError):
            withdraw(journal)
        shutil.rmtree(self._case(number), ignore_errors=True)
        return not journal.exists()

    def _case(self, number: int) -> Path:
        return self._folder / f"{number:08d}"
