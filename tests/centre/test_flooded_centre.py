"""Floods of who wants others to wait: strangers at the door, guessed tokens, a stolen unit's alarms and bytes."""

from __future__ import annotations

import asyncio
import json
import zlib
from contextlib import suppress
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from centre.errors import Refused
from centre.service.connections import Connections
from centre.units import AlarmKind, raise_alarm
from centre.units.alarms import MANY, MOST_OPEN
from centre.web import Limits, network_of
from centre.web.bodies import read_entries
from edge.cases.evidence import Signer
from edge.delivery import Client, trusting
from edge.delivery.client import Answered, Unanswered
from edge.delivery.wire import login_message
from tests.support.cases import SIGNER, filled
from tests.support.centre import Centre, centre_at_work, lines_of

OTHER = Signer(bytes(range(1, 33)))
JSON = {"Content-Type": "application/json"}


async def ask(
    centre: Centre, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connector = aiohttp.TCPConnector(ssl=trusting(centre.authority))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.request(method, centre.url + path, data=data, headers=headers) as found,
    ):
        return found.status, dict(found.headers), await found.read()


async def challenge_of(centre: Centre, serial: str) -> str:
    status, _, body = await ask(centre, "POST", "/v1/challenges", json.dumps({"unit": serial}).encode(), JSON)
    assert status == 200
    return str(json.loads(body)["challenge"])


async def answer(centre: Centre, serial: str, challenge: str, signer: Signer) -> int:
    """Log in as *serial* with *challenge*; returns the status."""
    signature = signer.sign(login_message("test", serial, challenge)).hex()
    asked = {"unit": serial, "challenge": challenge, "signature": signature}
    return (await ask(centre, "POST", "/v1/tokens", json.dumps(asked).encode(), JSON))[0]


async def test_strangers_take_no_challenge_from_a_unit_and_write_nothing(centre: Centre, tmp_path: Path) -> None:
    """Serial numbers can be guessed: whoever knows one asks for challenges all the time, and the unit still logs in."""
    async with await centre.let_in("A1", SIGNER, tmp_path):
        own = await challenge_of(centre, "A1")
        asked = {await challenge_of(centre, serial) for serial in ("A1", "nobody") for _ in range(20)}
        assert len(asked) == 40, "each is another"
        assert await centre.pool.fetchval("SELECT count(*) FROM challenges") == 0
        assert await answer(centre, "A1", next(iter(asked)), OTHER) == 401
        assert await answer(centre, "A1", own, SIGNER) == 200
        assert await answer(centre, "A1", own, SIGNER) == 401, "it counts once"


async def test_a_challenge_is_the_centres_own_for_one_unit_and_a_minute(centre: Centre, tmp_path: Path) -> None:
    async with await centre.let_in("A1", SIGNER, tmp_path), await centre.let_in("B2", OTHER, tmp_path):
        made = await challenge_of(centre, "A1")
        assert await answer(centre, "B2", made, OTHER) == 401, "another unit's"
        for changed in (made[:-1] + ("0" if made[-1] != "0" else "1"), made.upper(), "0" * 64, made + "0", "é" * 64):
            assert await answer(centre, "A1", changed, SIGNER) in (400, 401)
        later = f"{int(made[:16], 16) + 30_000:016x}" + made[16:]
        assert await answer(centre, "A1", later, SIGNER) == 401, "its moment is in the code"
        sql = "SELECT is_challenge('A1', $1, make_interval(secs => $2))"
        assert await centre.pool.fetchval(sql, made, 3600.0) and not await centre.pool.fetchval(sql, made, 0.0)
        assert await answer(centre, "A1", made, SIGNER) == 200


