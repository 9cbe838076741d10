"""The Merkle tree over a store's entries: its root for checkpoints, proofs for packages.

The roots of whole tiles are kept in ``tiles.bin``, which the daemon writes; without it, or if it is another chain's,
they are computed again from the headers. A tile's record is the hash of its last entry, which stands for all entries
before it, and the tile's root; a SHA-256 ends the file. A record counts only if the chain holds its last entry, and a
package is verified before it gets its name.
"""

from __future__ import annotations

import hashlib
import sqlite3

from edge.cases.evidence import TILE, leaf_hash, path_of, root_of
from edge.cases.storage.durable import read_own, write_durably
from edge.cases.storage.layout import StateFolder

HASH = 32
RECORD = 2 * HASH


class ChainTree:
    """The tree over the first ``size`` entries of a chain; the caller reads the database in one transaction."""

    def __init__(self, folder: StateFolder, database: sqlite3.Connection, size: int) -> None:
        """Take the tiles that *folder* keeps, and compute what is new.

        Raises:
            sqlite3.Error: the database cannot be read.
        """
        self.size = size
        self._database = database
        self._records = _kept(folder, database)
        self.kept = len(self._records)
        for number in range(self.kept, size // TILE):
            self._records.append(self._hash(TILE * (number + 1)) + root_of(self._leaves(number)))
        tiles = [record[HASH:] for record in self._records[: size // TILE]]
        rest = self._leaves(size // TILE)
        self._parts = [*tiles, root_of(rest)] if rest else tiles

    @property
    def root(self) -> str:
        """The root, in hex."""
        return root_of(self._parts).hex()

    def proof(self, seq: int) -> list[str]:
        """The inclusion proof of entry *seq* (from 1 to ``size``), in hex, lowest hash first.

        Raises:
            sqlite3.Error: the database cannot be read.
        """
        number, index = divmod(seq - 1, TILE)
        hashes = path_of(index, self._leaves(number)) + path_of(number, self._parts)
        return [each.hex() for each in hashes]

    def keep(self, folder: StateFolder) -> None:
        """Write the tiles, if there are new ones.

        Raises:
            OSError: the disk reports an error.
        """
        if len(self._records) != self.kept:
            data = b"".join(self._records)
            write_durably(folder.tiles, data + hashlib.sha256(data).digest())
            self.kept = len(self._records)

    def _leaves(self, number: int) -> list[bytes]:
        """The leaves of tile *number* (from 0), as far as the tree goes."""
        sql = "SELECT header FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq"
        first, last = TILE * number, min(TILE * (number + 1), self.size)
        return [leaf_hash(header) for (header,) in self._database.execute(sql, (first, last))]

    def _hash(self, seq: int) -> bytes:
        return _entry_hash(self._database, seq) or b""


def _kept(folder: StateFolder, database: sqlite3.Connection) -> list[bytes]:
    """The records that *folder* keeps of this chain; none if the file is gone, damaged, or another chain's."""
    try:
        data = read_own(folder.tiles)
    except OSError:
        return []
    content = data[:-HASH]
    records = [content[start : start + RECORD] for start in range(0, len(content), RECORD)]
    if len(content) % RECORD or hashlib.sha256(content).digest() != data[-HASH:]:
        return []
    if records and records[-1][:HASH] != _entry_hash(database, TILE * len(records)):
        return []
    return records


def _entry_hash(database: sqlite3.Connection, seq: int) -> bytes | None:
    row = database.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
    return bytes.fromhex(row[0]) if row else None
