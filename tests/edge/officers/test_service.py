"""The officers' service, asked as officers' programs ask it and as others may."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import check_package
from edge.cases.storage.layout import StateFolder
from edge.cases.storage.witness import newest_checkpoint
from edge.cases.store import CaseStore
from edge.cases.views import CaseFilter, EventKind, Order
from edge.errors import CaseError, EvidenceError, NoSuchCase, SecretError
from edge.officers import looks
from edge.officers.accounts import Account, account_of, own_account
from edge.officers.client import ServiceDesk
from edge.officers.desk import Judged
from edge.officers.office import Office
from tests.support.cases import SIGNER, UNIT, filled, names, packet, photo, trigger
from tests.support.officers import ask, service

ME = own_account().officer


def kinds(state_dir: Path, number: int) -> list[tuple[str, str, bool]]:
    with Archive(state_dir) as archive:
        return [(str(event.kind), event.officer, event.signed) for event in archive.events(number)]


async def test_an_officer_looks_judges_and_exports(tmp_path: Path) -> None:
    state = tmp_path / "state"
    await filled(state, 3)
    with service(state) as path, closing(ServiceDesk(path)) as desk:
        assert desk.officer == ME
        assert desk.state_dir == state.resolve()
        listing = desk.cases(CaseFilter(), order=Order.OLDEST, limit=2)
        assert (listing.total, [row.number for row in listing.rows]) == (3, [1, 2])
        with Archive(state) as archive:
            assert listing.rows == archive.summaries(limit=2, order=Order.OLDEST)
            wanted = archive.case(1)
        opened = desk.open(1)
        assert opened.case == wanted
        assert desk.photo(1, 0) == photo(0).jpeg
        assert desk.again(1) == opened
        assert desk.review(1, EventKind.CORRECT_PLATE, reason="0 is O", plate="AB 000 CE") == Judged(10)
        assert "case 1, 3" in desk.export([1, 3], tmp_path / "case.zip", reason="for the court")
        desk.report(1, tmp_path / "case.pdf")
        assert desk.status().cases == 3
        assert "all signed" in desk.verify(trusted=SIGNER.public_key)
    assert check_package(tmp_path / "case.zip", SIGNER.public_key)
    assert (tmp_path / "case.pdf").read_bytes().startswith(b"%PDF")
    assert kinds(state, 1) == [
        ("view", ME, True),
        ("correct_plate", ME, True),
        ("export", ME, True),
        ("export", ME, True),
    ]
    assert names(tmp_path) == ["case.pdf", "case.zip", "state"]


async def test_nothing_of_a_case_is_given_before_the_look_is_recorded(tmp_path: Path) -> None:
    """Whichever way it is asked for: a program that leaves the look out gets it recorded all the same."""
    await filled(tmp_path, 3)
    with service(tmp_path) as path:
        ask(path, "GET", "/v1/cases/1")
        ask(path, "GET", "/v1/cases/2/photos/0")
        assert (kinds(tmp_path, 1), kinds(tmp_path, 2)) == ([("view", ME, True)], [("view", ME, True)])
        ask(path, "GET", "/v1/cases/1/photos/0")
        assert len(kinds(tmp_path, 1)) == 1
    with service(tmp_path, signer=None) as path:
        for address in ("/v1/cases/3", "/v1/cases/3/photos/0"):
            answer = ask(path, "GET", address)
            assert (answer.status, answer.json["type"]) == (503, "urn:autovelox:problem:secret")
        assert ask(path, "POST", "/v1/cases/3/reports", {}).status == 503
        assert ask(path, "GET", "/v1/cases").status == 200


async def test_a_look_lasts_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 1)
    with closing(Office(tmp_path, SIGNER)) as office:
        conti = Account(1, "conti")
        office.open(conti, 1)
        office.again(conti, 1)
        office.again(Account(2, "bianchi"), 1)
        monkeypatch.setattr(looks, "LOOK_S", 0.0)
        office.photo(conti, 1, 0)
    assert [officer for _, officer, _ in kinds(tmp_path, 1)] == ["conti", "bianchi", "conti"]


async def test_what_the_client_says_of_itself_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack 5: the recorded account was the client's own word (LOGNAME, --officer)."""
    await filled(tmp_path, 1)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "root-of-all")
    with service(tmp_path) as path, closing(ServiceDesk(path)) as desk:
        desk.open(1)
        body = {"kind": "confirm", "reason": "x", "account": "innocent"}
        assert ask(path, "POST", "/v1/cases/1/reviews", body).status == 400
    assert kinds(tmp_path, 1) == [("view", ME, True)]


