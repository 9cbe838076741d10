"""Attacks on the centre by who has something of it: a token, a unit's key, an account on the database, a recording."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from centre.records import verify_units
from centre.units import UnitState, change_state
from centre.web import ROUTES
from edge.cases.evidence import Signer, canonical, next_entry, read_lines
from edge.delivery import trusting
from edge.delivery.client import Answered, Client
from edge.delivery.wire import join_message, read_code
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, centre_at_work, lines_of, links_of

OTHER = Signer(bytes(range(1, 33)))
LINES, JSON = {"Content-Type": "application/x-ndjson"}, {"Content-Type": "application/json"}
OF_A_CASE = ("AB000CD", "AB001CD", "Rossi", "UD1234567A", "SP 235")
"""What stands in the cases of :func:`filled`."""


async def ask(
    centre: Centre, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Status, and headers and body as one text."""
    connector = aiohttp.TCPConnector(ssl=trusting(centre.authority))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, centre.url + path, data=data, headers=headers) as found,
    ):
        return found.status, f"{dict(found.headers)} {(await found.read()).decode('utf-8', 'replace')}"


async def two_units(centre: Centre, tmp_path: Path) -> tuple[Client, Client]:
    """The clients of A1, whose cases are at the centre, and of B2, which has none; B2's is entered and logged in."""
    await filled(tmp_path / "unit", 2)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        await client.entries(lines_of(tmp_path / "unit"))
    other = await centre.let_in("B2", OTHER, tmp_path)
    await other.__aenter__()
    await other.log_in(b"")
    return client, other


async def test_no_address_gives_a_unit_what_another_filed(centre: Centre, tmp_path: Path) -> None:
    """B2 asks every address for A1's cases: by their hashes, numbers, and with A1's own entries."""
    _, other = await two_units(centre, tmp_path)
    own = other.authorization
    digests = [row["sha256"] for row in await centre.pool.fetch("SELECT sha256 FROM blobs")]
    status = {"head": {"seq": 0, "hash": "0" * 64}, "lost": digests, "unit": "A1", "serial": "A1", "unit_id": 1}
    whole = f"bytes 0-65535/{65536}"
    said = []
    try:
        for method, path, _ in ROUTES:
            for digest in digests:
                target = path.replace("{sha256}", digest)
                for data, kind in (
                    (json.dumps(status).encode(), JSON),
                    (lines_of(tmp_path / "unit"), LINES),
                    (bytes(65536), {"Content-Type": "application/octet-stream", "Content-Range": whole}),
                ):
                    said.append(await ask(centre, method, target, None if method == "GET" else data, {**own, **kind}))
        for query in ("?unit=A1", "?unit_id=1", "?case=1&unit=A1"):
            said.append(await ask(centre, "GET", f"/v1/head{query}", None, own))
    finally:
        await other.__aexit__(None, None, None)
    text = " ".join(body for _, body in said)
    head = await centre.pool.fetchval("SELECT head_hash FROM units WHERE serial = 'A1'")
    assert {200, 404, 422} <= {status for status, _ in said} and 500 not in {status for status, _ in said}
    assert not [word for word in (*OF_A_CASE, head, *digests) if word in text]
    assert await centre.pool.fetchval("SELECT count(*) FROM entries WHERE unit_id = 2") == 0
    assert await centre.alarms() == [("broken", 1)], "A1's chain, filed by B2"
    lost = await centre.pool.fetchval("SELECT count(*) FROM blobs WHERE lost_at IS NOT NULL OR received > 0")
    assert lost == 0, "nor is anything of A1 changed"


async def test_a_stolen_token_counts_from_its_own_address_alone(centre: Centre, tmp_path: Path) -> None:
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        assert (await ask(centre, "GET", "/v1/head", None, client.authorization))[0] == 200
        await centre.pool.execute("UPDATE tokens SET network = '192.0.2.7'")  # it was given to somebody there
        assert (await ask(centre, "GET", "/v1/head", None, client.authorization))[0] == 401
        with pytest.raises(Answered):
            await client.head()
        assert not client.is_logged_in
        await client.log_in(b"")
        assert (await client.head()).seq == 0, "a unit whose address changed logs in again, and goes on"