async def test_the_service_cannot_read_what_makes_challenges(dsn: str) -> None:
    connection = await asyncpg.connect(dsn.replace("user=centre", "user=autovelox_service"))
    try:
        for sql in ("SELECT * FROM challenge_secret", "SELECT challenge_code('x', 'A1')"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(sql)
    finally:
        await connection.close()


async def test_guesses_beyond_an_addresss_share_do_not_reach_the_database(dsn: str, tmp_path: Path) -> None:
    """While they are turned away a unit of the same address, whose token was good before, is answered."""
    async with (
        centre_at_work(dsn, tmp_path / "centre", logins_per_minute=6) as centre,
        await centre.let_in("A1", SIGNER, tmp_path) as client,
    ):
        await client.log_in(b"")
        assert (await client.head()).seq == 0
        guess = {"Authorization": "Bearer guessed"}
        for _ in range(8):
            await ask(centre, "GET", "/v1/head", None, guess)
        async with centre.pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE")  # who asks the database waits
            status, headers, _ = await ask(centre, "GET", "/v1/head", None, guess)
        assert status == 429 and int(headers["Retry-After"]) > 0
        assert (await client.head()).seq == 0


async def test_a_thousand_alarms_of_a_stolen_unit_hide_no_other(centre: Centre, tmp_path: Path) -> None:
    """Its reports name one lower head after the other; each would be an alarm, and a line of a notice."""
    await filled(tmp_path / "unit", 30)
    async with await centre.let_in("A1", SIGNER, tmp_path) as client, await centre.let_in("B2", OTHER, tmp_path):
        await client.log_in(b"")
        head = await client.entries(lines_of(tmp_path / "unit"))
        assert head.seq > MOST_OPEN + 5
        for seq in range(head.seq):
            await client.status({"head": {"seq": seq, "hash": "0" * 64}})
        async with centre.pool.acquire() as connection:
            await raise_alarm(connection, 1, AlarmKind.FORK, "two entries", seq=3)
            await raise_alarm(connection, 2, AlarmKind.ROLLED_BACK, "shorter", seq=3)
    rows = await centre.pool.fetch(
        "SELECT kind, unit_id, count(*) AS number, sum(times) AS times FROM alarms GROUP BY 1, 2"
    )
    found = {(row["kind"], row["unit_id"]): (row["number"], row["times"]) for row in rows}
    assert found == {("rolled_back", 1): (MOST_OPEN + 1, head.seq), ("fork", 1): (1, 1), ("rolled_back", 2): (1, 1)}
    assert await centre.pool.fetchval("SELECT times FROM alarms WHERE cause = $1", MANY) == head.seq - MOST_OPEN


async def test_a_unit_that_sends_without_end_has_its_share_of_a_day_and_is_heard_of(dsn: str, tmp_path: Path) -> None:
    async with (
        centre_at_work(dsn, tmp_path / "centre", unit_megabytes_per_day=1) as centre,
        await centre.let_in("A1", SIGNER, tmp_path) as client,
    ):
        await client.log_in(b"")
        with pytest.raises(Answered):
            await client.entries(b"x" * 1_100_000)
        for attempt in (client.entries(b"{}"), client.blob("0" * 64, b"x")):
            with pytest.raises(Unanswered, match="too much a day") as waiting:
                await attempt
            assert (waiting.value.retry_s or 0) > 600, "its debt is hours of its share"
        assert (await client.status({"head": {"seq": 0, "hash": "0" * 64}}))["confirmed"]["seq"] == 0


def test_a_share_of_a_day_comes_back_with_time() -> None:
    now = 0.0
    limits = Limits(1, 6, lambda: now, unit_bytes_per_day=86_400)
    limits.spend(1, 86_400)
    with pytest.raises(Refused) as refused:
        limits.afford(1)
    assert refused.value.status == 429 and 0 < (refused.value.retry_s or 0) <= 1
    limits.afford(2)
    now = 1.0
    limits.afford(1)


def test_of_too_many_entries_no_more_are_taken_apart_than_show_it() -> None:
    line = b'{"header":"","key_id":"","signature":""}\n'
    assert len(read_entries(line * 50_000)) <= 2001


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_grows_when_it_is_unpacked_is_too_large(
    centre: Centre, tmp_path: Path, encoding: str
) -> None:
    """64 MB of zeros are some 64 kB on the way."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    bomb = packer.compress(bytes(64 << 20)) + packer.flush()
    assert len(bomb) < 70_000
    async with Client(centre.url, trusting(centre.authority), "A1", SIGNER):
        status, _, _ = await ask(
            centre, "POST", "/v1/challenges", bomb[:60_000], {**JSON, "Content-Encoding": encoding}
        )
        assert status in (400, 413)
    assert len(await challenge_of(centre, "A1")) == 64, "the centre goes on"


async def test_a_crowd_that_says_nothing_leaves_room_for_the_others(dsn: str, tmp_path: Path) -> None:
    """Of one address so many connections, and no more; one that ends makes room for another."""
    async with centre_at_work(dsn, tmp_path / "centre", connections_of_one_address=6) as centre:
        tls = trusting(centre.authority)
        crowd = [await asyncio.open_connection("127.0.0.1", centre.port, ssl=tls) for _ in range(6)]
        reader, writer = await asyncio.open_connection("127.0.0.1", centre.port, ssl=tls)
        with suppress(ConnectionError):
            assert await reader.read(1) == b"", "it is cut off"
        writer.close()
        for _, other in crowd:
            other.transport.abort()
        async with asyncio.timeout(60):
            while True:  # the centre hears of it in its own time
                with suppress(aiohttp.ClientError):
                    assert len(await challenge_of(centre, "A1")) == 64
                    break


def test_connections_are_counted_by_network() -> None:
    doors = Connections(3, 2)
    assert [doors.enter(network_of(peer)) for peer in ("2001:db8::1", "2001:db8::2", "2001:db8::3")] == [
        True,
        True,
        False,
    ]
    assert doors.enter("192.0.2.1") and not doors.enter("192.0.2.2")
    doors.leave(network_of("2001:db8::9"))
    assert doors.enter("192.0.2.2") and (doors.open, doors.turned_away) == (3, 2)
