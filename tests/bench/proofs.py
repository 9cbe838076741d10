"""How large a package with proofs is, and what its export costs, as the chain grows to a million entries.

    python tests/bench/proofs.py [1000 10000 100000 1000000]

One store grows; the case that is exported stays the same one. Exits 1 if the package grows by more than 8 kB from the
first size to the last (ten hashes more for each of its entries are 4 kB). The other entries are those
of other cases, with signatures that are none: nobody reads them on this way, and they would take ten minutes to make.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from edge.cases.evidence import next_entry, verify_package
from edge.cases.export import export_cases
from edge.cases.storage import ChainTree, Head, StateFolder, last_entry
from edge.cases.storage.entries import insert_entry
from edge.cases.storage.head import write_head
from tests.support.cases import SIGNER, filled
from tests.support.packages import members_of

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MOST_GROWTH = 8192
MiB = 1 << 20


class Unread:
    """Signs what nobody reads."""

    key_id, public_key = SIGNER.key_id, SIGNER.public_key

    def sign(self, message: bytes) -> bytes:
        """Random bytes as long as a signature."""
        return os.urandom(64 if message else 0)


def grow(folder: StateFolder, size: int) -> None:
    """Add entries until there are *size* of them, and remember the newest one as the unit does."""
    with closing(sqlite3.connect(folder.database)) as database, database:
        last = last_entry(database)
        assert last is not None
        while last[0] < size:
            at_utc = 1_900_000_000.0 + last[0]
            entry = next_entry(last, "view", last[0], {"officer": "bench"}, at_utc=at_utc, signer=Unread())
            insert_entry(database, entry)
            last = entry.seq, entry.hash
    write_head(folder, Head(*last))


def main() -> int:
    """Print a row for each size; returns 0 if the packages stay small."""
    sizes = tuple(int(word) for word in sys.argv[1:]) or SIZES
    packages: list[int] = []
    print("  entries  package kB  its chain kB  whole chain MB  export s  root, s: no tiles    with")
    with tempfile.TemporaryDirectory() as scratch:
        folder = StateFolder(Path(scratch) / "state")
        asyncio.run(filled(folder.root, 1))
        for size in sizes:
            grow(folder, size)
            with closing(sqlite3.connect(folder.database)) as database:
                (headers,) = database.execute("SELECT sum(length(header)) + 170 * count(*) FROM entries").fetchone()
                folder.tiles.unlink(missing_ok=True)
                began = time.monotonic()
                tree = ChainTree(folder, database, size)
                bare = tree.root
                without_s = time.monotonic() - began
                tree.keep(folder)
                began = time.monotonic()
                assert ChainTree(folder, database, size).root == bare
                with_s = time.monotonic() - began
            to, copy = Path(scratch) / f"{size}.zip", Path(scratch) / "copy"
            shutil.copytree(folder.root, copy)  # an export is an entry of the case itself
            began = time.monotonic()
            export_cases(copy, [1], to, officer="bench", signer=SIGNER)
            export_s = time.monotonic() - began
            shutil.rmtree(copy)
            verify_package(to, SIGNER.public_key)
            chain = len(dict(members_of(to))["chain.jsonl"])
            packages.append(chain)
            print(
                f"{size:>9} {to.stat().st_size / 1024:>11.0f} {chain / 1024:>13.1f} {headers / MiB:>15.1f}"
                f" {export_s:>9.2f} {without_s:>18.3f} {with_s:>7.4f}",
                flush=True,
            )
    growth = packages[-1] - packages[0]
    print(f"the part with proofs grew by {growth} bytes, at the most {MOST_GROWTH} are right")
    return 0 if growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
