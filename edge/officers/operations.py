"""The operations of the officers' service, one function each; ``openapi.json`` says the same for other programs."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

from aiohttp import web

from edge.cases import JUDGEMENTS, USUAL_DAYS, Action, EventKind, Order
from edge.officers import wire
from edge.officers.accounts import Account
from edge.officers.http import Malformed, as_json
from edge.officers.office import Office
from edge.officers.streams import Made, Progress, answer_long

KEY_BYTES = 32


class Asked(NamedTuple):
    """A request: who asks, the numbers in its path, its body."""

    account: Account
    request: web.BaseRequest
    numbers: tuple[int, ...]
    body: dict[str, Any]


class Work(Protocol):
    """What the operations work with: the office, and threads for it."""

    office: Office

    async def quick(self, work: Callable[..., Any], *arguments: Any, **words: Any) -> Any: ...  # noqa: D102

    def turn(self, account: Account) -> AbstractAsyncContextManager[None]: ...  # noqa: D102

    async def long(self, work: Callable[..., Any], *arguments: Any, **words: Any) -> Any: ...  # noqa: D102

    async def give_way(self) -> None: ...  # noqa: D102


class Route(NamedTuple):
    """One operation: method, path as OpenAPI writes it, and what it does."""

    method: str
    path: str
    run: Callable[[Work, Asked], Awaitable[web.StreamResponse]]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as a pattern; what is in braces is a number."""
        return re.compile(re.sub(r"\{\w+\}", r"([0-9]{1,9})", self.path))


async def _me(work: Work, asked: Asked) -> web.StreamResponse:
    """Who the service takes the asker for."""
    state_dir = str(work.office.state_dir.resolve())
    return as_json({"officer": asked.account.officer, "account": asked.account.name, "state_dir": state_dir})


async def _version(work: Work, _asked: Asked) -> web.StreamResponse:
    """A text that changes with every commit."""
    return as_json({"version": await work.quick(work.office.version)})


async def _status(work: Work, _asked: Asked) -> web.StreamResponse:
    """The state of the unit."""
    return as_json(wire.from_status(await work.quick(work.office.status)))


async def _cases(work: Work, asked: Asked) -> web.StreamResponse:
    """Rows of the list."""
    query = asked.request.query
    try:
        filter, order = wire.to_filter(query), query.get("order", str(Order.NEWEST))
        limit, offset = int(query.get("limit", "100")), int(query.get("offset", "0"))
    except ValueError:
        raise Malformed("a filter is none that can be") from None
    listing = await work.quick(work.office.list, asked.account, filter, order=order, limit=limit, offset=offset)
    return as_json(wire.from_listing(listing))


async def _view(work: Work, asked: Asked) -> web.StreamResponse:
    """A case, its look recorded."""
    reason = asked.body.get("reason", "")
    opened = await work.quick(work.office.open, asked.account, *asked.numbers, reason=reason)
    return as_json(wire.from_case(opened), 201)


async def _case(work: Work, asked: Asked) -> web.StreamResponse:
    """A case that the account looks at, again."""
    return as_json(wire.from_case(await work.quick(work.office.again, asked.account, *asked.numbers)))


async def _photo(work: Work, asked: Asked) -> web.StreamResponse:
    """A photo of a case that the account looks at."""
    data = await work.quick(work.office.photo, asked.account, *asked.numbers)
    return web.Response(body=data, content_type="image/jpeg")


async def _review(work: Work, asked: Asked) -> web.StreamResponse:
    """A judgement, or its withdrawal."""
    try:
        kind = EventKind(asked.body.get("kind", ""))
    except ValueError:
        raise Malformed("that is no judgement") from None
    said = {name: asked.body.get(name) for name in ("plate", "judgement")}
    reason = asked.body.get("reason", "")
    judged = await work.quick(work.office.review, asked.account, *asked.numbers, kind, reason=reason, **said)
    return as_json({"entry": judged.entry, "waits": judged.waits}, 201)


async def _requests(work: Work, asked: Asked) -> web.StreamResponse:
    """What waits for a second officer."""
    waiting = await work.quick(work.office.second.waiting, asked.account)
    return as_json({"requests": [wire.from_request(request) for request in waiting]})


async def _ask(work: Work, asked: Asked) -> web.StreamResponse:
    """A request for a second officer; judgements have an address of their own."""
    try:
        action = Action(asked.body.get("action", ""))
    except ValueError:
        raise Malformed("that is no action") from None
    if action in JUDGEMENTS:
        raise Malformed("a judgement is asked for as a review")
    reason, days = asked.body.get("reason", ""), asked.body.get("days", USUAL_DAYS)
    cases = asked.body.get("cases", [])
    request = await work.quick(work.office.second.ask, asked.account, action, cases, reason=reason, days=days)
    return as_json(wire.from_request(request), 201)


async def _agree(work: Work, asked: Asked) -> web.StreamResponse:
    """The second officer agrees, and it is done: a purge takes a while."""
    arguments = (asked.account, *asked.numbers)
    reason = asked.body.get("reason", "")
    async with work.turn(asked.account):
        request = await work.long(work.office.second.agree, *arguments, reason=reason)
    return as_json(wire.from_request(request), 201)