async def test_where_addresses_change_often_a_token_counts_from_any(dsn: str, tmp_path: Path) -> None:
    async with (
        centre_at_work(dsn, tmp_path / "centre", token_of_one_address=False) as centre,
        await centre.let_in("A1", SIGNER, tmp_path) as client,
    ):
        await client.log_in(b"")
        assert await centre.pool.fetchval("SELECT network FROM tokens") is None
        await centre.pool.execute("UPDATE tokens SET network = '192.0.2.7'")
        assert (await client.head()).seq == 0


async def test_a_token_ends_with_its_unit_and_its_time(centre: Centre, tmp_path: Path) -> None:
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        for end in ("suspended", "over"):
            await client.log_in(b"")
            if end == "suspended":
                async with centre.pool.acquire() as connection:
                    await change_state(connection, "A1", UnitState.SUSPENDED)
                    await change_state(connection, "A1", UnitState.ACTIVE)
            else:
                await centre.pool.execute("UPDATE tokens SET until = now() - interval '1 second'")
            assert (await ask(centre, "GET", "/v1/head", None, client.authorization))[0] == 401, end


async def test_guessed_tokens_and_requests_without_end_are_turned_away(dsn: str, tmp_path: Path) -> None:
    async with centre_at_work(
        dsn, tmp_path / "centre", logins_per_minute=8, unit_requests_per_minute=5, requests=4
    ) as centre:
        async with await centre.let_in("A1", SIGNER, tmp_path) as client:
            await client.log_in(b"")  # four visits with joining
            found = [await ask(centre, "GET", "/v1/head", None, client.authorization) for _ in range(7)]
        assert [status for status, _ in found] == [200] * 5 + [429] * 2 and "Retry-After" in found[-1][1]
        guesses = [await ask(centre, "GET", "/v1/head", None, {"Authorization": f"Bearer {n}"}) for n in range(16)]
        assert guesses[0][0] == 401 and guesses[-1][0] == 429


async def test_a_recorded_request_changes_nothing(centre: Centre, tmp_path: Path) -> None:
    """Entries, photos and a joining as they were sent, again, by who recorded them."""
    await filled(tmp_path / "unit", 1)
    code = await centre.invite("A1")
    lines = lines_of(tmp_path / "unit")
    secret = read_code(code)[0]
    joining = {
        "unit": "A1",
        "code_secret": secret.hex(),
        "public_key": SIGNER.public_key.hex(),
        "signature": SIGNER.sign(join_message("test", "A1", secret)).hex(),
    }
    body = json.dumps(joining).encode()
    assert (await ask(centre, "POST", "/v1/join", body, JSON))[0] == 200
    assert (await ask(centre, "POST", "/v1/join", body, JSON))[0] == 403
    async with Client(centre.url, trusting(centre.authority), "A1", SIGNER) as client:
        await client.log_in(b"")
        own = client.authorization
        rows = "SELECT md5(string_agg(entries::text, ';' ORDER BY seq)) FROM entries"
        first = await ask(centre, "POST", "/v1/entries", lines, {**own, **LINES})
        before = await centre.pool.fetchval(rows)
        again = await asyncio.gather(*(ask(centre, "POST", "/v1/entries", lines, {**own, **LINES}) for _ in range(2)))
        assert first[0] == 200 and {status for status, _ in again} <= {200, 429}
        assert await centre.pool.fetchval(rows) == before
    assert await centre.alarms() == []


HOSTILE = ("'; DROP TABLE units; --", "\\'); SELECT pg_sleep(9); --", "$1", "%s", "\0", "é\ud83d", "A" * 70_000)


def hostile_entries(text: str, state_dir: Path) -> list[bytes]:
    """Entries of the unit with *text* in every field of header and line, and signed ones with it in their content."""
    first = json.loads(lines_of(state_dir).splitlines()[0])
    header = json.loads(first["header"])
    found = [{**first, name: text} for name in first]
    found += [{**first, "header": json.dumps({**header, name: text})} for name in header]
    lines = [json.dumps(line).encode() + b"\n" for line in found]
    links = links_of(state_dir)
    for place in range(len(links)):
        body = json.loads(links[place].body or b"{}")
        kind = json.loads(links[place].header)
        before = None if not place else (kind["seq"] - 1, kind["previous"])
        for name in body:
            try:
                made = next_entry(
                    before, kind["kind"], kind["case"], {**body, name: text}, at_utc=1_790_000_000.0, signer=SIGNER
                )
            except (ValueError, UnicodeError):  # what no canonical JSON holds
                continue
            line = {
                "header": made.header.decode(),
                "body": made.body.decode(),
                "signature": (made.signature or b"").hex(),
                "key_id": made.key_id,
            }
            lines.append(canonical(line) + b"\n")
    return lines


