"""A desk at the other end of the service's socket: the standard library's HTTP client over a Unix socket.

Each thread keeps a connection for what it reads. What is recorded goes through a connection of its own and is never
asked for twice: an answer that got lost must not become a second entry.
"""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from edge.cases import (
    USUAL_DAYS,
    Action,
    CaseFilter,
    EventKind,
    Order,
    Progress,
    Request,
    Statistics,
    UnitStatus,
    unwatched,
)
from edge.errors import CaseError
from edge.officers import wire
from edge.officers.connection import UnixConnection, asked, encode, fetch, refuse, say_long, understood
from edge.officers.desk import ALL_CASES, Judged, Listing, OpenCase

ANSWER_S, PURGE_S = 60.0, 3600.0
"""How long an answer may take; a purge that two officers agreed on takes minutes."""


class ServiceDesk:
    """The cases as the service at a socket shows them; the interface is :class:`edge.officers.desk.Desk`."""

    def __init__(self, path: Path) -> None:
        """Ask the service at *path* who it takes this process for (``officer``), and what it has (``state_dir``).

        Raises:
            CaseError: nobody answers there, or this account may not ask.
        """
        self._path = path
        self._own = threading.local()
        self._kept: list[UnixConnection] = []
        try:
            with understood():
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
        with understood():
            return wire.to_status(self._get("/v1/status"))

    def cases(
        self, filter: CaseFilter = ALL_CASES, *, order: str = Order.NEWEST, limit: int = 100, offset: int = 0
    ) -> Listing:
        """The cases that *filter* selects, sorted."""
        query = {**wire.from_filter(filter), "order": str(order), "limit": str(limit), "offset": str(offset)}
        with understood():
            return wire.to_listing(self._get(f"/v1/cases?{urlencode(query, errors='replace')}"))

    def open(self, number: int, *, reason: str = "") -> OpenCase:
        """Record that the officer looks at the case, and read it."""
        with understood():
            return wire.to_case_of(self._post(f"/v1/cases/{number}/views", {"reason": reason} if reason else {}))

    def again(self, number: int) -> OpenCase:
        """Read a case again that the officer opened."""
        with understood():
            return wire.to_case_of(self._get(f"/v1/cases/{number}"))

    def photo(self, number: int, index: int) -> bytes:
        """A photo of a case that the officer opened."""
        return self._read(f"/v1/cases/{number}/photos/{index}")

    def review(
        self, number: int, kind: EventKind, *, reason: str, plate: str | None = None, judgement: int | None = None
    ) -> Judged:
        """Record the officer's judgement."""
        body = {"kind": str(kind), "reason": reason, "plate": plate, "judgement": judgement}
        with understood():
            answer = self._post(f"/v1/cases/{number}/reviews", body)
            return Judged(int(answer["entry"]), bool(answer["waits"]))

    def requests(self) -> tuple[Request, ...]:
        """What waits for a second officer."""
        with understood():
            return tuple(wire.to_request(each) for each in self._get("/v1/requests")["requests"])

    def ask(self, action: Action, cases: Sequence[int], *, reason: str, days: float = USUAL_DAYS) -> Request:
        """Ask for what needs a second officer."""
        body = {"action": str(action), "cases": list(cases), "reason": reason, "days": days}
        with understood():
            return wire.to_request(self._post("/v1/requests", body))

    def agree(self, request: int, *, reason: str = "") -> Request:
        """Agree to what another officer asked for."""
        with understood():
            return wire.to_request(self._post(f"/v1/requests/{request}/agreements", {"reason": reason}, PURGE_S))

    def refuse(self, request: int, *, reason: str) -> Request:
        """Refuse what another officer asked for, or take one's own request back."""
        with understood():
            return wire.to_request(self._post(f"/v1/requests/{request}/refusals", {"reason": reason}))

    def claims(self, request: int) -> bytes:
        """The sealed claims that two officers agreed to take out."""
        with understood():
            found = self._post(f"/v1/requests/{request}/claims", {})
            return base64.b64decode(found["claims"], validate=True)

    def export(
        self,
        numbers: list[int],
        to: Path,
        *,
        reason: str = "",
        language: str | None = None,
        redacted: bool = False,
        full_chain: bool = False,
        checkpoint: bytes | None = None,
        progress: Progress = unwatched,
    ) -> str:
        """Write the evidence package of the cases, byte for byte as the service checked it."""
        body = {
            "cases": list(numbers),
            "reason": reason,
            "language": language,
            "redacted": redacted,
            "full_chain": full_chain,
            "checkpoint": checkpoint.decode("utf-8", "replace") if checkpoint is not None else None,
        }
        return fetch(self._path, "/v1/packages", body, to, progress)

    def report(self, number: int, to: Path, *, reason: str = "", language: str | None = None) -> None:
        """Write the PDF report of the case."""
        body = {"reason": reason, "language": language}
        fetch(self._path, f"/v1/cases/{number}/reports", body, to, unwatched)

    def letter(self, number: int, to: Path, *, reason: str = "", language: str | None = None) -> None:
        """Write the letter to the keeper as PDF."""
        body = {"reason": reason, "language": language}
        fetch(self._path, f"/v1/cases/{number}/letters", body, to, unwatched)

    def statistics(self, *, since_utc: float = 0.0, until_utc: float = 1e12) -> Statistics:
        """Counts of the cases of a time."""
        with understood():
            return wire.to_statistics(self._get(f"/v1/statistics?since_utc={since_utc}&until_utc={until_utc}"))

    def verify(
        self,
        *,
        trusted: bytes | None = None,
        head: str | None = None,
        checkpoint: bytes | None = None,
        progress: Progress = unwatched,
    ) -> str:
        """Check all evidence."""
        body = {
            "key": trusted.hex() if trusted is not None else None,
            "head": head,
            "checkpoint": checkpoint.decode("utf-8", "replace") if checkpoint is not None else None,
        }
        return say_long(self._path, "/v1/verifications", body, progress)

    def close(self) -> None:
        """Close the connections of all threads, which ask no more."""
        while self._kept:
            self._kept.pop().close()

    def _get(self, address: str) -> Mapping[str, Any]:
        with understood():
            body = json.loads(self._read(address))
            if not isinstance(body, dict):
                raise TypeError
        return body

    def _read(self, address: str) -> bytes:
        """The answer to a GET through this thread's connection; asked again where the service had closed that one."""
        kept: UnixConnection | None = getattr(self._own, "kept", None)
        if kept is None:
            self._own.kept = kept = UnixConnection(self._path, ANSWER_S)
            self._kept.append(kept)
        was_open = kept.sock is not None
        try:
            answer, data = self._ask(kept, "GET", address)
        except CaseError:
            if not was_open:
                raise
            answer, data = self._ask(kept, "GET", address)  # http.client opens a closed connection again
        refuse(answer, data)
        return data

    def _ask(
        self, connection: UnixConnection, method: str, address: str, body: bytes | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        with asked(self._path):
            try:
                connection.request(method, address, body, {"Content-Type": "application/json"} if body else {})
                answer = connection.getresponse()
                return answer, answer.read()
            except BaseException:
                connection.close()
                raise

    def _post(self, address: str, body: Mapping[str, Any], timeout_s: float = ANSWER_S) -> Mapping[str, Any]:
        with closing(UnixConnection(self._path, timeout_s)) as connection, understood():
            answer, data = self._ask(connection, "POST", address, encode(body))
            refuse(answer, data)
            found = json.loads(data)
            if not isinstance(found, dict):
                raise TypeError
            return found
