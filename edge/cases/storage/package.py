"""Writes the ZIP file of a package, in which no byte is free: it follows from the names and bytes of the members alone.

Members are stored, not compressed: compressing could be done in many ways, and photos and reports are small already.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO

from edge.cases.evidence import SEAL, SEAL_HEX, sha256
from edge.cases.storage.durable import sync_file
from edge.errors import CaseError, StorageFull

LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
"""The local header, the directory's entry and the end record, of PKWARE's APPNOTE.TXT 6.3."""
VERSION, UNIX = 20, 3
FIRST_DAY = 1 << 5 | 1
"""1 January 1980, as ZIP writes dates: the time of the export stands in its entry."""
MODE = 0o600
LARGEST_PACKAGE = 0xFFFF_FFFF
MOST_MEMBERS = 0xFFFE
"""Bytes and members beyond which a ZIP file needs other headers."""
BLOCK = 1 << 18


class PackageWriter:
    """Adds members to a package; ``hashes`` has the SHA-256 of each, by name."""

    def __init__(
        self, file: BinaryIO, *, least_free_bytes: int = 0, before_block: Callable[[], None] = lambda: None
    ) -> None:
        """Write to *file*, which is empty and open for reading and writing; its disk keeps *least_free_bytes* free.

        *before_block* is called before each :data:`BLOCK` that is written or read.
        """
        self._file = file
        self._before_block = before_block
        self._least_free_bytes = least_free_bytes
        self._directory = bytearray()
        self._count = 0
        self.hashes: dict[str, str] = {}

    def add(self, name: str, data: bytes) -> None:
        """Add the member *name*, which follows all earlier ones in the order of names (the chain is the last).

        Raises:
            CaseError: the package grows beyond what its format holds.
            StorageFull: the disk would have less room left than it has to keep.
            OSError: the disk reports an error.
        """
        offset, encoded = self._file.tell(), name.encode("ascii")
        if self._count >= MOST_MEMBERS or offset + len(data) + len(self._directory) + BLOCK > LARGEST_PACKAGE:
            raise CaseError("the package grows beyond 4 GiB", "export fewer cases at once")
        self._ensure_room(len(data) + len(self._directory) + BLOCK)
        common = (0, 0, 0, FIRST_DAY, zlib.crc32(data), len(data), len(data), len(encoded), 0)
        self._file.write(LOCAL.pack(b"PK\3\4", VERSION, *common) + encoded)
        for start in range(0, len(data), BLOCK):
            self._before_block()
            self._file.write(memoryview(data)[start : start + BLOCK])
        made_by = UNIX << 8 | VERSION
        self._directory += CENTRAL.pack(b"PK\1\2", made_by, VERSION, *common, 0, 0, 0, MODE << 16, offset) + encoded
        self._count += 1
        self.hashes[name] = sha256(data)

    def _ensure_room(self, needed: int) -> None:
        """Raise :class:`StorageFull` unless *needed* bytes fit beside those that stay free."""
        if self._least_free_bytes and shutil.disk_usage(self._file.fileno()).free < needed + self._least_free_bytes:
            raise StorageFull("the disk has no room to make the package", "export fewer cases at once, or make room")

    def finish(self, *, durably: bool = True) -> None:
        """Write the directory, and the SHA-256 of everything before it; nothing can be added any more.

        *durably*: what was written is on the disk when this returns.

        Raises:
            OSError: the disk reports an error.
        """
        offset, count = self._file.tell(), self._count
        end = END.pack(b"PK\5\6", 0, 0, count, count, len(self._directory), offset, len(SEAL) + SEAL_HEX)
        self._file.write(bytes(self._directory) + end + SEAL)
        self._file.seek(0)
        digest = hashlib.sha256()
        while block := self._file.read(BLOCK):
            digest.update(block)
            self._before_block()
        self._file.write(digest.hexdigest().encode("ascii"))
        if durably:
            sync_file(self._file)
        else:
            self._file.flush()
