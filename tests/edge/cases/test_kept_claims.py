"""The claims of an ambiguous case stay until a judgement on it is final, and as long as the case is on hold."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.cases.acts.claims import read_claims
from edge.cases.review import record
from edge.cases.storage import kept
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.trusted_time import believe_clock
from edge.cases.store import CaseStore
from edge.cases.views import EventKind
from edge.errors import CaseError
from edge.model import Decision, Outcome, Reason
from tests.support.cases import SIGNER, UNIT, packet, photo, trigger, unidentified
from tests.support.judging import judged_by_two

DAY_S = 86_400.0


@dataclass
class Ambiguous:
    """A store with one ambiguous case, and what officers do with it."""

    state: Path
    store: CaseStore

    def act(self, kind: EventKind) -> None:
        """One officer does it."""
        record(self.state, 1, kind=kind, officer="Conti", reason="the photo", signer=SIGNER)

    async def keeps_claims(self) -> bool:
        """Whether the claims are there after the next housekeeping."""
        await self.store.housekeep()
        try:
            return bool(read_claims(self.state, 1))
        except CaseError as error:
            assert error.remedy == "a judgement on it is final"
            assert not (self.state / "frames" / "00000001" / "claims.json").exists()
            return False


@pytest.fixture
async def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Ambiguous]:
    """An ambiguous case, decided on a unit whose clock is synchronised."""
    monkeypatch.setattr(kept, "clock_state", lambda: {"synchronised": True})
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    now_utc = time.time()
    await store.file_case(trigger(now_utc), [photo()], [packet(), packet()], limit_kmh=50.0, site="SP 235")
    verdict = replace(unidentified().verdict, outcome=Outcome.AMBIGUOUS, reason=Reason.SEVERAL_CLAIMS)
    await store.enter_verdict(1, Decision(verdict, kept=(packet(), packet())))
    yield Ambiguous(tmp_path, store)
    await store.close()


def days_pass(monkeypatch: pytest.MonkeyPatch, days: float) -> None:
    """Let the clocks, wall and monotonic, be *days* later."""
    wall, monotonic = time.time, time.monotonic
    monkeypatch.setattr(time, "time", lambda: wall() + days * DAY_S)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + days * DAY_S)


@pytest.mark.parametrize("kind", [EventKind.CONFIRM, EventKind.DISMISS])
async def test_what_one_officer_judged_can_be_withdrawn_and_the_claims_are_there(
    case: Ambiguous, kind: EventKind
) -> None:
    case.act(kind)
    assert await case.keeps_claims()
    case.act(EventKind.WITHDRAW)
    assert await case.keeps_claims()


async def test_what_one_officer_judged_is_final_after_a_week(case: Ambiguous, monkeypatch: pytest.MonkeyPatch) -> None:
    await case.keeps_claims()
    believed(case.state)
    case.act(EventKind.DISMISS)
    days_pass(monkeypatch, 6.9)
    assert await case.keeps_claims()
    days_pass(monkeypatch, 0.2)
    assert not await case.keeps_claims()


def believed(state: Path) -> None:
    """The unit has looked at its clock, as it does every hour before it purges."""
    believe_clock(StateFolder(state))


async def test_a_clock_that_jumps_ahead_makes_no_judgement_final(
    case: Ambiguous, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    believed(case.state)
    case.act(EventKind.DISMISS)
    wall = time.time
    with monkeypatch.context() as jumped:
        jumped.setattr(time, "time", lambda: wall() + 200 * DAY_S)
        assert await case.keeps_claims()
        assert await case.keeps_claims()
    assert caplog.text.count("the claims of judged cases stay: the clock is 200 days ahead") == 1
    assert await case.keeps_claims()


async def test_a_clock_that_is_not_synchronised_makes_no_judgement_final(
    case: Ambiguous, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "clock_state", lambda: {"synchronised": False})
    believed(case.state)
    case.act(EventKind.DISMISS)
    days_pass(monkeypatch, 30)
    assert await case.keeps_claims()


async def test_what_two_officers_judged_is_final(case: Ambiguous) -> None:
    judged_by_two(case.state, 1, EventKind.DISMISS)
    assert not await case.keeps_claims()


async def test_a_judgement_of_two_that_was_withdrawn_counts_no_more_than_the_one_before_it(case: Ambiguous) -> None:
    """One officer's dismissal counts again, and waits for its week."""
    case.act(EventKind.DISMISS)
    judged_by_two(case.state, 1, EventKind.DISMISS)
    judged_by_two(case.state, 1, EventKind.WITHDRAW)
    assert await case.keeps_claims()


async def test_a_hold_keeps_the_claims_of_whatever_was_judged(case: Ambiguous, monkeypatch: pytest.MonkeyPatch) -> None:
    believed(case.state)
    case.act(EventKind.HOLD)
    judged_by_two(case.state, 1, EventKind.CONFIRM)
    assert await case.keeps_claims()
    days_pass(monkeypatch, 30)
    assert await case.keeps_claims()
    case.act(EventKind.RELEASE)
    assert not await case.keeps_claims()