async def _refuse(work: Work, asked: Asked) -> web.StreamResponse:
    """A request is refused, or taken back."""
    arguments = (asked.account, *asked.numbers)
    request = await work.quick(work.office.second.refuse, *arguments, reason=asked.body.get("reason", ""))
    return as_json(wire.from_request(request), 201)


async def _claims(work: Work, asked: Asked) -> web.StreamResponse:
    """The sealed claims of an ambiguous case, for the two officers of a request."""
    document = await work.quick(work.office.second.claims, asked.account, *asked.numbers)
    return as_json({"claims": base64.b64encode(document).decode("ascii")}, 201)


async def _report(work: Work, asked: Asked) -> web.StreamResponse:
    """The PDF report of a case."""
    return await _paper(work, asked, "report")


async def _letter(work: Work, asked: Asked) -> web.StreamResponse:
    """The letter to the keeper of a case that names nobody."""
    return await _paper(work, asked, "letter")


async def _paper(work: Work, asked: Asked, paper: str) -> web.StreamResponse:
    words = {"reason": asked.body.get("reason", ""), "language": asked.body.get("language"), "paper": paper}
    async with work.turn(asked.account):
        with TemporaryDirectory(prefix="officers-") as folder:
            file = Path(folder) / "paper.pdf"

            async def make(_progress: Progress) -> str:
                await work.long(work.office.report, asked.account, *asked.numbers, file, **words)
                return ""

            return await answer_long(asked.request, make, Made(file, "application/pdf"), give_way=work.give_way)


async def _statistics(work: Work, asked: Asked) -> web.StreamResponse:
    """Counts of the cases of a time."""
    query = asked.request.query
    try:
        since, until = float(query.get("since_utc", "0")), float(query.get("until_utc", "1e12"))
    except ValueError:
        raise Malformed("a time is none that can be") from None
    async with work.turn(asked.account):
        counts = await work.long(work.office.statistics, since_utc=since, until_utc=until)
    return as_json(asdict(counts))


async def _package(work: Work, asked: Asked) -> web.StreamResponse:
    """The evidence package of some cases."""
    words = {
        "reason": asked.body.get("reason", ""),
        "language": asked.body.get("language"),
        "redacted": asked.body.get("redacted", False),
        "durably": False,
        "full_chain": asked.body.get("full_chain", False),
        "checkpoint": _checkpoint(asked.body),
    }
    numbers = asked.body.get("cases", [])
    async with work.turn(asked.account):
        with TemporaryDirectory(prefix="officers-") as folder:
            file = Path(folder) / "package.zip"

            async def make(progress: Progress) -> str:
                return str(
                    await work.long(work.office.export, asked.account, numbers, file, progress=progress, **words)
                )

            return await answer_long(asked.request, make, Made(file, "application/zip"), give_way=work.give_way)


async def _verification(work: Work, asked: Asked) -> web.StreamResponse:
    """A check of all evidence."""
    key, head = asked.body.get("key"), asked.body.get("head")
    try:
        trusted = bytes.fromhex(key) if key is not None else None
    except ValueError:
        raise Malformed("the key is none") from None
    if trusted is not None and len(trusted) != KEY_BYTES:
        raise Malformed("the key is none")
    witness = _checkpoint(asked.body)

    async def verify(progress: Progress) -> str:
        verified = work.office.verify
        return str(await work.long(verified, trusted=trusted, head=head, checkpoint=witness, progress=progress))

    async with work.turn(asked.account):
        return await answer_long(asked.request, verify, give_way=work.give_way)


def _checkpoint(body: dict[str, Any]) -> bytes | None:
    """The content of the checkpoint's file in a request, if there is one."""
    text = body.get("checkpoint")
    try:
        return text.encode("utf-8") if text is not None else None
    except UnicodeEncodeError:
        raise Malformed("the checkpoint is no text") from None


ROUTES = (
    Route("GET", "/v1/me", _me),
    Route("GET", "/v1/version", _version),
    Route("GET", "/v1/status", _status),
    Route("GET", "/v1/cases", _cases),
    Route("GET", "/v1/cases/{number}", _case),
    Route("POST", "/v1/cases/{number}/views", _view),
    Route("GET", "/v1/cases/{number}/photos/{index}", _photo),
    Route("POST", "/v1/cases/{number}/reviews", _review),
    Route("POST", "/v1/cases/{number}/reports", _report),
    Route("POST", "/v1/cases/{number}/letters", _letter),
    Route("GET", "/v1/statistics", _statistics),
    Route("GET", "/v1/requests", _requests),
    Route("POST", "/v1/requests", _ask),
    Route("POST", "/v1/requests/{request}/agreements", _agree),
    Route("POST", "/v1/requests/{request}/refusals", _refuse),
    Route("POST", "/v1/requests/{request}/claims", _claims),
    Route("POST", "/v1/packages", _package),
    Route("POST", "/v1/verifications", _verification),
)
