"""The chain as a queue of what is to be delivered to the centre: read beside the daemon, and how far it got.

Entries are given out once the head that the unit remembers covers them: no power cut takes those back, so the unit
never writes another entry under a number that it has delivered.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.cases.evidence import KEY_KIND, canonical
from edge.cases.storage.database import open_to_read
from edge.cases.storage.durable import read_own, write_durably
from edge.cases.storage.head import Head, read_head
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.right_of_way import give_way
from edge.errors import CaseError

FORMAT = 1
PORTRAIT = -1
"""The place of the driver's portrait among a case's files; photos are counted from 0."""
_LINES = "SELECT seq, hash, header, body, signature, key_id FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Lines:
    """Entries as lines of ``chain.jsonl``, and the number and hash of the last one."""

    data: bytes
    entries: int
    last: Head


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the centre has: entries to ``confirmed``; of ``cases`` cases all files that those to ``settled`` name."""

    confirmed: Head
    settled: int = 0
    cases: int = 0


class Outbox:
    """Reads the store in *state_dir*; one call at a time, from any thread."""

    def __init__(self, state_dir: Path) -> None:
        """Nothing is opened before the first call."""
        self._folder = StateFolder(state_dir)

    def head(self) -> Head | None:
        """The newest entry that may be delivered; None while there is none.

        Raises:
            CaseError: the remembered head cannot be read.
        """
        head = read_head(self._folder)
        return None if head is None or head.seq == 0 or head.earlier else head

    def hash_of(self, seq: int) -> str | None:
        """The hash of entry *seq*; None if there is none.

        Raises:
            CaseError: the store cannot be read.
        """
        with closing(open_to_read(self._folder)) as database:
            row = database.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
        return str(row[0]) if row else None

    def filed(self, case: int) -> Head | None:
        """The entry that filed *case*, once it may be delivered; None until then.

        Raises:
            CaseError: the store cannot be read.
        """
        with closing(open_to_read(self._folder)) as database:
            row = database.execute(
                "SELECT seq, hash FROM entries WHERE case_number = ? AND kind = 'filed'", (case,)
            ).fetchone()
        head = self.head()
        return Head(*row) if row is not None and head is not None and row[0] <= head.seq else None

    def lines(self, after: int, up_to: int, most_bytes: int) -> Lines | None:
        """Entries *after* that number *up_to* another, of about *most_bytes*, at least one; None if there is none.

        Raises:
            CaseError: the store cannot be read.
        """
        found, size, last = list[bytes](), 0, None
        give_way(self._folder)
        with closing(open_to_read(self._folder)) as database:
            for seq, digest, header, body, signature, key_id in database.execute(_LINES, (after, up_to)):
                line = line_of(header, body, signature, key_id)
                size += len(line)
                if found and size > most_bytes:
                    break
                found.append(line)
                last = Head(seq, digest)
        return Lines(b"".join(found), len(found), last) if last is not None else None

    def key_lines(self) -> bytes:
        """The ``key`` entries of the chain: each new key is signed by the one before.

        Empty before the first start: a new unit has no chain, and the key that it joined with is its only one.

        Raises:
            CaseError: the store cannot be read, or is gone.
        """
        if read_head(self._folder) is None and not self._folder.database.exists():
            return b""
        sql = "SELECT header, body, signature, key_id FROM entries WHERE kind = ? ORDER BY seq"
        with closing(open_to_read(self._folder)) as database:
            return b"".join(line_of(*row) for row in database.execute(sql, (KEY_KIND,)))

    def file(self, case: int, place: int, digest: str) -> bytes | None:
        """Photo *place* of a case, or its driver's portrait, if it has the SHA-256 *digest*; else None.

        Raises:
            CaseError: the store cannot be read.
        """
        give_way(self._folder)
        with closing(open_to_read(self._folder)) as database:
            if place == PORTRAIT:
                row = database.execute("SELECT image FROM portraits WHERE case_number = ?", (case,)).fetchone()
                data = bytes(row[0]) if row else None
            else:
                data = self._photo(place, [row[0] for row in database.execute(
                    "SELECT body FROM entries WHERE case_number = ? AND kind IN ('filed', 'decided')"
                    " AND body IS NOT NULL ORDER BY seq DESC", (case,))])  # fmt: skip
        return data if data is not None and hashlib.sha256(data).hexdigest() == digest else None

    def _photo(self, place: int, bodies: Sequence[bytes]) -> bytes | None:
        for body in bodies:
            frames = json.loads(body)["frames"]
            if 0 <= place < len(frames):
                try:
                    path = self._folder.path_of(frames[place]["file"])
                    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                        return file.read(frames[place]["bytes"] + 1)
                except OSError:
                    return None
        return None

    def confirm(self, seq: int, digest: str, *, settled: int, cases: int) -> None:
        """Remember, durably, that the centre has entries up to *seq*, whose hash is *digest*.

        Up to entry *settled* it also has every file that they name of *cases* cases, from the first on.

        Raises:
            CaseError: the disk reports an error.
        """
        content = {
            "format": FORMAT,
            "confirmed": {"seq": seq, "hash": digest},
            "settled": {"seq": settled, "cases": cases},
        }
        give_way(self._folder)
        try:
            write_durably(self._folder.delivered, canonical(content))
        except OSError as error:
            raise CaseError(
                f"{self._folder.delivered} cannot be written ({error.strerror})", "check the disk"
            ) from None


def read_delivered(folder: StateFolder) -> Delivered | None:
    """What the centre had when it was heard of last; None if nothing is known of it.

    Raises:
        CaseError: the file that says so cannot be read.
    """
    try:
        content = json.loads(read_own(folder.delivered))
        head, settled = content["confirmed"], content["settled"]
        return Delivered(Head(int(head["seq"]), str(head["hash"])), int(settled["seq"]), int(settled["cases"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise CaseError(
            f"{folder.delivered} does not say what was delivered", "remove it, the centre is asked again"
        ) from None


def delivered_whole(folder: StateFolder, numbers: Iterable[int]) -> tuple[int, ...]:
    """Those of the decided cases *numbers* of which the centre has every entry up to the verdict, and every photo.

    Raises:
        CaseError: what was delivered, or the store, cannot be read.
    """
    known = read_delivered(folder)
    if known is None:
        return ()
    with closing(open_to_read(folder)) as database:
        rows = database.execute(
            "SELECT number FROM cases WHERE decided_seq <= ? AND number <= ?", (known.settled, known.cases)
        )
        there = {int(row[0]) for row in rows}
    return tuple(number for number in numbers if number in there)


def line_of(header: bytes, body: bytes | None, signature: bytes | None, key_id: str | None) -> bytes:
    """An entry as a line of ``chain.jsonl``, without a content that was purged or a signature that is missing."""
    line = {"header": header.decode("utf-8")}
    if body is not None:
        line["body"] = body.decode("utf-8")
    if signature is not None and key_id is not None:
        line.update(signature=signature.hex(), key_id=key_id)
    # As canonical() writes an object of texts, in a quarter of its time: test_outbox.py compares both.
    return json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
