"""Long work: what is said while it lasts, and readers that do not read."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import socket
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from edge.cases.views import Progress
from edge.errors import CaseError, EvidenceError
from edge.officers import server as server_module
from edge.officers import streams
from edge.officers.client import ServiceDesk
from edge.officers.office import Office
from tests.support import stores
from tests.support.cases import filled
from tests.support.eventually import eventually
from tests.support.officers import ask, connected, service

POST = "POST {} HTTP/1.1\r\nHost: x\r\nAccept: {}\r\nContent-Length: {}\r\n\r\n{}"
LARGE = 600_000
"""Bytes that fit into no buffer between the service and who does not read."""


def post(connection: socket.socket, address: str, body: str, accept: str = "application/x-ndjson") -> None:
    connection.sendall(POST.format(address, accept, len(body), body).encode())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder in which packages are made; the service's socket is below it, and its path has to be short."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def packages(made: Path) -> list[Path]:
    """The packages that lie in the folder."""
    return list(made.rglob("*.zip"))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A store whose packages are larger than what lies in buffers."""
    stores.fill(tmp_path / "state", stores.scenes(4))
    return tmp_path / "state"


async def test_a_verification_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 3)
    monkeypatch.setattr(streams, "LINE_S", 0.01)
    told: list[tuple[str, int, int]] = []
    go_on = threading.Event()
    real = Office.verify

    def slow(self: Office, *, progress: Progress, **words: object) -> str:
        progress("cases", 1, 3)
        go_on.wait(30)
        return real(self, progress=progress, **words)  # type: ignore[arg-type]

    def tell(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))
        if stage == "cases":
            go_on.set()

    monkeypatch.setattr(Office, "verify", slow)
    with service(tmp_path) as path, closing(ServiceDesk(path)) as desk:
        assert "Everything holds" in desk.verify(progress=tell)
    assert ("cases", 1, 3) in told


async def test_every_stage_is_told_to_its_end(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 3)
    told: list[tuple[str, int, int]] = []
    desk = stores.own_desk(tmp_path / "state", stores.SIGNER)
    with closing(desk):
        desk.verify(progress=lambda *what: told.append(what))
        desk.export([1, 2], tmp_path / "x.zip", progress=lambda *what: told.append(what))
    assert [what for what in told if what[0] == "entries"] == [("entries", done, 7) for done in range(8)]
    assert [what for what in told if what[0] == "cases"] == [
        *(("cases", done, 3) for done in range(4)),
        *(("cases", done, 2) for done in range(3)),
    ]


async def test_a_file_follows_its_last_line(tmp_path: Path) -> None:
    await filled(tmp_path, 2)
    with service(tmp_path) as path:
        with closing(connected(path)) as connection:
            post(connection, "/v1/packages", '{"cases": [1, 2]}')
            data = _dechunked(connection)
        *_lines, last = _lines_of(data)
        package = data[-last["size"] :]
        assert hashlib.sha256(package).hexdigest() == last["sha256"]
        assert "cases/00000002/manifest.json" in zipfile.ZipFile(io.BytesIO(package)).namelist()
        with closing(connected(path)) as connection:
            post(connection, "/v1/verifications", json.dumps({"head": "0" * 64}))
            (problem,) = _lines_of(_dechunked(connection))
        assert (problem["type"], problem["status"]) == ("urn:autovelox:problem:evidence", 409)
        with closing(ServiceDesk(path)) as desk, pytest.raises(EvidenceError, match="cut off"):
            desk.verify(head="0" * 64)


def _dechunked(connection: socket.socket) -> bytes:
    """The body of a chunked answer."""
    with connection.makefile("rb") as file:
        while file.readline().strip():
            pass
        body = b""
        while size := int(file.readline(), 16):
            body += file.read(size)
            file.readline()
    return body


def _lines_of(data: bytes) -> list[dict[str, object]]:
    """The lines of JSON at the beginning of a body."""
    lines = []
    for line in data.split(b"\n"):
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return lines


