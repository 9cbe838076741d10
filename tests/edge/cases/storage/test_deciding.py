"""What is added to a case while it is decided is in its manifest, or is refused: nothing lies between."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.storage.journal import Journal, JournalFile
from edge.cases.store import CaseStore
from edge.errors import CaseError
from tests.support.cases import SIGNER, UNIT, photo, trigger, unidentified

PATIENCE_S = 2.0
"""How long the verdict waits for the photo, should it be kept out until the case is decided."""


class Read:
    """A journal file as the verdict read it; whoever looks at its manifest does so once somebody added a photo."""

    def __init__(self, file: JournalFile, read: threading.Event, added: threading.Event) -> None:
        self._file, self._added = file, added
        self.packets = file.packets
        read.set()

    @property
    def manifest(self) -> object:
        """The manifest as it was read."""
        self._added.wait(PATIENCE_S)
        return self._file.manifest


async def test_a_photo_that_was_taken_is_in_the_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was added between reading the journal and the end of adding: acknowledged, and in no manifest."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    await store.load(number)  # the database knows it: the next who reads its journal is the verdict
    read, added, real = threading.Event(), threading.Event(), Journal.read

    def first_read(journal: Journal, number: int) -> Any:
        file = real(journal, number)
        return file if read.is_set() or file is None else Read(file, read, added)

    monkeypatch.setattr(Journal, "read", first_read)
    deciding = asyncio.create_task(store.enter_verdict(number, unidentified()))
    try:
        await asyncio.to_thread(read.wait, 30)
        taken = 1
        try:
            await store.add(number, photos=[photo(1)])
            taken = 2
        except CaseError as error:
            assert "decided already" in str(error)
        added.set()
        await deciding
    finally:
        added.set()
        await store.close()
    with Archive(tmp_path) as archive:
        assert len(archive.case(number).photos) == taken
    assert "all signed" in audit(tmp_path, trusted=SIGNER.public_key)
