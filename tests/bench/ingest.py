"""``make bench-centre``: entries a second that the centre takes in, beside bare asyncpg, in one run, slice by slice.

    python tests/bench/ingest.py [--units 4]

*bare asyncpg* sends the same rows, of the same sizes, with one prepared INSERT and a COMMIT a request, over as many
connections as there are units. *checked* is all that the centre does with a request: whose token it is, every link,
hash and signature, rows of cases, files to come, the head, with the rights of what answers units. *bare HTTPS* is what
no service that answers over HTTPS can do without: aiohttp, TLS, a client, and the same bare INSERT and COMMIT.
*over HTTPS* is the centre. The clients run in the same process in both; all of it runs on uvloop, as the centre does.

The last table is what no program can do without that checks what it takes in, were its own work nothing: the signature,
each entry's JSON and hashes once, and the bare INSERT. So many of these two cores do a second, *at best*.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import aiohttp
import asyncpg
import uvloop
from aiohttp import web
from chains import chain, lines
from least import json_us, signature_us
from measured import Measured, children_s

from centre.config import CentreSettings, DatabaseSettings, LimitSettings, ListenSettings, MetricsSettings, Settings
from centre.database import DATABASE, SERVICE_ROLE, EmbeddedServer, Pool, as_unit, at_the_door, open_pool
from centre.delivery import Memory, accept_entries
from centre.service import own_files, running
from centre.service.main import listen
from centre.units import add_unit, visitor_of
from edge.cases.evidence import Link, Signer
from edge.delivery import Client, join_centre, trusting

BATCHES = {1: 100, 2: 100, 10: 30, 100: 10}
"""Entries a request -> requests a slice and unit. A unit sends two of each case: that it was filed, and its verdict."""
ROUNDS = 3
CORES = len(os.sched_getaffinity(0))
INSERT = (
    "INSERT INTO bare (unit_id, seq, kind, case_number, hash, header, body, signature, key_id)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
)


@dataclass
class Source:
    """A unit's chain, made before the clock runs: rows for bare, links and lines for the centre."""

    serial: str
    signer: Signer
    client: Client
    session: aiohttp.ClientSession
    unit: int
    links: list[Link]
    rows: list[tuple[object, ...]]
    at: int = 0
    bare_at: int = 0

    def next_links(self, count: int) -> list[Link]:
        """The next entries of the chain."""
        self.at += count
        return self.links[self.at - count : self.at]

    def next_rows(self, count: int) -> list[tuple[object, ...]]:
        """The next rows for bare asyncpg."""
        self.bare_at += count
        return self.rows[self.bare_at - count : self.bare_at]


Send = Callable[[Source], Awaitable[object]]


async def measured(sources: Sequence[Source], requests: int, batch: int, send: Send, postgres: int) -> Measured:
    """While every unit sends so many *requests*, one after the other; *postgres* is the server's process."""
    await _send(sources, 1, send)  # from here on the units are known, and the statements planned
    python_s, postgres_s, began_s = time.process_time(), children_s(postgres), time.perf_counter()
    await _send(sources, requests, send)
    took_s, count = time.perf_counter() - began_s, requests * batch * len(sources)
    return Measured(
        count / took_s,
        1e6 * (time.process_time() - python_s) / count,
        1e6 * (children_s(postgres) - postgres_s) / count,
    )


async def _send(sources: Sequence[Source], requests: int, send: Send) -> None:

    async def work(source: Source) -> None:
        for _ in range(requests):
            await send(source)

    await asyncio.gather(*map(work, sources))


Figures = tuple[int, list[Measured], tuple[float, float]]


async def bench(folder: Path, units: int) -> list[Figures]:
    """A row for each size of batch: bare, checked, bare over HTTPS, over HTTPS."""
    server = EmbeddedServer(folder / "postgresql")
    await server.start()
    try:
        settings = Settings(
            centre=CentreSettings(name="bench", state_dir=folder / "centre"),
            database=DatabaseSettings(
                url=server.dsn, service_url=server.dsn_of(DATABASE, SERVICE_ROLE), connections=units + 2
            ),
            listen=ListenSettings(port=0),
            limits=LimitSettings(logins_per_minute=100_000),
            metrics=MetricsSettings(enabled=False),
        )
        async with running(settings) as port:
            owner = await asyncpg.connect(server.dsn)
            await owner.execute("CREATE TABLE bare (LIKE entries INCLUDING DEFAULTS INCLUDING INDEXES)")
            await owner.close()
            pool = await open_pool(
                server.dsn, connections=units, statement_timeout_s=30, service_dsn=settings.database.service_url
            )
            process = int((folder / "postgresql" / "data" / "postmaster.pid").read_text().split()[0])
            found = [
                await _row(folder, settings, port, pool, process, requests, batch, units)
                for batch, requests in BATCHES.items()
            ]
            await pool.close()
            return found
    finally:
        await server.stop()


