"""Retention: purged at the right time, wholly, and the chain still holds."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence import Chain, Link
from edge.cases.retention import DAY_S, RetentionPolicy, due, purge
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.cli import main
from edge.crypto.keyfile import write_key
from edge.errors import CaseError, NoSuchCase, SecretError
from edge.model import Basis
from tests.support.cases import SIGNER, UNIT, everything, filled, photo, trigger, unidentified

audit_module = importlib.import_module("edge.cases.audit")
START = 1_790_000_000.0
POLICY = RetentionPolicy(identified_days=150, unidentified_days=60, dismissed_days=10)


async def test_each_kind_has_its_own_time(tmp_path: Path) -> None:
    """Cases 1 and 2 are identified, 3 is not; case 2 is dismissed."""
    await filled(tmp_path, 3)
    record(tmp_path, 2, kind="dismiss", officer="Conti", reason="ambulance", signer=SIGNER)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    await store.file_case(trigger(START), [photo()], [], limit_kmh=50.0, site="pending for ever")
    await store.close()
    for days, expected in ((9, ()), (11, (2,)), (59, (2,)), (61, (2, 3)), (149, (2, 3)), (151, (1, 2, 3))):
        assert due(tmp_path, POLICY, now_utc=START + days * DAY_S + 600) == expected, days


async def test_what_is_no_infringement_goes_as_soon_as_what_was_dismissed(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    for basis in (None, *Basis):
        number = await store.file_case(trigger(START), [photo()], [], limit_kmh=50.0, site="SP 235", basis=basis)
        await store.enter_verdict(number, unidentified())
    await store.close()
    infringements, others = (1, 2, 3), (4, 5, 6, 7, 8)
    for days, expected in ((9, ()), (11, others), (59, others), (61, (*infringements, *others))):
        assert due(tmp_path, POLICY, now_utc=START + days * DAY_S) == expected, days


async def test_what_an_interrupted_purge_left_goes_with_the_next_round(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    purge(tmp_path, [1], reason="by hand", signer=SIGNER)
    left = tmp_path / "frames" / "00000001"
    left.mkdir()
    (left / "0.jpg").write_bytes(b"left")
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=RetentionPolicy(1e6, 1e6, 1e6))
    await store.housekeep()
    await store.close()
    assert not left.exists()


def test_a_purge_meanwhile_is_no_mismatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The audit reads the chain as it was; the photos of a case go before it looks at them."""
    asyncio.run(filled(tmp_path, 2))
    check_chain = audit_module.check_chain

    def purged_meanwhile(links: Sequence[Link]) -> Chain:
        chain = check_chain(links)
        purge(tmp_path, [1], reason="x", signer=SIGNER)
        return chain

    monkeypatch.setattr(audit_module, "check_chain", purged_meanwhile)
    assert "2 cases" in audit(tmp_path)


