"""Retention: purged at the right time, wholly, and the chain still holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.export import cached_overlay
from edge.cases.retention import DAY_S, RetentionPolicy, due, purge
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.cli import main
from edge.errors import CaseError, NoSuchCase
from tests.support.cases import SIGNER, UNIT, everything, filled, frame, trigger

START = 1_790_000_000.0
POLICY = RetentionPolicy(identified_days=150, unidentified_days=60, dismissed_days=10)


async def test_each_kind_has_its_own_time(tmp_path: Path) -> None:
    """Cases 1 and 2 are identified, 3 is not; case 2 is dismissed."""
    await filled(tmp_path, 3)
    record(tmp_path, 2, kind="dismiss", officer="Conti", reason="ambulance")
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    await store.file(trigger(START), [frame()], [], limit_kmh=50.0, site="pending for ever")
    await store.close()
    for days, expected in ((9, ()), (11, (2,)), (59, (2,)), (61, (2, 3)), (149, (2, 3)), (151, (1, 2, 3))):
        assert due(tmp_path, POLICY, now_utc=START + days * DAY_S + 600) == expected, days


async def test_a_purge_leaves_a_tombstone_and_nothing_else(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    record(tmp_path, 1, kind="correct_plate", officer="Ispettore Conti", reason="clearly O", plate="AB000CE")
    with Archive(tmp_path) as archive:
        case = archive.case(1)
        assert case.driver is not None
        portrait, photo = case.driver.portrait, archive.frame_path(case).read_bytes()
        cached_overlay(tmp_path, case)
    purge(tmp_path, [1], reason="retention period over", signer=SIGNER)
    await (await CaseStore.open(tmp_path, SIGNER, UNIT)).close()
    assert "3 cases, 1 of them purged" in audit(tmp_path, trusted=SIGNER.public_key)
    with Archive(tmp_path) as archive:
        assert [row.number for row in archive.summaries()] == [3, 2]
        with pytest.raises(NoSuchCase, match="was purged"):
            archive.case(1)
        with pytest.raises(NoSuchCase, match="was purged"):
            archive.events(1)
    left = everything(tmp_path)
    for secret in (b"AB000CD", b"AB000CE", b"Ispettore Conti", b"clearly O", photo):
        assert secret not in left
    assert not (tmp_path / "frames" / "00000001").exists()
    assert portrait in left  # cases 1 and 2 name the same person, and case 2 is still there
    assert not list((tmp_path / "derived").iterdir())


async def test_what_is_never_purged(tmp_path: Path) -> None:
    await filled(tmp_path, 1, decide=False)
    with pytest.raises(CaseError, match="never purged"):
        purge(tmp_path, [1], reason="x")
    with pytest.raises(NoSuchCase):
        purge(tmp_path, [2], reason="x")


def synchronised(monkeypatch: pytest.MonkeyPatch, state: bool | None) -> None:
    monkeypatch.setattr("edge.cases.retention.clock_state", lambda: {"synchronised": state})


@pytest.mark.parametrize("state", [True, None])
async def test_the_daemon_purges_what_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: bool | None
) -> None:
    """Cases of the test kit are from September 2026: due for a policy that keeps nothing for a day."""
    synchronised(monkeypatch, state)
    await filled(tmp_path, 3)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=RetentionPolicy(1e-9, 1e6, 1e-9))
    await store.housekeep()
    await store.close()
    assert "3 cases, 2 of them purged, 9 entries, all signed" in audit(tmp_path)


async def test_a_wrong_clock_purges_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A board without a battery for its clock may start years ahead: evidence must outlive that."""
    synchronised(monkeypatch, False)
    await filled(tmp_path, 1)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=RetentionPolicy(1e-9, 1e-9, 1e-9))
    await store.housekeep()
    await store.close()
    assert "nothing is purged until it is" in caplog.text
    monkeypatch.setattr("time.time", lambda: START + 1000 * DAY_S)
    assert main(["cases", "purge", "--state-dir", str(tmp_path)]) == 0
    assert "nothing purged: the clock" in capsys.readouterr().err
    assert "1 cases, 3 entries" in audit(tmp_path)
    assert main(["cases", "purge", "--trust-clock", "--state-dir", str(tmp_path)]) == 0
    assert "1 cases purged: 1" in capsys.readouterr().out
    assert "1 of them purged" in audit(tmp_path)


async def test_numbers_go_on_after_a_purge(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    purge(tmp_path, [1, 2], reason="x", signer=SIGNER)
    with pytest.raises(NoSuchCase, match="purged before"):
        purge(tmp_path, [2], reason="x")
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert await store.file(trigger(), [frame()], [], limit_kmh=50.0, site="SP 235") == 3
    assert [case.number for case in await store.pending()] == [3]
    await store.close()
    assert "3 cases, 2 of them purged" in audit(tmp_path)


async def test_a_purge_that_was_cut_short_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 2)

    def fail(path: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken, pytest.raises(CaseError, match="purge again"):
        broken.setattr("shutil.rmtree", fail)
        purge(tmp_path, [1], reason="x", signer=SIGNER)
    purge(tmp_path, [], reason="x", signer=SIGNER)
    assert "1 of them purged" in audit(tmp_path)