async def test_sql_in_every_field_of_an_entry_and_of_a_status_is_a_text(centre: Centre, tmp_path: Path) -> None:
    await filled(tmp_path / "unit", 1)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        own = client.authorization
        for text in HOSTILE:
            for line in hostile_entries(text, tmp_path / "unit")[:14]:
                status, body = await ask(centre, "POST", "/v1/entries", line, {**own, **LINES})
                assert status in (200, 400, 409, 422), (text[:30], line[:200], body)
            good = {"head": {"seq": 0, "hash": "0" * 64}}
            for asked in (
                {**good, "problems": {text: text}, "software": text},
                {**good, "lag": float("nan"), "disk": float("inf")},
                {**good, "lag": 10**4000},
                {**good, "lost": [text]},
                {"head": {"seq": text, "hash": text}},
                {text: text},
            ):
                data = json.dumps(asked).encode()
                status, body = await ask(centre, "POST", "/v1/status", data, {**own, **JSON})
                assert status in (200, 413, 422), (text[:30], body)
        assert await centre.pool.fetchval("SELECT count(*) FROM units") == 1


TRICKS = (
    *(
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "A" * 64,
        "a" * 63,
        "a" * 65,
        "a" * 64 + "/",
        "//" + "a" * 64,
    ),
    *("a" * 63 + "%27", "%61" * 64, "a" * 64 + "?x=1", "a" * 64 + "%00", "a" * 64 + ";b", "．．／" + "a" * 61),
)


def files_below(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.suffix != ".pem"}


RANGES = ("bytes 0-3/-1", "bytes 3-0/4", "bytes 0-9/4", "bytes 0-3/99999999999999999999", "x", "bytes 0-3/*")


async def test_a_blob_has_a_hash_and_no_path(centre: Centre, tmp_path: Path) -> None:
    before = files_below(tmp_path)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        own = {**client.authorization, "Content-Range": "bytes 0-3/4", "Content-Type": "application/octet-stream"}
        for trick in TRICKS:
            for method in ("HEAD", "PUT"):
                status, _ = await ask(centre, method, f"/v1/blobs/{trick}", b"abcd" if method == "PUT" else None, own)
                assert status in (400, 404), (method, trick, status)
        for part in RANGES:
            status, _ = await ask(centre, "PUT", f"/v1/blobs/{'a' * 64}", b"abcd", {**own, "Content-Range": part})
            assert status in (400, 404), part
    assert files_below(tmp_path) <= before


LIES = ("another key", "another number", "another content", "a case twice", "unsigned", "another chain")


@pytest.mark.parametrize("lie", LIES)
async def test_a_unit_that_lies_about_its_entries_is_refused(centre: Centre, tmp_path: Path, lie: str) -> None:
    await filled(tmp_path / "unit", 2)
    links = links_of(tmp_path / "unit")
    last = len(links) - 1
    if lie == "another chain":
        await filled(tmp_path / "other", 2, signer=OTHER)
        links[last] = links_of(tmp_path / "other")[last]
    elif lie == "another key":
        links[last] = links[last]._replace(signature=OTHER.sign(links[last].header))
    elif lie == "unsigned":
        links[last] = links[last]._replace(signature=b"")
    elif lie == "another content":
        links[last] = links[last]._replace(body=(links[last].body or b"").replace(b"Rossi", b"Verdi") + b" ")
    elif lie == "another number":
        header = json.loads(links[last].header)
        links[last] = links[last]._replace(header=canonical({**header, "seq": header["seq"] + 1}))
    else:
        links.append(links[last])
    lines = b"".join(
        canonical(
            {
                "header": link.header.decode(),
                "body": (link.body or b"").decode(),
                "signature": (link.signature or b"").hex(),
                "key_id": link.key_id,
            }
        )
        + b"\n"
        for link in links
    )
    assert list(read_lines(lines_of(tmp_path / "unit")))
    async with await centre.let_in("A1", SIGNER, tmp_path) as client:
        await client.log_in(b"")
        with pytest.raises(Answered):
            await client.entries(lines)
        assert await centre.pool.fetchval("SELECT count(*) FROM entries") == 0, "nothing of it is kept"
        await client.entries(lines_of(tmp_path / "unit"))
    async with centre.pool.acquire() as connection:
        assert [found.fault for found in await verify_units(connection)] == [None]
