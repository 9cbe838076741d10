"""Values of the officers' service as JSON, and errors as problems (RFC 9457). ``openapi.json`` describes all of it."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from edge.cases import (
    ActingOfficer,
    Action,
    CaseFilter,
    CaseSummary,
    Enclosure,
    Event,
    EventKind,
    Request,
    SelfCheck,
    Standing,
    Statistics,
    UnitStatus,
    to_basis,
)
from edge.errors import CaseError, EdgeError, EvidenceError, NoSuchCase, ReasonNeeded, SecretError, StorageFull
from edge.model import Outcome, SpeedUnit, State
from edge.officers.desk import Listing, OpenCase

Json = dict[str, Any]
LINES = "application/x-ndjson"
"""The media type of an answer that takes long: :mod:`edge.officers.streams`."""

ERRORS: dict[str, tuple[type[EdgeError], int]] = {
    "no_such_case": (NoSuchCase, 404),
    "reason_needed": (ReasonNeeded, 422),
    "evidence": (EvidenceError, 409),
    "storage_full": (StorageFull, 507),
    "secret": (SecretError, 503),
    "case": (CaseError, 422),
}
"""Word of a problem -> the error it stands for, the most special first, and its HTTP status."""
BUSY, MALFORMED = "busy", "malformed"
"""Words of problems that only the service itself has: too much at once (429), no request of this interface (400)."""


def problem(error: EdgeError) -> tuple[int, Json]:
    """HTTP status and body of an error."""
    for word, (kind, status) in ERRORS.items():
        if isinstance(error, kind):
            return status, problem_body(word, status, error.cause, error.remedy)
    return 422, problem_body("case", 422, error.cause, error.remedy)


def problem_body(word: str, status: int, cause: str, remedy: str) -> Json:
    """The body of a problem: what is wrong, and what to do about it."""
    return {"type": f"urn:autovelox:problem:{word}", "title": cause, "status": status, "detail": remedy}


def to_error(body: Mapping[str, Any]) -> EdgeError:
    """The error that a problem stands for."""
    word = str(body.get("type", "")).rpartition(":")[2]
    kind = ERRORS[word][0] if word in ERRORS else CaseError
    return kind(str(body.get("title", "the officers' service refused")), str(body.get("detail", "read its journal")))


def from_listing(listing: Listing) -> Json:
    """A list as JSON."""
    return {"total": listing.total, "cases": [asdict(row) for row in listing.rows]}


def to_listing(body: Mapping[str, Any]) -> Listing:
    """A list from JSON.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    rows = tuple(
        CaseSummary(
            **{
                **row,
                "state": State(row["state"]),
                "outcome": Outcome(row["outcome"]) if row["outcome"] else None,
                "basis": to_basis(row["basis"]),
                "speed_unit": SpeedUnit(row["speed_unit"]),
            }
        )
        for row in body["cases"]
    )
    return Listing(int(body["total"]), rows)


def from_filter(filter: CaseFilter) -> dict[str, str]:
    """A filter as parameters of a query; what does not filter is left out."""
    fields = {name: getattr(filter, name) for name in CaseFilter.__slots__}
    return {name: str(value) for name, value in fields.items() if value not in (None, "")}


def to_filter(query: Mapping[str, str]) -> CaseFilter:
    """A filter from the parameters of a query.

    Raises:
        ValueError: a parameter is none that can be.
    """
    return CaseFilter(
        text=query.get("text", ""),
        state=State(query["state"]) if "state" in query else None,
        outcome=Outcome(query["outcome"]) if "outcome" in query else None,
        review=query.get("review"),
        standing=Standing(query["standing"]) if "standing" in query else None,
        since_utc=_finite(query["since_utc"]) if "since_utc" in query else None,
        until_utc=_finite(query["until_utc"]) if "until_utc" in query else None,
        follow_up=query.get("follow_up"),
    )


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a time is no number")
    return number


def from_case(opened: OpenCase) -> Json:
    """A case as JSON; the portrait in base64."""
    portrait = base64.b64encode(opened.portrait).decode("ascii")
    return {
        "manifest": opened.manifest,
        "portrait": portrait,
        "events": [asdict(event) for event in opened.events],
        "selfchecks": asdict(opened.enclosure),
        "photos_left_utc": opened.photos_left_utc,
    }


def to_case_of(body: Mapping[str, Any]) -> OpenCase:
    """A case from JSON.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    events = tuple(Event(**{**event, "kind": EventKind(event["kind"])}) for event in body["events"])
    before, after = (body["selfchecks"][place] for place in ("before", "after"))
    enclosure = Enclosure(SelfCheck(**before) if before else None, SelfCheck(**after) if after else None)
    portrait, left = base64.b64decode(body["portrait"], validate=True), body.get("photos_left_utc")
    return OpenCase(
        dict(body["manifest"]), portrait, events, enclosure, photos_left_utc=None if left is None else float(left)
    )


def to_statistics(body: Mapping[str, Any]) -> Statistics:
    """Counts from JSON.

    Raises:
        TypeError, ValueError: they are none.
    """
    counts = Statistics(**body)
    return replace(
        counts,
        hours=tuple(counts.hours),
        weekdays=tuple(counts.weekdays),
        speed_unit=SpeedUnit(counts.speed_unit),
    )


def from_request(request: Request) -> Json:
    """A request as JSON, with its state."""
    return {**asdict(request), "cases": list(request.cases), "state": str(request.state())}


def to_request(body: Mapping[str, Any]) -> Request:
    """A request from JSON.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    fields = {name: value for name, value in body.items() if name != "state"}
    by = fields["answered_by"]
    fields.update(
        action=Action(fields["action"]),
        cases=tuple(fields["cases"]),
        asked_by=ActingOfficer(**fields["asked_by"]),
        answered_by=ActingOfficer(**by) if by is not None else None,
    )
    return Request(**fields)


def from_status(status: UnitStatus) -> Json:
    """The unit's state as JSON."""
    return asdict(status)


def to_status(body: Mapping[str, Any]) -> UnitStatus:
    """The unit's state from JSON.

    Raises:
        TypeError: it is none.
    """
    return UnitStatus(**body)
