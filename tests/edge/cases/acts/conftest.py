"""A store with three decided cases, and the service's session in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cases.acts.agreement import Agreement
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.unit_chain import ChainSession
from tests.support.cases import SIGNER, filled


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    """Three decided cases."""
    await filled(tmp_path / "state", 3)
    return tmp_path / "state"


@pytest.fixture
def session(store: Path) -> Iterator[ChainSession]:
    """The service's session."""
    with ChainSession(StateFolder(store), SIGNER) as found:
        yield found


@pytest.fixture
def agreement(store: Path, session: ChainSession) -> Agreement:
    """Requests and answers in the store."""
    return Agreement(store, SIGNER, session)