def test_a_full_name_of_the_accounts_table_is_one_plain_line() -> None:
    assert Account(7, "conti", "Sara Conti").officer == "Sara Conti (conti)"
    assert Account(7, "conti", "conti").officer == "conti"
    assert account_of(2**31 - 7).name == f"uid {2**31 - 7}"


async def test_errors_arrive_as_what_they_are(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 2)
    with service(tmp_path / "state") as path, closing(ServiceDesk(path)) as desk:
        with pytest.raises(NoSuchCase, match="there is no case 9"):
            desk.open(9)
        with pytest.raises(CaseError, match="the reason is missing"):
            desk.review(1, EventKind.CONFIRM, reason=" ")
        with pytest.raises(CaseError, match="no photo 5"):
            desk.photo(1, 5)
        with pytest.raises(CaseError, match="invalid characters"):
            desk.review(1, EventKind.CONFIRM, reason="\udc80")
        with pytest.raises(SecretError, match="no checkpoint"):
            desk.verify(checkpoint=b"{}")
        (tmp_path / "case.zip").touch()
        with pytest.raises(CaseError, match="exists already"):
            desk.export([1], tmp_path / "case.zip")
        with pytest.raises(CaseError, match="cannot be written"):
            desk.export([1], tmp_path / "none" / "case.zip")
        StateFolder(tmp_path / "state").photo(2, 0).write_bytes(b"")
        for ask_for in (lambda: desk.open(2), lambda: desk.export([1, 2], tmp_path / "two.zip"), lambda: desk.verify()):
            with pytest.raises(EvidenceError, match=r"photo|0\.jpg"):
                ask_for()
        assert ask(path, "GET", "/v1/cases/2").status == 409
    assert names(tmp_path) == ["case.zip", "state"]


async def test_there_may_be_no_store_yet(tmp_path: Path) -> None:
    with service(tmp_path) as path, closing(ServiceDesk(path)) as desk:
        for ask_for in (desk.version, desk.status, desk.cases, desk.verify, lambda: desk.open(1)):
            with pytest.raises(CaseError, match="no case store"):
                ask_for()  # type: ignore[operator]
        await filled(tmp_path, 1)
        assert desk.cases().total == 1
        before = desk.version()
        desk.open(1)
        assert desk.version() != before


async def test_a_stopped_camera_does_not_hide_the_cases_and_a_running_one_goes_on(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with service(tmp_path) as path, closing(ServiceDesk(path)) as desk:
        assert not desk.status().daemon_alive
        desk.open(1)
        store = await CaseStore.open(tmp_path, SIGNER, UNIT)
        try:
            assert desk.status().daemon_alive
            for _ in range(3):
                await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 235")
                await asyncio.to_thread(desk.open, 1)
                await store.housekeep()
            assert store.problem() is None
        finally:
            await store.close()
    assert "4 cases" in audit(tmp_path, trusted=SIGNER.public_key)


async def test_a_service_that_was_started_again_is_asked_again(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 1)
    link = tmp_path / "officers.sock"
    with service(tmp_path / "state") as first:
        link.symlink_to(first)
        desk = ServiceDesk(link)
        assert desk.cases().total == 1
    with pytest.raises(CaseError, match="does not answer"):
        desk.cases()
    link.unlink()
    with service(tmp_path / "state") as second:
        link.symlink_to(second)
        assert desk.cases().total == 1
        desk.close()


async def test_verification_against_a_checkpoint(tmp_path: Path) -> None:
    store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT, witness_dirs=[tmp_path])
    await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
    await store.close()
    checkpoint = newest_checkpoint(tmp_path)
    assert checkpoint is not None
    with service(tmp_path / "state") as path, closing(ServiceDesk(path)) as desk:
        assert "Everything holds" in desk.verify(checkpoint=checkpoint.read_bytes())
        with pytest.raises(EvidenceError, match="cut off"):
            desk.verify(head="0" * 64)


@pytest.mark.parametrize("address", ["/v1/packages", "/v1/verifications"])
async def test_a_checkpoint_that_is_no_text_is_malformed(tmp_path: Path, address: str) -> None:
    await filled(tmp_path, 1)
    with service(tmp_path) as path:
        answer = ask(path, "POST", address, {"cases": [1], "checkpoint": "\ud800"})
    assert answer.status == 400 and answer.json["title"] == "the checkpoint is no text"