async def test_a_purge_leaves_a_tombstone_and_nothing_else(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    record(
        tmp_path, 1, kind="correct_plate", officer="Ispettore Conti", reason="clearly O", plate="AB000CE", signer=SIGNER
    )
    with Archive(tmp_path) as archive:
        case = archive.case(1)
        assert case.driver is not None
        portrait, photo = case.driver.portrait, archive.photo(1, 0)
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


async def test_what_is_never_purged(tmp_path: Path) -> None:
    await filled(tmp_path, 1, decide=False)
    with pytest.raises(CaseError, match="never purged"):
        purge(tmp_path, [1], reason="x", signer=SIGNER)
    with pytest.raises(NoSuchCase):
        purge(tmp_path, [2], reason="x", signer=SIGNER)


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
    key = tmp_path / "signing.key"
    write_key(key, bytes(range(32)), "the signing key")
    where = ["--state-dir", str(tmp_path), "--signing-key", str(key)]
    assert main(["cases", "purge", *where]) == CaseError.exit_code
    assert "nothing purged: the clock" in capsys.readouterr().err
    assert "1 cases, 3 entries" in audit(tmp_path)
    assert main(["cases", "purge", "--trust-clock", *where]) == 0
    assert "1 cases purged: 1" in capsys.readouterr().out
    assert "1 of them purged" in audit(tmp_path)


async def test_numbers_go_on_after_a_purge(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    purge(tmp_path, [1, 2], reason="x", signer=SIGNER)
    with pytest.raises(NoSuchCase, match="purged before"):
        purge(tmp_path, [2], reason="x", signer=SIGNER)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    assert await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235") == 3
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


class Clocks:
    """A wall clock and a monotonic clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.utc, self.s, self.boot = START + DAY_S, 1000.0, "first"
        monkeypatch.setattr("time.time", lambda: self.utc)
        monkeypatch.setattr("time.monotonic", lambda: self.s)
        monkeypatch.setattr("edge.cases.storage.trusted_time.clock_state", lambda: {"boot_id": self.boot})
        synchronised(monkeypatch, True)

    def go(self, days: float, stepped_days: float = 0.0) -> None:
        """Let *days* pass, and the wall clock go ahead by *stepped_days* more."""
        self.s += days * DAY_S
        self.utc += (days + stepped_days) * DAY_S


def left(folder: Path) -> int:
    with Archive(folder) as archive:
        return archive.count()


async def test_attack_9_a_clock_200_days_ahead_purges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clocks = Clocks(monkeypatch)
    await filled(tmp_path, 3)
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=POLICY)
    await store.housekeep()
    clocks.go(0.1, stepped_days=200)
    await store.housekeep()
    assert left(tmp_path) == 3
    assert "the clock is 200 days ahead of what this unit knows: nothing is purged" in (store.problem() or "")
    for _ in range(48):
        clocks.go(1 / 24)
        await store.housekeep()
    assert left(tmp_path) == 3
    await store.close()
    key = tmp_path / "signing.key"
    write_key(key, bytes(range(32)), "the signing key")
    where = ["--state-dir", str(tmp_path), "--signing-key", str(key)]
    assert main(["cases", "purge", *where]) == CaseError.exit_code
    assert left(tmp_path) == 3
    store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=POLICY)
    clocks.go(0, stepped_days=-200)
    clocks.go(0.1)
    await store.housekeep()
    assert (left(tmp_path), store.problem()) == (3, None)
    clocks.go(0.1, stepped_days=200)
    await store.close()
    capsys.readouterr()
    assert main(["cases", "purge", "--trust-clock", *where]) == 0
    assert capsys.readouterr().out == "3 cases purged: 1, 2, 3\n"


async def test_attack_9_many_small_steps_are_one_large_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one day's worth a day, whether in one step or in many, whether the unit is restarted or not."""
    clocks = Clocks(monkeypatch)
    await filled(tmp_path, 3)
    for hour in range(20):
        store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=POLICY)
        await store.housekeep()
        assert (store.problem() is None) == (hour < 4), hour
        await store.close()
        clocks.go(1 / 24, stepped_days=0.3)
    assert left(tmp_path) == 3


async def test_attack_9_at_the_first_start_ever_and_after_a_reboot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = Clocks(monkeypatch)
    await filled(tmp_path, 3)
    for boot in ("second", "third"):
        clocks.boot, clocks.s = boot, 5.0
        clocks.go(0, stepped_days=200)
        store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=POLICY)
        await store.housekeep()
        assert "days ahead" in (store.problem() or "")
        await store.close()
    assert left(tmp_path) == 3


async def test_real_time_purges_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Day by day, with a reboot after some hours without power each night, everything goes when it is due."""
    clocks = Clocks(monkeypatch)
    await filled(tmp_path, 3)
    seen = {}
    for day in range(1, 156):
        clocks.boot, clocks.s = f"boot {day}", 5.0
        clocks.go(0, stepped_days=0.4)
        store = await CaseStore.open(tmp_path, SIGNER, UNIT, policy=POLICY)
        clocks.go(0.6)
        await store.housekeep()
        assert store.problem() is None
        await store.close()
        seen[day] = left(tmp_path)
    assert [day for day in seen if seen[day] < seen.get(day - 1, 3)] == [60, 150]
    assert seen[155] == 0


async def test_who_has_no_key_purges_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Attack 5: an officer's account purged any case."""
    await filled(tmp_path / "state", 1)
    where = ["--state-dir", str(tmp_path / "state"), "--signing-key", str(tmp_path / "none")]
    assert main(["cases", "purge", "1", "--reason", "x", *where]) == SecretError.exit_code
    assert "signing key" in capsys.readouterr().err
    assert left(tmp_path / "state") == 1