async def _row(
    folder: Path, settings: Settings, port: int, pool: Pool, postgres: int, requests: int, batch: int, units: int
) -> Figures:
    figures: list[list[Measured]] = [[], [], [], []]
    parts = list[tuple[float, float]]()
    for number in range(ROUNDS):
        names = [f"U{batch}-{number}-{unit}" for unit in range(units)]
        async with AsyncExitStack() as stack:
            sources = [await _source(folder, settings, port, name, (1 + requests) * batch, stack) for name in names]
            connections = {source.serial: await asyncpg.connect(settings.database.url) for source in sources}
            for connection in connections.values():
                stack.push_async_callback(connection.close)
            floor = await listen(stack, _floor(sources, connections, batch), "127.0.0.1", 0, own_files(settings)[1])
            sends = (
                partial(_bare, connections, batch),
                partial(_checked, pool, Memory(), batch),
                partial(_bare_over_https, f"https://127.0.0.1:{floor}/", batch),
                partial(_over_https, batch),
            )
            links = sources[0].links[1 : 1 + batch]
            parts.append((signature_us(links, sources[0].signer.public_key), json_us(lines(links), batch)))
            for place, send in enumerate(sends):
                figures[place].append(await measured(sources, requests, batch, send, postgres))
    of_signature, of_json = (statistics.median(each) for each in zip(*parts, strict=True))
    measured_of = [Measured(*map(statistics.median, zip(*each, strict=True))) for each in figures]
    return batch, measured_of, (of_signature, of_json)


async def _bare(connections: dict[str, Any], batch: int, source: Source) -> None:
    connection = connections[source.serial]
    async with connection.transaction():
        await connection.executemany(INSERT, source.next_rows(batch))


def _floor(sources: Sequence[Source], connections: dict[str, Any], batch: int) -> web.Application:
    """What answers over HTTPS that the rows of a request are committed, and looks at nothing."""
    of = {source.serial: source for source in sources}

    async def take(request: web.Request) -> web.Response:
        await request.read()
        await _bare(connections, batch, of[request.headers["Unit"]])
        return web.json_response({"confirmed": {"seq": 1, "hash": "0" * 64}})

    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/", take)
    return app


async def _bare_over_https(url: str, batch: int, source: Source) -> None:
    body = lines(source.links[source.bare_at : source.bare_at + batch])
    async with source.session.post(url, data=body, headers={"Unit": source.serial}) as response:
        await response.json()


async def _checked(pool: Pool, memory: Memory, batch: int, source: Source) -> None:
    token = source.client.authorization["Authorization"].removeprefix("Bearer ")
    with at_the_door(source.unit) as door:
        async with pool.acquire() as connection:
            visitor = await visitor_of(connection, token, None, door)
    with as_unit(visitor.unit):
        await accept_entries(pool, visitor, source.next_links(batch), memory)


async def _over_https(batch: int, source: Source) -> None:
    await source.client.entries(lines(source.next_links(batch)))


async def _source(
    folder: Path, settings: Settings, port: int, serial: str, cases: int, stack: AsyncExitStack
) -> Source:
    signer = Signer(secrets.token_bytes(32))
    owner = await asyncpg.connect(settings.database.url)
    code = await add_unit(owner, serial, own_files(settings)[1].authority_der())
    url, authority = f"https://127.0.0.1:{port}", folder / "authority.pem"
    await join_centre(url, code, serial=serial, signer=signer, authority_file=authority)
    client = await stack.enter_async_context(Client(url, trusting(authority), serial, signer))
    await client.log_in(b"")
    session = await stack.enter_async_context(
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(authority)))
    )
    unit = await owner.fetchval("SELECT id FROM units WHERE serial = $1", serial)
    await owner.close()
    links, rows = chain(signer, cases)
    return Source(serial, signer, client, session, unit, links, [(unit, *row[1:]) for row in rows])


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure what the centre takes in, beside bare asyncpg.")
    parser.add_argument("--units", type=int, default=4, help="that send at once (default %(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-centre-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # root's PostgreSQL runs as another account
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rows = runner.run(bench(folder, args.units))
    print(
        "| entries a request | bare asyncpg, entries/s | checked | of bare | bare HTTPS | over HTTPS | of bare HTTPS |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for batch, found, _ in rows:
        bare, checked, floor, https = (each.rate for each in found)
        cells = [f"{bare:,.0f}", f"{checked:,.0f}", f"{checked / bare:.2f}", f"{floor:,.0f}", f"{https:,.0f}"]
        print(f"| {batch} | " + " | ".join(cells) + f" | {https / floor:.2f} |")
    print(
        "\n| entries a request, processor time of one, µs | bare: Python | PostgreSQL | checked: Python | PostgreSQL |"
    )
    print("|---:|---:|---:|---:|---:|")
    for batch, (bare_one, checked_one, *_), _ in rows:
        times = (bare_one.python_us, bare_one.postgres_us, checked_one.python_us, checked_one.postgres_us)
        print(f"| {batch} | " + " | ".join(f"{time_us:.0f}" for time_us in times) + " |")
    print("\n| entries a request, µs of one | signature | JSON, hashes | bare INSERT | at best, entries/s | of bare |")
    print("|---:|---:|---:|---:|---:|---:|")
    for batch, (bare_one, *_), parts in rows:
        insert_us = bare_one.python_us + bare_one.postgres_us
        best = CORES * 1e6 / (sum(parts) + insert_us)
        cells = [*(f"{part:.0f}" for part in (*parts, insert_us)), f"{best:,.0f}", f"{best / bare_one.rate:.2f}"]
        print(f"| {batch} | " + " | ".join(cells) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
