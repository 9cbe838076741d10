"""The interface: what openapi.json says, what strangers may send, what is too much."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from centre.delivery import head_of
from centre.errors import Refused
from centre.web import ROUTES, Limits
from centre.web.limits import REQUESTS_OF_A_UNIT
from centre.web.problems import WORDS
from edge.delivery import trusting
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, centre_at_work, lines_of
from tests.support.schema import check, resolve

DOCUMENT: dict[str, Any] = json.loads((resources.files("centre.web") / "openapi.json").read_text(encoding="utf-8"))
DIGEST = "a" * 64


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def test_every_route_is_described_and_nothing_else() -> None:
    assert {(method, path) for method, path, _ in ROUTES} == {(method, path) for method, path, _ in operations()}


def test_every_problem_is_described() -> None:
    words = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert set(words) == {f"urn:autovelox:problem:{word}" for word in WORDS}
    source = "".join(path.read_text() for path in Path("centre").rglob("*.py"))
    used = set(re.findall(r'(?:Refused|NotConfirmed)\(\s*"(\w+)"', source)) | {"offset", "busy", "away"}
    assert used <= set(WORDS)


class Answer:
    def __init__(self, status: int, headers: Any, data: bytes) -> None:
        self.status, self.headers, self.data = status, headers, data

    @property
    def json(self) -> Any:
        return json.loads(self.data)


async def ask(
    centre: Centre, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> Answer:
    connector = aiohttp.TCPConnector(ssl=trusting(centre.authority))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, centre.url + path, data=data, headers=headers) as found,
    ):
        return Answer(found.status, found.headers, await found.read())


def described(method: str, path: str, answer: Answer) -> None:
    """Fail unless *answer* is one that the document has for the operation."""
    responses = DOCUMENT["paths"][path][method.lower()]["responses"]
    response = resolve(responses.get(str(answer.status), responses["default"]), DOCUMENT)
    if method == "HEAD" or answer.status == 204:
        return
    kind = answer.headers["Content-Type"].partition(";")[0]
    assert kind in response["content"], f"{method} {path}: {answer.status} {kind}"
    if kind.endswith("json"):
        check(answer.json, response["content"][kind]["schema"], DOCUMENT, f"{method} {path}")


async def test_every_answer_is_as_described(centre: Centre, tmp_path: Path) -> None:
    state_dir = tmp_path / "unit"
    await filled(state_dir, 1)
    async with await centre.let_in("AVX-TEST", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        own = client.authorization
        lines, small = {**own, "Content-Type": "application/x-ndjson"}, {"Content-Type": "application/json"}
        status = json.dumps({"head": {"seq": 0, "hash": "0" * 64}}).encode()
        examples: list[tuple[str, str, str, bytes | None, dict[str, str], int]] = [
            ("GET", "/v1/authority", "/v1/authority", None, {}, 200),
            ("POST", "/v1/challenges", "/v1/challenges", b'{"unit": "AVX-TEST"}', small, 200),
            ("POST", "/v1/challenges", "/v1/challenges", b"[]", small, 400),
            ("POST", "/v1/tokens", "/v1/tokens", b"{}", small, 400),
            ("POST", "/v1/join", "/v1/join", b"{}", small, 400),
            ("GET", "/v1/head", "/v1/head", None, own, 200),
            ("GET", "/v1/head", "/v1/head", None, {}, 401),
            ("POST", "/v1/entries", "/v1/entries", lines_of(state_dir, 1), lines, 409),
            ("POST", "/v1/entries", "/v1/entries", lines_of(state_dir), lines, 200),
            ("POST", "/v1/entries", "/v1/entries", b"\n", lines, 400),
            ("POST", "/v1/entries", "/v1/entries", lines_of(state_dir).replace(b"SP 235", b"SP 236"), lines, 200),
            ("POST", "/v1/status", "/v1/status", status, {**own, **small}, 200),
            ("POST", "/v1/status", "/v1/status", b"{}", {**own, **small}, 422),
            ("HEAD", "/v1/blobs/{sha256}", f"/v1/blobs/{DIGEST}", None, own, 404),
            ("PUT", "/v1/blobs/{sha256}", f"/v1/blobs/{DIGEST}", b"x", own, 400),
        ]
        for method, path, target, data, headers, wanted in examples:
            answer = await ask(centre, method, target, data, headers)
            assert answer.status == wanted, f"{method} {target}: {answer.status} {answer.data[:300]!r}"
            described(method, path, answer)


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/blobs/x", f"/v1/blobs/{DIGEST.upper()}", "/v1/../etc/passwd", "/health"]
)
async def test_what_is_not_there_is_one_answer(centre: Centre, path: str) -> None:
    answer = await ask(centre, "GET", path)
    assert answer.status in (404, 405)
    assert answer.json["type"].startswith("urn:autovelox:problem:")


HOSTILE = [
    "' OR 1=1; --",
    '"; DROP TABLE units; --',
    "\\'; COPY entries TO PROGRAM 'id'; --",
    "$1",
    "%00",
    "A" * 5000,
    "é",
    "{{7*7}}",
    "../../x",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_sql_in_every_field_is_a_text(centre: Centre, tmp_path: Path, text: str) -> None:
    await centre.let_in("A1", SIGNER, tmp_path)
    kind = {"Content-Type": "application/json"}
    body = {"unit": text, "challenge": text, "signature": text, "keys": text, "code_secret": text, "public_key": text}
    for path in ("/v1/challenges", "/v1/tokens", "/v1/join"):
        answer = await ask(centre, "POST", path, json.dumps(body).encode(), kind)
        assert answer.status in (200, 400, 401, 403), answer.data
    for number in range(3):
        forged = {**kind, "Authorization": f"Bearer {text if text.isascii() else 'x'}"} if number else kind
        assert (await ask(centre, "GET", "/v1/head", None, forged)).status == 401
    assert await centre.pool.fetchval("SELECT count(*) FROM units") == 1
    assert await centre.pool.fetchval("SELECT count(*) FROM challenges") == 0


@pytest.mark.parametrize("value", [None, 7, [], {}, True, 1e999, "x" * 70_000])
async def test_odd_json_is_refused(centre: Centre, value: object) -> None:
    for body in (value, {"unit": value}, {"unit": "A1", "challenge": value, "signature": value}):
        for path in ("/v1/challenges", "/v1/tokens", "/v1/join", "/v1/status"):
            answer = await ask(centre, "POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
            assert 400 <= answer.status < 500 or (path == "/v1/challenges" and answer.status == 200), answer.data


async def test_a_body_that_is_too_large_is_not_read(dsn: str, tmp_path: Path) -> None:
    async with centre_at_work(dsn, tmp_path / "centre", entries_bytes=65_536) as centre:
        async with await centre.let_in("A1", SIGNER, tmp_path) as client:
            await client.log_in(b"")
            headers = {**client.authorization, "Content-Type": "application/x-ndjson"}
            assert (await ask(centre, "POST", "/v1/entries", b"x" * 65_537, headers)).status == 413
        assert (
            await ask(centre, "POST", "/v1/challenges", b"x" * 70_000, {"Content-Type": "application/json"})
        ).status == 413


async def test_more_than_can_be_worked_on_is_told_to_come_again(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def slow(connection: Any, visitor: Any) -> Any:
        begun.set()
        await go.wait()
        return await head_of(connection, visitor)

    monkeypatch.setattr("centre.web.routes.head_of", slow)
    async with centre_at_work(dsn, tmp_path / "centre", requests=1) as centre:
        async with await centre.let_in("A1", SIGNER, tmp_path) as client:
            await client.log_in(b"")
            own = client.authorization
        first = asyncio.create_task(ask(centre, "GET", "/v1/head", None, own))
        await begun.wait()
        answer = await ask(centre, "GET", "/v1/head", None, own)
        assert answer.status == 503
        assert 5 <= int(answer.headers["Retry-After"]) <= 10
        go.set()
        assert (await first).status == 200
        assert (await ask(centre, "GET", "/v1/head", None, own)).status == 200


async def test_one_unit_has_so_many_requests_at_once() -> None:
    limits = Limits(100, 60)
    async with limits.of_unit(1), limits.of_unit(1), limits.of_unit(2):
        assert REQUESTS_OF_A_UNIT == 2
        with pytest.raises(Refused) as refused:
            async with limits.of_unit(1):
                pass
        assert refused.value.status == 429
    async with limits.of_unit(1):
        pass


def test_an_address_gets_its_share_back_with_time_and_a_network_is_one() -> None:
    now = 0.0
    limits = Limits(1, 6, lambda: now)
    for _ in range(6):
        limits.visit("2001:db8::1")
    with pytest.raises(Refused) as refused:
        limits.visit("2001:db8::ffff")
    assert refused.value.status == 429 and 0 < (refused.value.retry_s or 0) <= 10
    limits.visit("2001:db8:0:1::1")
    limits.visit("192.0.2.1")
    now = 10.0
    limits.visit("2001:db8::2")


async def test_old_tls_is_refused(centre: Centre) -> None:
    context = trusting(centre.authority)
    with pytest.warns(DeprecationWarning):
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", centre.port, ssl=context)