@pytest.mark.parametrize("accept", ["*/*", "application/x-ndjson"])
async def test_a_package_that_nobody_reads_is_gone_after_a_while(
    large: Path, made: Path, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    monkeypatch.setattr(streams, "STALL_S", 0.5)
    with service(large) as path, ExitStack() as stack:
        slow = stack.enter_context(connected(path))
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        post(slow, "/v1/packages", '{"cases": [1, 2, 3, 4]}', accept)
        assert slow.recv(1)
        await eventually(lambda: packages(made) != [])
        await eventually(lambda: packages(made) == [])
        assert ask(path, "POST", "/v1/packages", {"cases": [1]}).status == 200


async def test_a_reader_of_a_byte_now_and_then_is_too_slow(
    large: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STALL_S", 1.0)
    monkeypatch.setattr(streams, "LEAST_BYTES_PER_S", 1 << 30)
    monkeypatch.setattr(streams, "BLOCK", 1 << 12)
    with service(large) as path, closing(connected(path)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        post(slow, "/v1/packages", '{"cases": [1, 2, 3, 4]}')
        assert await asyncio.to_thread(_read_slowly, slow) < LARGE
        await eventually(lambda: packages(made) == [])


def _read_slowly(connection: socket.socket) -> int:
    """Read until the other end has enough of it; returns how much came."""
    taken = 0
    try:
        while block := connection.recv(4096):
            taken += len(block)
            time.sleep(0.05)
    except OSError:
        pass
    return taken


async def test_an_account_has_one_package_until_it_is_sent_and_all_have_few(
    large: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that was made and is not read yet counts: otherwise slow readers fill the disk."""
    with service(large) as path, closing(connected(path)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        post(slow, "/v1/packages", '{"cases": [1, 2, 3, 4]}', "*/*")
        assert slow.recv(12) == b"HTTP/1.1 200"
        assert ask(path, "POST", "/v1/packages", {"cases": [1]}).status == 429
        assert len(packages(made)) == 1
    monkeypatch.setattr(server_module, "MOST_LONG", 0)
    with service(large) as path:
        assert ask(path, "POST", "/v1/verifications", {}).status == 429


async def test_work_that_nobody_waits_for_any_more_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await filled(tmp_path, 1)
    monkeypatch.setattr(streams, "LINE_S", 0.01)
    begun, ended = threading.Event(), threading.Event()

    def endless(_self: Office, *, progress: Progress, **_words: object) -> str:
        begun.set()
        try:
            for turn in range(3000):
                progress("cases", turn, 3000)
                time.sleep(0.01)
        finally:
            ended.set()
        return "to its end"

    monkeypatch.setattr(Office, "verify", endless)
    with service(tmp_path) as path, ThreadPoolExecutor(1) as pool:
        connection = connected(path)
        post(connection, "/v1/verifications", "{}")
        await eventually(begun.is_set)
        connection.close()
        await eventually(ended.is_set)
        monkeypatch.undo()
        assert pool.submit(ask, path, "POST", "/v1/verifications", {}).result(30).status == 200


async def test_a_failure_after_the_first_line_is_a_problem_and_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(tmp_path, 1)

    def broken(_self: Office, **_words: object) -> str:
        raise RuntimeError("Ada Rossi AB000CD")

    monkeypatch.setattr(Office, "verify", broken)
    with (
        service(tmp_path) as path,
        closing(ServiceDesk(path)) as desk,
        pytest.raises(CaseError, match="service failed"),
    ):
        desk.verify()
    assert "RuntimeError" in caplog.text
    assert "Rossi" not in caplog.text


BROKEN = [
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nsecret\r\n0\r\n\r\n",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nsecret",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nsecret",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nsecret",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nContent-Encoding: br\r\nContent-Length: 6\r\n\r\nsecret",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nContent-Encoding: zstd\r\nContent-Length: 6\r\n\r\nsecret",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data\r\nContent-Length: 6\r\n\r\nsecret",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nExpect: secret\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /v1/packages HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\nsecret",
    b"POST /v1/packages HTTP/1.1\r\nsecret\r\n\r\n",
    b"GET /v1/cases?text=%ZZ%00secret HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://[secret HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01secret\r\n\r\n",
]


@pytest.mark.parametrize("kept", [False, True], ids=["and goes", "and stays"])
@pytest.mark.parametrize("request_", BROKEN, ids=range(len(BROKEN)))
async def test_broken_requests_leave_no_traceback_and_no_words_of_theirs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, request_: bytes, kept: bool
) -> None:
    caplog.set_level("DEBUG")
    with service(tmp_path) as path:
        with closing(connected(path)) as connection:
            connection.sendall(request_)
            connection.settimeout(0.5)
            if kept:
                try:
                    while connection.recv(4096):
                        pass
                except OSError:
                    pass
        assert ask(path, "GET", "/v1/me").status == 200
    assert "Traceback" not in caplog.text
    assert "secret" not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)
