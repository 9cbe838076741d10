"""How long ``autovelox cases verify`` takes on a large store.

    python tests/bench/verify.py [--cases 10000] [--photo-kb 30]

Prints the wall time of the whole check, and the processor time of its parts, measured side by side in this process.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from edge.cases.evidence.chain import Entry, next_entry
from edge.cases.evidence.manifest import decided_manifest, filed_manifest, photo_record
from edge.cases.evidence.signing import Signer
from edge.cases.evidence.verify import check_chain, check_signatures, sha256
from edge.cases.storage.database import migrate, open_to_read
from edge.cases.storage.entries import insert_entry, read_links
from edge.cases.storage.layout import StateFolder
from edge.model import Decision, Outcome, Photo, Reason, Trigger, Verdict

SIGNER = Signer(bytes(range(32)))


def make(state_dir: Path, cases: int, jpeg: bytes) -> None:
    """A store of *cases* decided cases, written in one transaction."""
    migrate(StateFolder(state_dir).database)
    photo = Photo(jpeg, 1280, 720, 0.0, 0)
    decision = Decision(Verdict(Outcome.UNIDENTIFIED, "", 0.0, reason=Reason.NO_CLAIM))
    head: tuple[int, str] | None = None
    with closing(sqlite3.connect(StateFolder(state_dir).database)) as database, database:

        def append(kind: str, case: int | None, content: dict[str, object]) -> Entry:
            nonlocal head
            entry = next_entry(head, kind, case, content, at_utc=1.0, signer=SIGNER)
            insert_entry(database, entry)
            head = (entry.seq, entry.hash)
            return entry

        append("key", None, {"key_id": SIGNER.key_id, "public_key": SIGNER.public_key.hex(), "supersedes": None})
        for number in range(1, cases + 1):
            folder = state_dir / "frames" / f"{number:08d}"
            folder.mkdir(parents=True)
            (folder / "0.jpg").write_bytes(jpeg)
            record = photo_record(f"frames/{number:08d}/0.jpg", photo)
            content = filed_manifest(
                number, Trigger(1.0, 1, 70.0), [record], limit_kmh=50.0, site="bench", unit={}, clock={}
            )
            first = append("filed", number, content)
            last = append("decided", number, decided_manifest(content, decision, 2.0))
            columns = "number, state, at_utc, site, speed_kmh, limit_kmh, outcome, filed_seq, decided_seq"
            row = (number, "decided", 1.0, "bench", 70.0, 50.0, "unidentified", first.seq, last.seq)
            database.execute(f"INSERT INTO cases ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def timed(work: Callable[[], object]) -> float:
    """Processor seconds of *work*."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the check of a large store.")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--photo-kb", type=int, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        state_dir, photo = Path(scratch), os.urandom(1024 * args.photo_kb)
        make(state_dir, args.cases, photo)
        began = time.monotonic()
        command = [sys.executable, "-m", "edge", "cases", "verify", "--state-dir", str(state_dir)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(done.stdout.strip())
        print(f"{args.cases} cases, 1 photo of {args.photo_kb} kB each: {time.monotonic() - began:.1f} s")
        with closing(open_to_read(StateFolder(state_dir))) as database:
            links = list(read_links(database))
        found = check_chain(links)
        parts = {
            "chain": timed(lambda: check_chain(links)),
            "signatures": timed(lambda: check_signatures(found.signatures)),
            "photos": timed(lambda: [sha256(path.read_bytes()) for path in state_dir.glob("frames/*/0.jpg")]),
        }
        whole = sum(parts.values())
        shares = ", ".join(f"{name} {part:.1f} s ({part / whole:.0%})" for name, part in parts.items())
        print(f"processor, on one core: {shares}")


if __name__ == "__main__":
    main()
