"""An officer's entry never comes before the one that introduces the unit's key."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.evidence import Signer
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.unit_chain import ChainSession
from edge.cases.store import CaseStore
from edge.errors import CaseError

SIGNER = Signer(bytes(range(32)))


def test_nothing_is_added_to_a_chain_whose_key_is_not_introduced(tmp_path: Path) -> None:
    """A unit killed between making its database and introducing its key leaves such a store."""
    state = tmp_path / "state"

    async def open_once() -> None:
        await (await CaseStore.open(state, SIGNER, {"serial": "T"})).close()

    asyncio.run(open_once())
    with closing(sqlite3.connect(state / "cases.sqlite", isolation_level=None)) as database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger}"')
        database.execute("DELETE FROM entries")
    (state / "head.json").unlink(missing_ok=True)
    session = ChainSession(StateFolder(state), SIGNER)
    with session, pytest.raises(CaseError, match="no first entry yet"), session.extending():
        pass
