"""A case lies between two good self-checks, or whoever reads it is told that it does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, report_of
from edge.cases.storage import StateFolder
from edge.cases.store import CaseStore
from edge.cases.views import Enclosure
from edge.errors import EvidenceError
from tests.support.cases import SIGNER, UNIT, photo, trigger, unidentified


async def kept(state: Path, *what: bool | None) -> None:
    """A store with self-checks (good or not) and cases (None), in that order."""
    store = await CaseStore.open(state, SIGNER, UNIT)
    for each in what:
        if each is None:
            number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
            await store.enter_verdict(number, unidentified())
        else:
            await store.note("selfcheck", {"good": each})
    await store.close()


def enclosure(state: Path, number: int) -> Enclosure:
    with Archive(state) as archive:
        return archive.open(number).enclosure


@pytest.mark.parametrize(
    ("what", "says", "holds"),
    [
        ((True, None, True), "good before, good after", True),
        ((False, True, None, True, False), "good before, good after", True),
        ((True, None), "good before, not yet after", False),
        ((None, True), "none before, good after", False),
        ((True, False, None, True), "failed before, good after", False),
        ((True, None, False, True), "good before, failed after", False),
        ((None,), "none before, not yet after", False),
    ],
    ids=lambda value: str(value).replace(" ", ""),
)
async def test_the_nearest_checks_count(tmp_path: Path, what: tuple[bool | None, ...], says: str, holds: bool) -> None:
    state = tmp_path / "state"
    await kept(state, *what)
    found = enclosure(state, 1)
    assert (found.says, found.holds) == (says, holds)
    export_cases(state, [1], tmp_path / "package.zip", officer="Conti", signer=SIGNER)
    facts = "\n".join(verify_package(tmp_path / "package.zip").facts)
    assert ("NOT between two good self-checks" not in facts) is holds
    for word in ("failed before", "failed after"):
        assert (word in facts) is (word in says)
    assert report_of(state, 1).startswith(b"%PDF")


async def test_a_self_check_that_was_turned_round_is_noticed(tmp_path: Path) -> None:
    await kept(tmp_path, False, None, True)
    with closing(sqlite3.connect(StateFolder(tmp_path).database)) as database:
        database.execute("DROP TRIGGER entries_lose_bodies_only")
        turned = "CAST(replace(CAST(body AS TEXT), 'false', 'true') AS BLOB)"
        database.execute(f"UPDATE entries SET body = {turned} WHERE kind = 'selfcheck'")
        database.commit()
    with pytest.raises(EvidenceError, match=r"\(selfcheck\) was altered"):
        enclosure(tmp_path, 1)
