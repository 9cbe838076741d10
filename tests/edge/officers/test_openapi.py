"""``openapi.json`` is what the service does: every route, every value, every problem."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from edge.cases.acts.requests import Action, RequestState
from edge.cases.views import REVIEWS, EventKind, Order
from edge.model import Outcome, State
from edge.officers import http, wire
from edge.officers.office import MOST_ROWS
from edge.officers.operations import ROUTES
from tests.support.cases import filled
from tests.support.officers import Answer, ask, service
from tests.support.schema import check, resolve

DOCUMENT: dict[str, Any] = json.loads((resources.files("edge.officers") / "openapi.json").read_text(encoding="utf-8"))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def test_every_route_is_described_and_nothing_else() -> None:
    assert {(route.method, route.path) for route in ROUTES} == {(method, path) for method, path, _ in operations()}


def test_every_parameter_of_a_path_is_described() -> None:
    for path, item in DOCUMENT["paths"].items():
        described = {resolve(each, DOCUMENT)["name"] for each in item.get("parameters", ())}
        assert described == set(re.findall(r"\{(\w+)\}", path))


def test_words_are_those_of_the_program() -> None:
    parameters = {each["name"]: each["schema"] for each in DOCUMENT["paths"]["/v1/cases"]["get"]["parameters"]}
    assert set(parameters["order"]["enum"]) == set(Order)
    assert set(parameters["review"]["enum"]) == {"open", "waiting", *REVIEWS}
    assert set(parameters["state"]["enum"]) == set(State)
    assert set(parameters["outcome"]["enum"]) == set(Outcome)
    assert parameters["limit"]["maximum"] == MOST_ROWS
    assert set(parameters) - {"order", "limit", "offset"} == set(wire.CaseFilter.__slots__)
    schemas = DOCUMENT["components"]["schemas"]
    assert set(schemas["Request"]["properties"]["action"]["enum"]) == set(Action)
    assert set(schemas["Request"]["properties"]["state"]["enum"]) == set(RequestState)
    assert set(schemas["Event"]["properties"]["kind"]["enum"]) == set(EventKind)
    words = {*wire.ERRORS, wire.BUSY, wire.MALFORMED}
    assert set(schemas["Problem"]["properties"]["type"]["enum"]) == {f"urn:autovelox:problem:{word}" for word in words}
    bodies = [
        each["requestBody"]["content"]["application/json"]["schema"]
        for *_, each in operations()
        if "requestBody" in each
    ]
    asked = {name for body in bodies for name in body["properties"]}
    assert asked == {*http.BODY_TEXTS, *http.BODY_TRUTHS, "cases", "days", "judgement"}


def described(method: str, path: str, answer: Answer) -> None:
    """Fail unless *answer* is one that the document has for the operation."""
    operation = DOCUMENT["paths"][path][method.lower()]
    response = resolve(operation["responses"].get(str(answer.status), operation["responses"]["default"]), DOCUMENT)
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in response["content"], f"{method} {path}: {answer.status} {kind}"
    if "schema" in response["content"][kind]:
        check(answer.json, response["content"][kind]["schema"], DOCUMENT, f"{method} {path}")
    for name, header in response.get("headers", {}).items():
        assert name.lower() in answer.headers or not header.get("required"), name


EXAMPLES: list[tuple[str, str, str, object, int]] = [
    ("GET", "/v1/me", "/v1/me", None, 200),
    ("GET", "/v1/version", "/v1/version", None, 200),
    ("GET", "/v1/status", "/v1/status", None, 200),
    ("GET", "/v1/cases", "/v1/cases?order=driver&limit=2", None, 200),
    ("GET", "/v1/cases", "/v1/cases?order=sideways", None, 422),
    ("GET", "/v1/cases", "/v1/cases?limit=many", None, 400),
    ("POST", "/v1/cases/{number}/views", "/v1/cases/1/views", {}, 201),
    ("GET", "/v1/cases/{number}", "/v1/cases/1", None, 200),
    ("GET", "/v1/cases/{number}", "/v1/cases/99", None, 404),
    ("GET", "/v1/cases/{number}/photos/{index}", "/v1/cases/1/photos/0", None, 200),
    ("GET", "/v1/cases/{number}/photos/{index}", "/v1/cases/1/photos/7", None, 422),
    ("POST", "/v1/cases/{number}/reviews", "/v1/cases/1/reviews", {"kind": "confirm", "reason": "agrees"}, 201),
    ("POST", "/v1/cases/{number}/reviews", "/v1/cases/1/reviews", {"kind": "purge", "reason": "x"}, 400),
    ("POST", "/v1/cases/{number}/reviews", "/v1/cases/1/reviews", {"kind": "view", "reason": "x"}, 422),
    ("POST", "/v1/cases/{number}/reports", "/v1/cases/1/reports", {"reason": "court"}, 200),
    ("POST", "/v1/cases/{number}/reports", "/v1/cases/1/reports", {"language": "de"}, 200),
    ("POST", "/v1/cases/{number}/reports", "/v1/cases/1/reports", {"language": "xx"}, 422),
    ("POST", "/v1/cases/{number}/letters", "/v1/cases/3/letters", {"reason": "court", "language": "it"}, 200),
    ("POST", "/v1/cases/{number}/letters", "/v1/cases/1/letters", {"reason": "court"}, 422),
    ("GET", "/v1/statistics", "/v1/statistics", None, 200),
    ("GET", "/v1/statistics", "/v1/statistics?since_utc=1e9&until_utc=1790000061", None, 200),
    ("GET", "/v1/statistics", "/v1/statistics?since_utc=never", None, 400),
    ("POST", "/v1/packages", "/v1/packages", {"cases": [1, 2], "reason": "court", "language": "sl"}, 200),
    ("POST", "/v1/packages", "/v1/packages", {"cases": [1], "redacted": True}, 200),
    ("POST", "/v1/packages", "/v1/packages", {"cases": [1], "redacted": "yes"}, 400),
    ("POST", "/v1/requests", "/v1/requests", {"action": "purge", "cases": [3], "reason": "court order"}, 201),
    ("POST", "/v1/requests", "/v1/requests", {"action": "claims", "cases": [1], "reason": "court order"}, 422),
    ("GET", "/v1/requests", "/v1/requests", None, 200),
    ("POST", "/v1/requests/{request}/agreements", "/v1/requests/1/agreements", {"reason": "x"}, 422),
    ("POST", "/v1/requests/{request}/refusals", "/v1/requests/1/refusals", {"reason": "x"}, 422),
    ("POST", "/v1/requests/{request}/claims", "/v1/requests/1/claims", {}, 422),
    ("POST", "/v1/packages", "/v1/packages", {"cases": [1], "full_chain": True}, 200),
    ("POST", "/v1/packages", "/v1/packages", {"cases": [1], "checkpoint": "{}"}, 503),
    ("POST", "/v1/packages", "/v1/packages", {"cases": [1], "full_chain": "yes"}, 400),
    ("POST", "/v1/packages", "/v1/packages", {"cases": []}, 422),
    ("POST", "/v1/packages", "/v1/packages", {"cases": ["1"]}, 400),
    ("POST", "/v1/verifications", "/v1/verifications", {"head": "0" * 64}, 409),
    ("POST", "/v1/verifications", "/v1/verifications", {"checkpoint": "{}"}, 503),
    ("POST", "/v1/verifications", "/v1/verifications", {}, 200),
]


def test_every_operation_has_an_example() -> None:
    assert {(method, path) for method, path, *_ in EXAMPLES} == {(route.method, route.path) for route in ROUTES}


async def test_every_answer_is_as_described(tmp_path: Path) -> None:
    await filled(tmp_path, 3)
    with service(tmp_path) as path:
        for method, described_path, address, body, status in EXAMPLES:
            if body is not None and status < 300:
                schema = DOCUMENT["paths"][described_path][method.lower()]["requestBody"]["content"]["application/json"]
                check(body, schema["schema"], DOCUMENT)
            answer = ask(path, method, address, body)
            assert answer.status == status, f"{method} {address}: {answer.status} {answer.body[:200]!r}"
            described(method, described_path, answer)


@pytest.mark.parametrize(
    ("method", "address", "raw", "status"),
    [
        ("DELETE", "/v1/cases/1", None, 405),
        ("POST", "/v1/cases", b"{}", 405),
        ("GET", "/v1/cases/1/photos", None, 404),
        ("GET", "/v1/cases/1e3", None, 404),
        ("GET", "/v1/cases/-1", None, 404),
        ("GET", "/v1/../../etc/passwd", None, 404),
        ("GET", "/v1/cases/9999999999", None, 404),
        ("POST", "/v1/packages", b"[1]", 400),
        ("POST", "/v1/packages", b'{"cases": [true]}', 400),
        ("POST", "/v1/packages", b'{"to": "/etc/passwd"}', 400),
        ("POST", "/v1/packages", b"[" * 100_000, 400),
        ("POST", "/v1/cases/1/reviews", b'{"kind": "confirm", "reason": "x", "officer": "Sara Conti"}', 400),
        ("POST", "/v1/cases/1/reviews", b'{"kind": "confirm", "reason": 7}', 400),
        ("POST", "/v1/cases/1/reviews", b'{"kind": "confirm", "reason": null}', 400),
        ("GET", "/v1/cases?text=%ff%ed%a0%80", None, 200),
        ("GET", "/v1/cases?since_utc=nan&limit=5", None, 400),
        ("GET", "/v1/cases?text=%00", None, 422),
        ("POST", "/v1/requests", b'{"action": "confirm", "cases": [1], "reason": "x"}', 400),
        ("POST", "/v1/requests", b'{"action": "purge", "cases": [1], "reason": "x", "days": "1"}', 400),
        ("GET", "/v1/cases?offset=99999999999999999999", None, 422),
        ("POST", "/v1/cases/1/reviews", b'{"kind": "confirm", "reason": "\\ud800"}', 422),
        ("POST", "/v1/verifications", b'{"key": "zz"}', 400),
        ("POST", "/v1/verifications", b"\xff\xfe", 400),
    ],
)
async def test_what_is_no_request_is_a_problem(
    tmp_path: Path, method: str, address: str, raw: bytes | None, status: int
) -> None:
    await filled(tmp_path, 1)
    with service(tmp_path) as path:
        answer = ask(path, method, address, raw=raw)
        assert answer.status == status, answer.body
        if status == 200:
            return
        assert answer.headers["content-type"].partition(";")[0] == "application/problem+json"
        check(answer.json, DOCUMENT["components"]["schemas"]["Problem"], DOCUMENT)
        assert ask(path, "GET", "/v1/me").status == 200
