"""Cases on hold: an appeal outlives the retention period, and a purge passes over it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.retention import DAY_S, RetentionPolicy, due, purge
from edge.cases.review import record
from edge.cli import main
from edge.crypto.keyfile import write_key
from edge.errors import CaseError
from tests.support.cases import SIGNER, filled

START = 1_790_000_000.0
POLICY = RetentionPolicy(identified_days=150, unidentified_days=60, dismissed_days=10)


async def test_a_case_on_hold_outlives_its_time_until_it_is_released(tmp_path: Path) -> None:
    """An appeal takes longer than 150 days."""
    await filled(tmp_path, 2)
    late = START + 1000 * DAY_S
    record(tmp_path, 1, kind="hold", officer="Conti", reason="appeal, Giudice di Pace 77/2026", signer=SIGNER)
    assert due(tmp_path, POLICY, now_utc=late) == (2,)
    with pytest.raises(CaseError, match="case 1 is on hold"):
        purge(tmp_path, [1], reason="by hand", signer=SIGNER)
    with pytest.raises(CaseError, match="on hold already"):
        record(tmp_path, 1, kind="hold", officer="Conti", reason="again", signer=SIGNER)
    with Archive(tmp_path) as archive:
        assert [(row.number, row.is_held) for row in archive.summaries(order="oldest")] == [(1, True), (2, False)]
        assert archive.case(1).review is None, "a hold is no judgement"
    record(tmp_path, 1, kind="release", officer="Verdi", reason="appeal dismissed", signer=SIGNER)
    assert due(tmp_path, POLICY, now_utc=late) == (1, 2)
    with pytest.raises(CaseError, match="not on hold"):
        record(tmp_path, 1, kind="release", officer="Verdi", reason="again", signer=SIGNER)
    record(tmp_path, 1, kind="hold", officer="Conti", reason="cassation", signer=SIGNER)
    assert due(tmp_path, POLICY, now_utc=late) == (2,)
    assert "all signed" in audit(tmp_path, trusted=SIGNER.public_key)


async def test_a_purge_that_meets_a_hold_purges_none_or_passes_over_it(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    record(tmp_path, 2, kind="hold", officer="Conti", reason="appeal", signer=SIGNER)
    with pytest.raises(CaseError, match="case 2 is on hold"):
        purge(tmp_path, [1, 2, 3], reason="by hand", signer=SIGNER)
    assert "3 cases" in audit(tmp_path) and "purged" not in audit(tmp_path)
    purge(tmp_path, [1, 2, 3], reason="retention period over", signer=SIGNER, skip_held=True)
    assert "3 cases, 2 of them purged" in audit(tmp_path, trusted=SIGNER.public_key)
    with Archive(tmp_path) as archive:
        assert [row.number for row in archive.summaries()] == [2]


async def test_a_hold_needs_a_reason_and_a_decided_case(tmp_path: Path) -> None:
    await filled(tmp_path, 1, decide=False)
    with pytest.raises(CaseError, match="not decided"):
        record(tmp_path, 1, kind="hold", officer="Conti", reason="appeal", signer=SIGNER)
    with pytest.raises(CaseError, match="reason is missing"):
        record(tmp_path, 1, kind="hold", officer="Conti", reason=" ", signer=SIGNER)


async def test_an_officer_holds_and_releases_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await filled(tmp_path / "state", 1)
    key = tmp_path / "signing.key"
    write_key(key, bytes(range(32)), "the signing key")
    where = ["--state-dir", str(tmp_path / "state"), "--signing-key", str(key)]
    assert main(["cases", "hold", "1", *where]) == CaseError.exit_code
    assert main(["cases", "hold", "1", "--reason", "appeal", *where]) == 0
    assert main(["cases", "list", *where]) == 0
    assert "on hold" in capsys.readouterr().out
    assert main(["cases", "release", "1", "--reason", "dismissed", *where]) == 0
    capsys.readouterr()
    assert main(["cases", "list", *where]) == 0
    assert "on hold" not in capsys.readouterr().out
