"""``make bench``, version 2 of the protocol: visits against the bare library, and what a visit costs against version 1.

    python tests/bench/version_2.py [--rounds 6]

Three servers in processes of their own: the unit with version 1, the unit with version 2, and ``bare``: python-socketio
on aiohttp doing the exchange of version 2 with the same bytes and no checks, its challenge made once. Rates by the
clock, and by the server's own CPU time; medians over alternating rounds. No link verifies a chip's signature: that is
for the radar to ask for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import cars
import socketio
import uvloop
from aiohttp import web
from processes import WIDE_OPEN

from edge.config import LinkSettings
from edge.crypto import ChallengeSigner, Ed25519Key, UnitCertificate
from edge.link.identity import Identity
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from tests.support.signed_link import UNIT_SEED, VECTOR

EXCHANGES, AT_ONCE, WINDOW_S = 200, 16, 16.0
CHALLENGE, PACKET = VECTOR["challenge"], VECTOR["packet"]


class Car(cars.Car):
    """A car that says it speaks version 2, and sends the vector's packet."""

    async def ask_for_challenge(self) -> None:
        """CONNECT with the versions."""
        self._writer.write(cars.frame('40{"versions":[2]}'))
        await self.expect('42["challenge"')

    async def deliver(self) -> float:
        """Send the packet; seconds until its acknowledgement."""
        started = time.perf_counter()
        self._writer.write(cars.frame("421" + json.dumps(["packet", PACKET], separators=(",", ":"))))
        await self.expect('431[{"status":"accepted"')
        return time.perf_counter() - started


def identity() -> Identity:
    """That of the vector's unit."""
    certificate = UnitCertificate.of_record(CHALLENGE["certificate"])
    signer = ChallengeSigner(Ed25519Key(UNIT_SEED), certificate, bytes.fromhex(CHALLENGE["registry_key"]))
    return Identity(signer, certificate, (1, 2), 900.0, 10)


async def unit(version: int) -> int:
    """The unit's link, which speaks one or both versions; returns its port."""
    settings = LinkSettings.model_validate({"port": 0, **WIDE_OPEN})
    server = LinkServer(settings, Mailbox(settings.mailbox_packets, WINDOW_S, 32), identity() if version == 2 else None)
    await server.start()
    return server.port


async def bare() -> int:
    """The library alone; returns its port."""
    server = socketio.AsyncServer(async_mode="aiohttp", always_connect=True, transports=["websocket"])
    packets: list[dict[str, str]] = []

    @server.event
    async def connect(sid: str, environ: dict[str, object], auth: object = None) -> None:
        nonce = {"nonce": secrets.token_hex(16), "timestamp": int(time.time())}
        await server.emit("challenge", {**CHALLENGE, **nonce}, to=sid)

    @server.event
    async def packet(sid: str, body: dict[str, str]) -> dict[str, object]:
        packets.append(body)
        return {"status": "accepted", "counts_s": 10}

    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    return site.port


async def serve(kind: str) -> None:
    """Run a server; a line on standard input asks for its CPU seconds so far."""
    port = await (bare() if kind == "bare" else unit(int(kind)))
    questions = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    print(port, flush=True)
    while await questions.readline():
        print(time.process_time(), flush=True)
    os._exit(0)


class Server:
    """A server in its process."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", kind],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.port = int(self._line())

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def cpu_s(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._line())

    def visited(self) -> tuple[float, float]:
        """Let :data:`EXCHANGES` cars pass; returns wall and server CPU seconds a visit."""
        cars.Car, kept = (cars.Car if self.kind == "1" else Car), cars.Car  # type: ignore[misc]
        try:
            before = self.cpu_s()
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                done = runner.run(cars.exchanges(self.port, EXCHANGES, AT_ONCE))
            assert not done["lost"], done
            return done["seconds"] / EXCHANGES, (self.cpu_s() - before) / EXCHANGES
        finally:
            cars.Car = kept  # type: ignore[misc]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    args: Any = parser.parse_args()
    if args.serve:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(args.serve))
    cars.lift_file_limit()
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(Server(kind)) for kind in ("1", "2", "bare")}
        found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in servers}
        for number in range(args.rounds + 1):
            for kind in sorted(servers, reverse=bool(number % 2)):
                each = servers[kind].visited()
                found[kind] += [each] if number else []  # the first round warms up
    wall, cpu = ({kind: statistics.median(each[index] for each in found[kind]) for kind in found} for index in (0, 1))
    rows = (
        ("visits a second, version 2 / bare", wall["bare"] / wall["2"], 0.85, True),
        ("visits a second of server CPU, version 2 / bare", cpu["bare"] / cpu["2"], 0.85, True),
        ("server CPU of a visit, version 2 / version 1", cpu["2"] / cpu["1"], 1.3, False),
    )
    print(f"server CPU of a visit, ms: {', '.join(f'{kind} {each * 1e3:.3f}' for kind, each in cpu.items())}")
    for what, ratio, bound, at_least in rows:
        print(f"{what}: {ratio:.2f} (wanted: {'>=' if at_least else '<='} {bound})")
    return 0 if all((ratio >= bound) if at_least else (ratio <= bound) for _, ratio, bound, at_least in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
