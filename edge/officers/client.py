"""A desk at the other end of the service's socket: the standard library's HTTP client over a Unix socket.

Each thread keeps a connection for what it reads. What is recorded goes through a connection of its own and is never
asked for twice: an answer that got lost must not become a second entry.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

from edge.cases import USUAL_DAYS, Action, CaseFilter, EventKind, Order, Request, UnitStatus
from edge.errors import CaseError, EdgeError
from edge.officers import wire
from edge.officers.desk import ALL_CASES, Judged, Listing, OpenCase

ANSWER_S, LONG_ANSWER_S = 60.0, 3600.0
"""How long an answer may take; packages and verifications of large stores take minutes."""
BLOCK = 1 << 18
"""Bytes that are read, written and synced at once."""
ACCEPTED = frozenset({200, 201})


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over the Unix socket at a path."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class ServiceDesk:
    """The cases as the service at a socket shows them; the interface is :class:`edge.officers.desk.Desk`."""

    def __init__(self, path: Path) -> None:
        """Ask the service at *path* who it takes this process for (``officer``), and what it has (``state_dir``).

        Raises:
            CaseError: nobody answers there, or this account may not ask.
        """
        self._path = path
        self._own = threading.local()
        self._kept: list[_UnixConnection] = []
        try:
            with _understood():
                me = self._get("/v1/me")
                self.officer, self.state_dir = str(me["officer"]), Path(me["state_dir"])
        except BaseException:
            self.close()
            raise

    def version(self) -> str:
        """A text that changes with every commit."""
        return str(self._get("/v1/version")["version"])

    def status(self) -> UnitStatus:
        """The state of the unit."""
        with _understood():
            return wire.to_status(self._get("/v1/status"))

    def cases(
        self, filter: CaseFilter = ALL_CASES, *, order: str = Order.NEWEST, limit: int = 100, offset: int = 0
    ) -> Listing:
        """The cases that *filter* selects, sorted."""
        query = {**wire.from_filter(filter), "order": str(order), "limit": str(limit), "offset": str(offset)}
        with _understood():
            return wire.to_listing(self._get(f"/v1/cases?{urlencode(query, errors='replace')}"))

    def open(self, number: int, *, reason: str = "") -> OpenCase:
        """Record that the officer looks at the case, and read it."""
        with _understood():
            return wire.to_case_of(self._post(f"/v1/cases/{number}/views", {"reason": reason} if reason else {}))

    def again(self, number: int) -> OpenCase:
        """Read a case again that the officer opened."""
        with _understood():
            return wire.to_case_of(self._get(f"/v1/cases/{number}"))

    def photo(self, number: int, index: int) -> bytes:
        """A photo of a case that the officer opened."""
        return self._read(f"/v1/cases/{number}/photos/{index}")

    def review(self, number: int, kind: EventKind, *, reason: str, plate: str | None = None) -> Judged:
        """Record the officer's judgement."""
        body = {"kind": str(kind), "reason": reason, "plate": plate}
        with _understood():
            answer = self._post(f"/v1/cases/{number}/reviews", body)
            return Judged(int(answer["entry"]), bool(answer["waits"]))

    def requests(self) -> tuple[Request, ...]:
        """What waits for a second officer."""
        with _understood():
            return tuple(wire.to_request(each) for each in self._get("/v1/requests")["requests"])

    def ask(self, action: Action, cases: Sequence[int], *, reason: str, days: float = USUAL_DAYS) -> Request:
        """Ask for what needs a second officer."""
        body = {"action": str(action), "cases": list(cases), "reason": reason, "days": days}
        with _understood():
            return wire.to_request(self._post("/v1/requests", body))

    def agree(self, request: int, *, reason: str = "") -> Request:
        """Agree to what another officer asked for."""
        with _understood():
            return wire.to_request(self._post(f"/v1/requests/{request}/agreements", {"reason": reason}, LONG_ANSWER_S))

    def refuse(self, request: int, *, reason: str) -> Request:
        """Refuse what another officer asked for, or take one's own request back."""
        with _understood():
            return wire.to_request(self._post(f"/v1/requests/{request}/refusals", {"reason": reason}))

    def claims(self, request: int) -> bytes:
        """The sealed claims that two officers agreed to take out."""
        with _understood():
            found = self._post(f"/v1/requests/{request}/claims", {})
            return base64.b64decode(found["claims"], validate=True)

    def export(
        self,
        numbers: list[int],
        to: Path,
        *,
        reason: str = "",
        full_chain: bool = False,
        checkpoint: bytes | None = None,
    ) -> str:
        """Write the evidence package of the cases, byte for byte as the service checked it."""
        witness = checkpoint.decode("utf-8", "replace") if checkpoint is not None else None
        body = {"cases": list(numbers), "reason": reason, "full_chain": full_chain, "checkpoint": witness}
        return self._fetch("/v1/packages", body, to)

    def report(self, number: int, to: Path, *, reason: str = "") -> None:
        """Write the PDF report of the case."""
        self._fetch(f"/v1/cases/{number}/reports", {"reason": reason}, to)

    def verify(self, *, trusted: bytes | None = None, head: str | None = None, checkpoint: bytes | None = None) -> str:
        """Check all evidence."""
        body = {
            "key": trusted.hex() if trusted is not None else None,
            "head": head,
            "checkpoint": checkpoint.decode("utf-8", "replace") if checkpoint is not None else None,
        }
        return str(self._post("/v1/verifications", body, LONG_ANSWER_S)["says"])

    def close(self) -> None:
        """Close the connections of all threads, which ask no more."""
        while self._kept:
            self._kept.pop().close()

    def _get(self, address: str) -> Mapping[str, Any]:
        with _understood():
            body = json.loads(self._read(address))
            if not isinstance(body, dict):
                raise TypeError
        return body

    def _read(self, address: str) -> bytes:
        """The answer to a GET through this thread's connection; asked again where the service had closed that one."""
        kept: _UnixConnection | None = getattr(self._own, "kept", None)
        if kept is None:
            self._own.kept = kept = _UnixConnection(self._path, ANSWER_S)
            self._kept.append(kept)
        was_open = kept.sock is not None
        try:
            answer, data = self._ask(kept, "GET", address)
        except CaseError:
            if not was_open:
                raise
            answer, data = self._ask(kept, "GET", address)  # http.client opens a closed connection again
        _refuse(answer, data)
        return data

    def _ask(
        self, connection: _UnixConnection, method: str, address: str, body: bytes | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        with self._asked():
            try:
                connection.request(method, address, body, {"Content-Type": "application/json"} if body else {})
                answer = connection.getresponse()
                return answer, answer.read()
            except BaseException:
                connection.close()
                raise

    def _post(self, address: str, body: Mapping[str, Any], timeout_s: float = ANSWER_S) -> Mapping[str, Any]:
        with closing(_UnixConnection(self._path, timeout_s)) as connection, _understood():
            answer, data = self._ask(connection, "POST", address, _encode(body))
            _refuse(answer, data)
            found = json.loads(data)
            if not isinstance(found, dict):
                raise TypeError
            return found

    def _fetch(self, address: str, body: Mapping[str, Any], to: Path) -> str:
        """Ask for a file, check it and write it to the new file *to*; returns what the service says of it."""
        if to.exists():
            raise CaseError(f"{to} exists already", "choose another name, nothing is overwritten")
        part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "wb") as file, closing(_UnixConnection(self._path, LONG_ANSWER_S)) as connection:
                with self._asked():
                    connection.request("POST", address, _encode(body), {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                if answer.status not in ACCEPTED:
                    _refuse(answer, answer.read())
                digest = hashlib.sha256()
                for block in self._blocks(answer):
                    digest.update(block)
                    file.write(block)
                    file.flush()
                    os.fdatasync(file.fileno())  # bit by bit: on the unit's disk the camera waits for what is synced
                said = f"sha-256=:{base64.b64encode(digest.digest()).decode('ascii')}:"
                if answer.headers.get("Repr-Digest") != said:
                    raise CaseError("the file did not arrive as it was sent", "ask for it again")
                file.flush()
                os.fsync(file.fileno())
            part.rename(to)
        except OSError as error:
            raise CaseError(f"{to} cannot be written ({error.strerror})", "check its folder and the disk") from None
        finally:
            part.unlink(missing_ok=True)
        return unquote(answer.headers.get("Autovelox-Says", ""))

    def _blocks(self, answer: http.client.HTTPResponse) -> Iterator[bytes]:
        while True:
            with self._asked():
                block = answer.read(BLOCK)
            if not block:
                return
            yield block

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """Turn what goes wrong between here and the service into sentences."""
        try:
            yield
        except PermissionError:
            raise CaseError(
                "this account may not see the unit's cases", "let the operator add it to the unit's group, log in again"
            ) from None
        except TimeoutError:
            raise CaseError(
                "the officers' service has not answered in time", "try again, or read its journal"
            ) from None
        except (OSError, http.client.HTTPException):
            raise CaseError(
                f"the officers' service does not answer at {self._path}", "let the operator start autovelox-officers"
            ) from None


def _encode(body: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps({name: value for name, value in body.items() if value is not None}).encode("ascii")
    except UnicodeEncodeError:
        raise CaseError("the text contains invalid characters", "type it again") from None


def _refuse(answer: http.client.HTTPResponse, data: bytes) -> None:
    """Raise the error that a problem stands for."""
    if answer.status in ACCEPTED:
        return
    with _understood():
        body = json.loads(data)
        raise wire.to_error(body)


@contextmanager
def _understood() -> Iterator[None]:
    """Turn an answer that is none of this interface into a sentence."""
    try:
        yield
    except EdgeError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CaseError(
            "the officers' service answers in a way that this program does not know",
            "use the program that came with the service",
        ) from None
