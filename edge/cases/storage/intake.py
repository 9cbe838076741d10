"""The intake: a file of fixed size into which a case is filed with one sync, before it has files of its own.

New files and names are changes of the file system's own journal. Each of their syncs commits it, and so waits for what
every other program has in it. The blocks of the intake were written when it was made: a record goes into them without
any such change, and its sync waits for its own bytes alone.

A record holds what the case's folder is going to hold, the journal document and the photos. As soon as they are there,
the record is overwritten with zeros: an intake at rest is all zeros. Records begin at multiples of :data:`BLOCK`, with
nothing but zeros between them::

    magic, version, number of the case, length of the document, count of photos, length of each photo
    SHA-256 of all that and of the document
    the document, the photos

The document has the SHA-256 of each photo. A record that its hashes contradict was being written when the power failed:
nobody was told that the case is filed. Every version keeps magic, the places of these fields, and the first hash: a
version counts only where that holds with it. Where it holds with this program's version in its place, the disk has
altered the version alone, and the case is here whole.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from edge.cases.storage.durable import erase, is_own, read_own, write_durably
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError

log = logging.getLogger(__name__)

SIZE: Final = 8 << 20
"""Bytes: room for some twenty triggers whose files are not written yet. What finds no room is filed without it."""
BLOCK: Final = 4096
"""What devices write at once, at the most: two records never share one."""
MAGIC: Final = b"AVXINTAK"
VERSION: Final = 1
_HEADER: Final = struct.Struct("<8sIQQI")
_LENGTH: Final = struct.Struct("<Q")
_DIGEST_BYTES: Final = 32
_FLAGS: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class IntakeRecord:
    """What the folder of a case is going to hold: its journal document (JSON), and its photos (JPEG) from photo 0."""

    number: int
    document: bytes = field(repr=False)
    photos: tuple[bytes, ...] = field(repr=False)


class Intake:
    """The intake of a state folder. Its methods may be called from any thread, for one case from one at a time.

    A record *waits* until :meth:`kept` says that the files of its case are on the disk, and stays until :meth:`clear`.
    """

    def __init__(self, folder: StateFolder) -> None:
        """Find what a crash left; :meth:`begin` has to follow. What another account left there counts for nothing.

        Raises:
            CaseError: a newer program wrote it.
            OSError: the disk reports an error.
        """
        self._path = folder.intake
        self._descriptor = -1
        self._turn = threading.Lock()
        self._clearing = threading.Lock()
        self._waiting: dict[int, IntakeRecord] = {}
        self._taken: dict[int, tuple[int, int]] = {}
        self._accepts = self._has_failed = False
        if os.path.lexists(self._path) and is_own(self._path.lstat(), folder.root):
            for at, end, record in _records(read_own(self._path)):
                self._waiting[record.number] = record
                self._taken[record.number] = at, end
            self._descriptor = os.open(self._path, _FLAGS)

    def begin(self, room_bytes: int) -> None:
        """Take records from here on, if the disk has *room_bytes* enough for it; else cases are filed without.

        What could not be carried over stays as it is, and nothing is put before the next start.
        """
        if self._taken:
            log.warning(
                "%s still holds cases: each new one takes longer to file, until the next start", self._path.name
            )
            return
        try:
            if not self._is_ready():
                self.close()
                erase(self._path)
                if room_bytes < SIZE:
                    log.warning("the disk has no room for %s: each case takes longer to file", self._path.name)
                    return
                write_durably(self._path, bytes(SIZE))
                self._descriptor = os.open(self._path, _FLAGS)
        except OSError as error:
            log.warning("%s cannot be used, filing takes longer: %s; check the disk", self._path.name, error.strerror)
        else:
            self._accepts = True

    def put(self, record: IntakeRecord) -> bool:
        """Write the record of a new case; the case survives a power cut from then on, and the record waits.

        Returns:
            False if there is no room for it, no intake, or the disk refuses it. Then nothing is put before what was
            written of it is overwritten: there is never another record of its number beside it.
        """
        data = _bytes(record)
        if (at := self._room(record, len(data))) is None:
            return False
        try:
            self._check_in_place()
            self._write(at, data)
        except OSError as error:
            log.warning("the intake refuses case %d, it is filed without: %s", record.number, error.strerror)
            self._has_failed = True
            self.kept(record.number)
            self.tidy()
            return False
        return True

    def waiting(self, number: int) -> IntakeRecord | None:
        """The record of the case, while its files are not on the disk."""
        return self._waiting.get(number)

    def numbers(self) -> list[int]:
        """The cases that wait, in order."""
        return sorted(self._waiting)

    def kept(self, number: int) -> None:
        """The case has its files, or is none: its record waits no more."""
        self._waiting.pop(number, None)

    def renumber(self, number: int, record: IntakeRecord) -> None:
        """The case that waits as *number* is *record* from here on, which has another number; the file stays as it is.

        The next start finds it with its old number again, if the record is still there.
        """
        with self._turn:
            del self._waiting[number]
            self._waiting[record.number] = record
            self._taken[record.number] = self._taken.pop(number)

    def clear(self, number: int) -> None:
        """Overwrite the record of the case with zeros, if it is here and does not wait.

        Raises:
            OSError: the disk reports an error. The record is still there; call it again.
        """
        with self._clearing:
            extent = self._taken.get(number)
            if extent is None or number in self._waiting:
                return
            self._write(extent[0], bytes(extent[1] - extent[0]))
            with self._turn:
                del self._taken[number]

    def tidy(self) -> None:
        """Clear what could not be cleared at its time, and take records again after the disk refused one."""
        try:
            for number in tuple(self._taken):
                self.clear(number)
        except OSError as error:
            log.warning("records of the intake could not be overwritten yet: %s", error.strerror)
        else:
            self._has_failed = False

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._accepts = -1, False

    def _room(self, record: IntakeRecord, length: int) -> int | None:
        """Take the first gap of *length* bytes, and let the record wait; None without one."""
        with self._turn:
            if not self._accepts or self._has_failed or record.number in self._taken:
                return None
            at = 0
            for begin, end in sorted(self._taken.values()):
                if begin - at >= length:
                    break
                at = end
            if SIZE - at < length:
                return None
            self._waiting[record.number] = record
            self._taken[record.number] = at, at + length
            return at

    def _check_in_place(self) -> None:
        """Somebody may have removed the file: what is written into it then, no start finds."""
        if not os.path.samestat(self._path.lstat(), os.fstat(self._descriptor)):
            raise FileNotFoundError(errno.ENOENT, f"{self._path.name} was replaced")

    def _write(self, at: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, at)
            at, view = at + written, view[written:]
        os.fdatasync(self._descriptor)

    def _is_ready(self) -> bool:
        if self._descriptor < 0 or os.fstat(self._descriptor).st_nlink != 1:
            return False
        data = read_own(self._path)
        return len(data) == SIZE == data.count(0)


def _bytes(record: IntakeRecord) -> bytes:
    lengths = [_LENGTH.pack(len(photo)) for photo in record.photos]
    head = b"".join([_HEADER.pack(MAGIC, VERSION, record.number, len(record.document), len(lengths)), *lengths])
    data = b"".join([head, hashlib.sha256(head + record.document).digest(), record.document, *record.photos])
    return data + bytes(-len(data) % BLOCK)


def _records(data: bytes) -> Iterator[tuple[int, int, IntakeRecord]]:
    """The whole records in *data*, each with its begin and its end."""
    at = 0
    while (at := data.find(MAGIC, at)) >= 0:
        record = _record(data, at) if at % BLOCK == 0 else None
        end = at + (len(_bytes(record)) if record else len(MAGIC))
        if record is not None:
            yield at, end, record
        elif at % BLOCK == 0:
            log.warning(
                "the intake holds a record that is not whole, and it is overwritten: the power failed before its case"
                " was acknowledged, or the disk damaged it"
            )
        at = end


def _record(data: bytes, at: int) -> IntakeRecord | None:
    """The record at *at*; None if it is torn.

    Raises:
        CaseError: a newer program wrote it.
    """
    try:
        _, version, number, length, count = _HEADER.unpack_from(data, at)
        head_end = at + _HEADER.size + count * _LENGTH.size
        lengths = [size for (size,) in _LENGTH.iter_unpack(data[at + _HEADER.size : head_end])]
        document_at = head_end + _DIGEST_BYTES
        head, digest, document = data[at:head_end], data[head_end:document_at], data[document_at : document_at + length]
        if hashlib.sha256(head + document).digest() != digest:
            head = _HEADER.pack(MAGIC, VERSION, number, length, count) + head[_HEADER.size :]
            if hashlib.sha256(head + document).digest() != digest:
                return None
            log.warning("the version of a record in the intake was altered, the rest is whole: check the disk")
        elif version > VERSION:
            raise CaseError("the intake was written by a newer program", "update this program")
        at, photos = document_at + length, []
        for frame, size in zip(json.loads(document)["content"]["frames"], lengths, strict=True):
            photos.append(data[at : at + size])
            at += size
            if hashlib.sha256(photos[-1]).hexdigest() != frame["sha256"]:
                return None
    except (struct.error, ValueError, KeyError, TypeError):
        return None
    return IntakeRecord(number, document, tuple(photos))
