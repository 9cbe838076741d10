"""What one account, a broken client or something else at the socket can do to the officers' service: nothing much."""

from __future__ import annotations

import gzip
import shutil
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.views import EventKind
from edge.errors import CaseError
from edge.officers import looks
from edge.officers import office as office_module
from edge.officers.accounts import Account
from edge.officers.client import ServiceDesk
from edge.officers.listening import CONNECTIONS_OF_AN_ACCOUNT
from edge.officers.office import Office
from edge.officers.server import Server
from tests.support.cases import SIGNER, filled
from tests.support.eventually import eventually
from tests.support.officers import ask, connected, service


async def test_one_account_cannot_keep_the_others_out(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with service(tmp_path) as path, ExitStack() as stack:
        for _ in range(CONNECTIONS_OF_AN_ACCOUNT):
            stack.enter_context(connected(path))
        with pytest.raises((CaseError, ConnectionError)):
            ServiceDesk(path)
        stack.close()
        await eventually(lambda: _answers(path))


def _answers(path: Path) -> bool:
    try:
        return ask(path, "GET", "/v1/me").status == 200
    except OSError:
        return False


async def test_long_work_of_an_account_is_done_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(tmp_path, 1)
    begun, go_on = threading.Event(), threading.Event()
    real = Office.verify

    def slow(self: Office, **words: object) -> str:
        begun.set()
        go_on.wait(30)
        return real(self, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(Office, "verify", slow)
    with service(tmp_path) as path, ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, path, "POST", "/v1/verifications", {})
        begun.wait(30)
        assert ask(path, "POST", "/v1/packages", {"cases": [1]}).status == 429
        assert ask(path, "GET", "/v1/cases").status == 200
        go_on.set()
        assert first.result().status == 200


async def test_an_account_cannot_fill_the_disk_with_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "BURST_ENTRIES", 3.0)
    monkeypatch.setattr(looks, "ENTRIES_PER_S", 0.0)
    await filled(tmp_path, 4)
    with closing(Office(tmp_path, SIGNER)) as office:
        for number in (1, 2, 3):
            office.open(Account(1, "conti"), number)
        with pytest.raises(CaseError, match="recorded very much"):
            office.open(Account(1, "conti"), 4)
        office.open(Account(2, "bianchi"), 4)


async def test_an_account_that_opens_a_case_again_and_again_makes_it_no_longer(tmp_path: Path) -> None:
    await filled(tmp_path, 1)
    with service(tmp_path) as path, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _turn: ask(path, "POST", "/v1/cases/1/views", {}), range(8)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    with Archive(tmp_path) as archive:
        assert len(archive.events(1)) == 1


async def test_a_package_leaves_the_unit_room_for_its_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path / "state", 1)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=100 << 20))
    with service(tmp_path / "state") as path:
        answer = ask(path, "POST", "/v1/packages", {"cases": [1]})
    assert (answer.status, answer.json["type"]) == (507, "urn:autovelox:problem:storage_full")


@pytest.mark.parametrize("leaves_after", [1, 4, 10])
async def test_a_package_larger_than_reckoned_stops_before_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves_after: int
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    await filled(tmp_path / "state", 2)
    usage, asked = shutil.disk_usage(tmp_path), iter(range(1000))

    def shrinking(_path: object) -> object:
        return usage._replace(free=1 << 40 if next(asked) < leaves_after else office_module.LEAST_FREE_BYTES)

    with service(tmp_path / "state") as path:
        monkeypatch.setattr(tempfile, "tempdir", str(made))
        monkeypatch.setattr(shutil, "disk_usage", shrinking)
        answer = ask(path, "POST", "/v1/packages", {"cases": [1, 2]})
    assert (answer.status, answer.json["type"]) == (507, "urn:autovelox:problem:storage_full")
    assert list(made.iterdir()) == []


async def test_a_client_that_goes_away_stops_nobody(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    with service(tmp_path) as path:
        for request in (
            b"GET",
            b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n" + b'{"cases": [1]}',
        ):
            with connected(path) as gone:
                gone.sendall(request)
        for junk in (b"\0" * 100, b"GET /v1/me HTTP/9.9\r\n\r\n", b"A" * 100_000):
            with connected(path) as gone:
                gone.sendall(junk)
        await eventually(lambda: _answers(path))


async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with service(tmp_path) as path:
        assert ask(path, "POST", "/v1/packages", raw=b" " * (2 << 20)).status in (400, 413)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("Content-Encoding: gzip", b"rubbish"),
        ("Content-Encoding: deflate", b"rubbish"),
        ("Content-Encoding: gzip", gzip.compress(b"{}", mtime=0)[:-9] + b"rubbish"),
        ("Content-Encoding: gzip", gzip.compress(b'{"cases": [1]}', mtime=0)[:-12]),
        ("Content-Type: text/plain; charset=none", b"\xff\xfe"),
    ],
)
async def test_a_body_that_cannot_be_decoded_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, header: str, body: bytes
) -> None:
    with service(tmp_path) as path:
        for length, sent in (
            (f"Content-Length: {len(body)}", body),
            ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)),
        ):
            with connected(path) as connection:
                head = f"POST /v1/packages HTTP/1.1\r\nHost: x\r\n{header}\r\n{length}\r\n\r\n"
                connection.sendall(head.encode() + sent)
                assert connection.recv(1000).split()[1] == b"400"
        assert _answers(path)
    assert "a request failed" not in caplog.text
    assert "Unhandled exception" not in caplog.text


async def test_two_services_do_not_share_a_socket_and_a_dead_ones_is_taken(tmp_path: Path) -> None:
    with service(tmp_path) as path:
        assert path.stat().st_mode & 0o777 == 0o660
        second = Server(Office(tmp_path, SIGNER), path)
        with pytest.raises(CaseError, match="another program answers there"):
            await second.start()
        assert _answers(path)
    left = tmp_path / "left.sock"
    with connected_listener(left):
        pass
    third = Server(Office(tmp_path, SIGNER), left)
    await third.start()
    await third.stop()
    left.unlink(missing_ok=True)
    left.write_bytes(b"precious")
    fourth = Server(Office(tmp_path, SIGNER), left)
    with pytest.raises(CaseError, match="there is a file of that name"):
        await fourth.start()
    assert left.read_bytes() == b"precious"


def connected_listener(path: Path) -> ExitStack:
    """A socket that is bound and then left behind."""
    stack = ExitStack()
    listener = stack.enter_context(socket.socket(socket.AF_UNIX))
    listener.bind(str(path))
    listener.listen()
    return stack


async def test_an_answer_from_something_else_is_a_sentence(tmp_path: Path) -> None:
    """A program that sits on the socket and answers nonsense."""
    path = tmp_path / "fake.sock"
    answers = [
        b"nonsense",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{",
    ]

    def answer(listener: socket.socket) -> None:
        for each in answers:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(each)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        for _ in answers:
            with pytest.raises(CaseError, match=r"does not know|does not answer"):
                ServiceDesk(path)
        thread.join(30)


async def test_the_log_says_nothing_of_a_case(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    await filled(tmp_path, 1)

    def broken(*_arguments: object) -> None:
        raise RuntimeError("Ada Rossi AB000CD")

    with service(tmp_path) as path, closing(ServiceDesk(path)) as desk:
        desk.open(1)
        desk.review(1, EventKind.DISMISS, reason="a secret reason")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Office, "status", broken)
            assert ask(path, "GET", "/v1/status").status == 500
    assert "RuntimeError" in caplog.text
    for private in ("Rossi", "AB000CD", "secret reason"):
        assert private not in caplog.text
