"""The officers' service in a thread of the test's own process, and one request to it as any program makes it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.cases.evidence.signing import Signer
from edge.officers.office import Office
from edge.officers.server import Server
from tests.support.cases import SIGNER


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@contextmanager
def service(state_dir: Path, signer: Signer | None = SIGNER) -> Iterator[Path]:
    """A service for *state_dir*; gives the path of its socket, which is short enough for one."""
    started, stop = threading.Event(), asyncio.Event()
    failed: list[BaseException] = []

    async def work(path: Path) -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        office = Office(state_dir, signer)
        server = Server(office, path)
        try:
            await server.start()
            started.set()
            await stop.wait()
        except BaseException as error:
            failed.append(error)
            started.set()
        finally:
            await server.stop()
            office.close()

    loop: asyncio.AbstractEventLoop | None = None
    with tempfile.TemporaryDirectory(prefix="officers-") as folder:
        path = Path(folder) / "officers.sock"
        thread = threading.Thread(target=lambda: asyncio.run(work(path)))
        thread.start()
        started.wait(30)
        try:
            if failed:
                raise failed[0]
            yield path
        finally:
            if loop is not None and not failed:
                loop.call_soon_threadsafe(stop.set)
            thread.join(30)


def connected(path: Path) -> socket.socket:
    """A connection to the socket at *path*."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(str(path))
    return connection


def ask(path: Path, method: str, address: str, body: object = None, raw: bytes | None = None) -> Answer:
    """One request, with *body* as JSON or *raw* bytes."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = connected(path)
    with closing(connection):
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        connection.request(method, address, data)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
