"""Two officers as two real accounts at the service's socket: the kernel says who is who."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.acts.requests import Action
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.views import EventKind
from edge.cli import main
from edge.config import ReviewSettings
from edge.errors import CaseError, ReasonNeeded
from edge.officers.client import ServiceDesk
from edge.officers.service import run
from tests.support import cases
from tests.support.accounts import (
    GROUP,
    OFFICER,
    SECOND,
    UNIT,
    Place,
    as_officer,
    as_second_officer,
    as_stranger,
    as_unit,
    fork_as,
    refused,
    run_unit,
    unit_place,
)
from tests.support.xdisplay import wait_for

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become other accounts")


@pytest.fixture(scope="module", autouse=True)
def _all_imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Do everything once: other accounts may not be able to read this interpreter's modules."""
    folder = tmp_path_factory.mktemp("warm")
    run_unit(folder)
    key = str(cases.write_key(folder.parent / "signing.key"))
    where = ["--state-dir", str(folder), "--signing-key", key]
    main(["cases", "requests", *where])
    main(["cases", "report", "1", "--to", str(folder / "x.pdf"), *where])
    with pytest.raises(CaseError):
        ServiceDesk(folder / "nobody")


@pytest.fixture
def serving() -> Iterator[Place]:
    """A unit with a decided and a pending case, whose service wants two officers and reasons."""
    rules = ReviewSettings(second=True, reasons=True)
    with unit_place() as place:
        as_unit(lambda: run_unit(place.state))
        child = fork_as(UNIT, GROUP, [], lambda: run(place.state, cases.SIGNER, place.socket, rules))
        try:
            wait_for(lambda: place.socket.exists() and place.socket.stat().st_mode & 0o777 == 0o660)
            yield place
        finally:
            os.kill(child, signal.SIGTERM)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_two_accounts_purge_a_case_and_one_does_not(serving: Place) -> None:
    def ask() -> None:
        with closing(ServiceDesk(serving.socket)) as desk:
            number = desk.ask(Action.PURGE, [1], reason="court order 7").number
            refused(lambda: desk.agree(number), CaseError, "who asks cannot agree")

    def agree() -> None:
        with closing(ServiceDesk(serving.socket)) as desk:
            (request,) = desk.requests()
            assert (request.asked_by.uid, request.cases) == (OFFICER, (1,))
            desk.agree(request.number, reason="seen")

    as_officer(ask)
    with closing(ServiceDesk(serving.socket)) as root:
        (request,) = root.requests()
        with pytest.raises(CaseError, match="no second officer"):
            root.agree(request.number)
    as_unit(lambda: refused(lambda: _agree(serving, request.number), CaseError, "no second officer"))
    as_stranger(lambda: refused(lambda: ServiceDesk(serving.socket), CaseError, "may not see"))
    assert "purged" not in audit(serving.state)
    as_second_officer(agree)
    assert "2 cases, 1 of them purged" in audit(serving.state, trusted=cases.SIGNER.public_key)


def _agree(place: Place, number: int) -> None:
    with closing(ServiceDesk(place.socket)) as desk:
        desk.agree(number)


def _judge(place: Place, kind: EventKind, *, waits: bool) -> None:
    with closing(ServiceDesk(place.socket)) as desk:
        desk.open(1, reason="my turn")
        assert desk.review(1, kind, reason="looked").waits == waits
        (row,) = [row for row in desk.cases().rows if row.number == 1]
        assert (row.review, row.waiting) == ((None, str(kind)) if waits else (str(kind), None))


def test_a_judgement_needs_two_accounts_and_root_is_none_of_them(serving: Place) -> None:
    as_officer(lambda: _judge(serving, EventKind.CONFIRM, waits=True))
    with (
        closing(ServiceDesk(serving.socket)) as root,
        pytest.raises(CaseError, match="waits for a second officer already"),
    ):
        root.review(1, EventKind.CONFIRM, reason="I am root")
    as_second_officer(lambda: _judge(serving, EventKind.CONFIRM, waits=False))
    with Archive(serving.state) as archive:
        judgement = archive.events(1)[-1]
    assert (judgement.kind, judgement.officer) == ("confirm", f"uid {OFFICER}, with uid {SECOND}")
    as_officer(lambda: _withdraw(serving, judgement.seq, waits=True))
    as_second_officer(lambda: _withdraw(serving, judgement.seq, waits=False))
    with Archive(serving.state) as archive:
        assert archive.case(1).review is None
        assert archive.events(1)[-1].judgement == judgement.seq
    assert audit(serving.state, trusted=cases.SIGNER.public_key)


def _withdraw(place: Place, judgement: int, *, waits: bool) -> None:
    with closing(ServiceDesk(place.socket)) as desk:
        desk.open(1, reason="my turn")
        refused(
            lambda: desk.review(1, EventKind.WITHDRAW, reason="a mistake", judgement=judgement - 1),
            CaseError,
            "not the judgement",
        )
        judged = desk.review(1, EventKind.WITHDRAW, reason="a mistake", judgement=judgement)
        assert judged.waits == waits


def test_a_look_at_a_case_that_another_officer_judged_needs_a_reason(serving: Place, tmp_path: Path) -> None:
    def look() -> None:
        with closing(ServiceDesk(serving.socket)) as desk:
            refused(lambda: desk.open(1), ReasonNeeded, "another officer has judged")
            refused(lambda: desk.photo(1, 0), ReasonNeeded)
            refused(lambda: desk.export([1], Path("/tmp/never.zip")), ReasonNeeded)
            desk.open(1, reason="complaint 44/2026")
            assert desk.photo(1, 0)  # while the look lasts, its reason counts

    def own() -> None:
        with closing(ServiceDesk(serving.socket)) as desk:
            desk.open(1)
            desk.review(1, EventKind.DISMISS, reason="an ambulance")
            desk.open(1)

    as_officer(own)
    as_second_officer(look)
    with Archive(serving.state) as archive:
        views = [(event.officer, event.reason) for event in archive.events(1) if event.kind == "view"]
    assert views == [(f"uid {OFFICER}", ""), (f"uid {SECOND}", "complaint 44/2026")]


def test_the_commands_of_two_officers(serving: Place) -> None:
    config = serving.top / "autovelox.toml"
    config.write_text(f'[unit]\nstate_dir = "state"\n[officers]\nsocket = "{serving.socket}"\n')
    config.chmod(0o644)

    def run_command(*words: str, code: int = 0) -> None:
        assert main(["cases", *words, "--config", str(config)]) == code

    as_officer(lambda: run_command("ask", "trust-clock", "--reason", "the depot", "--days", "1"))
    (request,) = _waiting(serving)
    as_officer(lambda: run_command("agree", str(request), code=CaseError.exit_code))
    as_second_officer(lambda: run_command("requests"))
    as_second_officer(lambda: run_command("refuse", str(request), "--reason", "the clock is wrong"))
    assert _waiting(serving) == []
    as_officer(lambda: run_command("ask", "rotate-key", "--reason", "yearly"))
    (request,) = _waiting(serving)
    as_second_officer(lambda: run_command("agree", str(request)))
    assert _waiting(serving) == []


def _waiting(place: Place) -> list[int]:
    with closing(ServiceDesk(place.socket)) as desk:
        return [request.number for request in desk.requests()]
