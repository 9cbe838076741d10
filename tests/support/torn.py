"""A store as a power cut leaves it that came during a checkpoint and tore the write-ahead log as well."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from edge.cases.review import record
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.storage.wal import save_wal, wal_path
from tests.support.cases import SIGNER, filled

PAGE = 4096


async def cut_off(tmp_path: Path, moved: float = 1.0, damaged: float = 0.8) -> StateFolder:
    """A store with three holds, of which a checkpoint had *moved* a part when the log was *damaged* at that part."""
    live, after = StateFolder(tmp_path / "live"), StateFolder(tmp_path / "after")
    await filled(live.root, 6)
    with closing(sqlite3.connect(live.database)) as reader, ChainSession(live, SIGNER) as session:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM cases").fetchall()  # nothing leaves the log meanwhile
        for number in (1, 2, 3):
            reason = "appeal " + "x" * 1500
            record(live.root, number, kind="hold", officer="rossi", reason=reason, signer=SIGNER, session=session)
        assert save_wal(live.database) is not None
        shutil.copytree(live.root, after.root)
        reader.rollback()
    new, old = live.database.read_bytes(), after.database.read_bytes()
    size = int(len(new) * moved) // PAGE * PAGE
    after.database.write_bytes(new[:size] + old[size:])
    log = bytearray(wal_path(after.database).read_bytes())
    at = int(len(log) * damaged)
    log[at : at + PAGE] = bytes(PAGE)
    wal_path(after.database).write_bytes(log)
    after.database.with_name("cases.sqlite-shm").unlink()
    return after
