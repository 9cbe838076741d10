"""A genuine package, for those who try to forge one; and the time of Rome."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.cases.export import export_cases
from edge.cases.review import record
from tests.support.cases import SIGNER, filled
from tests.support.packages import Members, members_of


async def genuine(folder: Path, *, full_chain: bool = True) -> Path:
    """A package of cases 1 and 3 of four; case 1 was dismissed, and case 2 is another driver's."""
    await filled(folder / "state", 4)
    record(folder / "state", 1, kind="dismiss", officer="Conti", reason="an ambulance", signer=SIGNER)
    export_cases(
        folder / "state", [3, 1], folder / "genuine.zip", officer="Conti", signer=SIGNER, full_chain=full_chain
    )
    return folder / "genuine.zip"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The members of a genuine package with the whole chain."""
    return members_of(asyncio.run(genuine(tmp_path_factory.mktemp("genuine"))))


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """The members of a genuine package with proofs."""
    return members_of(asyncio.run(genuine(tmp_path_factory.mktemp("proved"), full_chain=False)))


@pytest.fixture
def rome(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is that of Italy."""
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Europe/Rome")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()
