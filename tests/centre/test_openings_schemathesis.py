"""Requests made of the opening service's ``openapi.json`` by schemathesis: each answer is one that the document has.

A unit whose key was stolen signs whatever it likes. So each request is signed as its bytes are, and half of them name
a case that is filed: what comes after the signature, the window and the quota is asked too.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import time
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from requests.auth import AuthBase
from schemathesis import GenerationMode

from centre.errors import Refused
from centre.opening.service import Request
from edge.cases.evidence import sha256
from edge.config import models_dir
from edge.delivery.openings import REQUEST_DOMAIN, SIGNATURE
from edge.vision.checksums import reader_checksum
from tests.support.cases import SIGNER
from tests.support.centre import Centre, links_of
from tests.support.documents import CHECKS
from tests.support.openings import UNIT_SERIAL, RoadsideUnit, enrol, roadside

DOCUMENT: dict[str, Any] = json.loads((resources.files("centre.opening") / "openapi.json").read_text(encoding="utf-8"))
EXAMPLES = max(24, int(os.environ.get("AUTOVELOX_FUZZ_CASES", "0")) // 100)


class Signing(AuthBase):
    """Signs a request as it is sent, whatever is in it."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        assert isinstance(body, bytes)
        request.headers[SIGNATURE] = SIGNER.sign(REQUEST_DOMAIN + body).hex()
        return request


def named(unit: RoadsideUnit, body: Any, at_utc: int) -> Any:
    """The request *body* for the case that is filed, with packets of its window; the rest of it stays."""
    if not isinstance(body, dict):
        return body
    headers = [link.header for link in links_of(unit.state_dir)]
    (filed_header,) = [header for header in headers if json.loads(header)["kind"] == "filed"]
    filed = {"seq": json.loads(filed_header)["seq"], "hash": sha256(filed_header)}
    body = {**body, "unit": UNIT_SERIAL, "case": 1, "reader": reader_checksum(models_dir()), "filed": filed}
    if isinstance(packets := body.get("packets"), list):
        times = {"challenged_at": at_utc, "received_utc": float(at_utc)}
        body["packets"] = [
            {**each, **times, "nonce": f"{number:032x}"}
            for number, each in enumerate(packets)
            if isinstance(each, dict)
        ]
    return body


def ask(unit: RoadsideUnit, centre: Centre, mode: GenerationMode, at_utc: int) -> dict[int, int]:
    """Ask many times; returns how often which status was answered."""
    (found,) = (each.ok() for each in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations())  # type: ignore[union-attr]
    statuses: dict[int, int] = {}
    turns = itertools.count()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=found.as_strategy(mode))
    def once(case: schemathesis.Case[Any]) -> None:
        turn = next(turns)
        if turn % 2:
            case.body = named(unit, case.body, at_utc)
        signing: dict[str, Any] = {"auth": Signing()} if turn % 3 else {}
        answer = case.call_and_validate(
            base_url=unit.service.url,
            headers=dict(unit.client.authorization),
            verify=str(centre.authority),
            checks=CHECKS,
            timeout=60,
            **signing,
        )
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1

    once()
    return statuses


MODES = {"that fit": GenerationMode.POSITIVE, "that do not": GenerationMode.NEGATIVE}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
async def test_every_answer_is_one_that_the_document_has(
    centre: Centre, place: Path, mode: GenerationMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("centre.opening.checks.ATTEMPTS", 10**6)
    enrol(place)
    async with roadside(centre, place) as unit:
        at_utc = int(time.time())
        await unit.file(at_utc=float(at_utc))
        await unit.deliver()
        statuses = await asyncio.to_thread(ask, unit, centre, mode, at_utc)
        assert sum(statuses.values()) >= EXAMPLES // 2, statuses
        if mode is GenerationMode.POSITIVE:
            assert {200, 400} <= statuses.keys(), "some came to an answer, and some named another unit"
        else:
            assert 400 in statuses
        assert (await unit.client.head()).seq == 2, "and the unit goes on"


HOSTILE: dict[str, dict[str, Any]] = {
    "time beyond a float": {"packets": [{"challenged_at": 10**400}]},
    "hash of surrogates": {"filed": {"seq": 2, "hash": "\ud800" * 64}},
    "hash of zero bytes": {"filed": {"seq": 2, "hash": "\0" * 64}},
    "nonce of surrogates": {"packets": [{"nonce": "\ud800"}]},
    "received at no time": {"packets": [{"received_utc": float("nan")}]},
    "received beyond a float": {"packets": [{"received_utc": 10**400}]},
    "clock beyond 64 bits": {"packets": [{"received_monotonic_ns": "9" * 400}]},
    "exposed beyond 64 bits": {"photos": [{"exposed_monotonic_ns": "9" * 400}]},
    "exposed at no time": {"photos": [{"exposed_monotonic_ns": "-" + "9" * 40}]},
    "text of surrogates": {"reads": [{"text": "\ud800"}]},
    "characters of no number": {"reads": [{"characters": [float("inf")]}]},
    "country of surrogates": {"reads": [{"countries": {"\ud800": 1.0}}]},
    "country of no share": {"reads": [{"countries": {"IT": float("nan")}}]},
    "origin of surrogates": {"reads": [{"origins": {"\ud800": 1.0}}]},
    "origin of no share": {"reads": [{"origins": {"IT": float("inf")}}]},
    "box beyond a float": {"reads": [{"box": [10**400, 0, 1, 1]}]},
    "unit of surrogates": {"unit": "\ud800"},
    "too deep": {"lens": "[" * 100_000},
}


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_no_unit_writes_is_refused_as_malformed(changes: dict[str, Any]) -> None:
    """Nothing of it comes as far as a packet, PostgreSQL or a worker."""
    read = {"text": "AB", "confidence": 1.0, "characters": [1.0], "box": [0, 0, 9, 9], "detection_confidence": 1.0}
    read |= {"log_probs": base64.b64encode(bytes(4 * 37)).decode(), "countries": {}, "second_pass": None}
    packet = {"sealed": "", "nonce": "0" * 32, "challenged_at": 1, "received_utc": 1.0, "received_monotonic_ns": "1"}
    photo = {"exposed_monotonic_ns": "1", "size": [320, 180], "reads": [read]}
    asked = {"unit": "U1", "case": 1, "filed": {"seq": 2, "hash": "0" * 64}, "packets": [packet], "photos": [photo]}
    asked |= {"reader": "0" * 64, "lens": None}
    assert Request.parse(json.dumps(asked).encode(), "U1").case == 1
    changes = dict(changes)
    for name, record in (("packets", packet), ("photos", photo)):
        for change in changes.pop(name, ()):
            record |= change
    for change in changes.pop("reads", ()):
        read |= change
    body = json.dumps({**asked, **changes}).encode()
    if changes.get("lens"):
        body = body.replace(json.dumps(changes["lens"]).encode(), str(changes["lens"]).encode())
    with pytest.raises(Refused, match="none of this interface"):
        Request.parse(body, "U1")
