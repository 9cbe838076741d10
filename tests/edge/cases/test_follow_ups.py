"""What became of a case in which the unit names nobody: keeper asked, driver named by the keeper, closed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, report_of
from edge.cases.retention import DAY_S, RetentionPolicy, due
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.cases.views import FOLLOW_UPS, CaseFilter
from edge.cli import main
from edge.errors import CaseError
from edge.model import Basis
from tests.support.cases import SIGNER, UNIT, filled, photo, trigger, unidentified, write_key

START = 1_790_000_000.0
POLICY = RetentionPolicy(identified_days=150, unidentified_days=60, dismissed_days=10)


def follow(state: Path, number: int, kind: str, reason: str = "prot. 812/2026") -> None:
    record(state, number, kind=kind, officer="Conti", reason=reason, signer=SIGNER)


def listed(state: Path, follow_up: str) -> list[int]:
    with Archive(state) as archive:
        return [row.number for row in archive.summaries(CaseFilter(follow_up=follow_up), order="oldest")]


async def test_the_ordinary_way_from_the_keeper_to_the_end(tmp_path: Path) -> None:
    state = tmp_path / "state"
    await filled(state, 6)  # 3 and 6 name nobody
    assert listed(state, "open") == [3, 6]
    follow(state, 3, "keeper_asked")
    assert (listed(state, "open"), listed(state, "keeper_asked")) == ([3, 6], [3])
    follow(state, 3, "driver_named_by_keeper", "prot. 901/2026")
    follow(state, 3, "closed", "verbale 44/2026")
    assert (listed(state, "open"), listed(state, "closed"), listed(state, "keeper_asked")) == ([6], [3], [])
    with pytest.raises(CaseError, match="case 3 is closed"):
        follow(state, 3, "keeper_asked")
    with Archive(state) as archive:
        opened = archive.open(3)
        rows = {row.number: row.follow_up for row in archive.summaries()}
    assert {str(event.kind) for event in opened.events} == FOLLOW_UPS and opened.case.review is None
    assert rows == {1: None, 2: None, 3: "closed", 4: None, 5: None, 6: None}
    assert "all signed" in audit(state, trusted=SIGNER.public_key)
    export_cases(state, [3], tmp_path / "package.zip", officer="Conti", signer=SIGNER)
    facts = "\n".join(verify_package(tmp_path / "package.zip").facts)
    assert "officer   driver_named_by_keeper by Conti: prot. 901/2026" in facts
    assert report_of(state, 3).startswith(b"%PDF")


async def test_a_case_that_needs_no_keeper_has_no_follow_up(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    for kind in FOLLOW_UPS:
        with pytest.raises(CaseError, match="the unit names the driver of case 1"):
            follow(tmp_path, 1, kind)
    with pytest.raises(CaseError, match="the reason is missing"):
        follow(tmp_path, 3, "keeper_asked", "")
    record(tmp_path, 1, kind="correct_plate", plate="ZZ111ZZ", officer="Conti", reason="read again", signer=SIGNER)
    follow(tmp_path, 1, "keeper_asked")  # the name does not follow from that plate
    record(tmp_path, 2, kind="dismiss", officer="Conti", reason="not their car", signer=SIGNER)
    follow(tmp_path, 2, "closed")
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235", basis=Basis.NO_SPEED)
    pending = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    await store.enter_verdict(number, unidentified())
    await store.close()
    with pytest.raises(CaseError, match="no infringement"):
        follow(tmp_path, number, "keeper_asked")
    with pytest.raises(CaseError, match="not decided yet"):
        follow(tmp_path, pending, "keeper_asked")
    assert listed(tmp_path, "open") == [1, 3]  # what was dismissed is at its end


async def test_a_case_whose_keeper_was_asked_is_not_purged_while_an_answer_may_come(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    late = START + 100 * DAY_S
    assert due(tmp_path, POLICY, now_utc=late) == (3,)
    follow(tmp_path, 3, "keeper_asked")
    assert due(tmp_path, POLICY, now_utc=late) == ()
    follow(tmp_path, 3, "closed")
    assert due(tmp_path, POLICY, now_utc=late) == (3,)


async def test_the_command_records_and_lists_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state, key = tmp_path / "state", tmp_path / "signing.key"
    await filled(state, 3)
    write_key(key)
    where = ["--state-dir", str(state), "--signing-key", str(key)]
    assert main(["cases", "follow-up", "3", "keeper_asked", "--reason", "prot. 812/2026", *where]) == 0
    assert "case 3: recorded" in capsys.readouterr().out
    assert main(["cases", "list", "--follow-up", "keeper_asked", "--json", *where]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["number"], row["follow_up"]) == (3, "keeper_asked")
    assert main(["cases", "follow-up", "1", "closed", "--reason", "x", *where]) != 0
    assert "the unit names the driver of case 1" in capsys.readouterr().err
