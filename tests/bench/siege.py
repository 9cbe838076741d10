"""A siege: who besieges a unit, and honest cars that want to get through: ``siege.py MODE PORT RATE ...``.

- ``connects PORT RATE ADDRESSES``: RATE connects a second from ADDRESSES addresses, which say nothing
- ``packets PORT RATE``: whole visits, each from an address and a network of its own
- ``hellos PORT RATE``: the first message of a TLS handshake, from four addresses of one network
- ``honest PORT RATE COUNT SOURCE [CA]``: COUNT honest visits, ``crowded``: from the crowd's address, or ``apart``

An honest car is as far away as a mobile network makes it: it waits before each of its messages. It comes again as the
reference car does. Its line of JSON says when which uid was accepted, and at which attempt. The others print a line
when they begin and stay until standard input ends.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import uvloop
from cars import HOST, PACKET, Car, exchange, frame, lift_file_limit, until_stdin_ends

AWAY_S = 0.05
"""What a message takes on its way and back."""
ATTEMPTS = 5
FIRST_PAUSE_S = 0.5
PATIENCE_S = 10.0
CROWDED = "127.66.66.66"
"""The one address of a crowd, and of the honest cars behind the same address."""


class HonestCar(Car):
    """A car with a name, behind a slow network."""

    async def visit(self, port: int, source: str, uid: str, trust: ssl.SSLContext | None) -> None:
        """A whole visit; raises what went wrong."""
        name = "localhost" if trust is not None else None
        self._reader, self._writer = await asyncio.open_connection(
            HOST, port, local_addr=(source, 0), ssl=trust, server_hostname=name
        )
        try:
            await asyncio.sleep(AWAY_S)
            await self.upgrade()
            await asyncio.sleep(AWAY_S)
            await self.ask_for_challenge()
            await asyncio.sleep(AWAY_S)
            self._writer.write(frame("421" + PACKET.replace("0" * 32, uid, 1)))
            await self.expect('431[{"status":"accepted"}')
            await asyncio.sleep(AWAY_S)
            self.leave()
        except BaseException:
            self._writer.transport.abort()
            raise


async def come_again(port: int, source: str, uid: str, trust: ssl.SSLContext | None) -> tuple[str, int, float]:
    """Visit until it works or the car gives up; uid, attempt (0: none worked) and when."""
    for attempt in range(1, ATTEMPTS + 1):
        with suppress(OSError, EOFError, TimeoutError, RuntimeError):  # the last is uvloop's, of a closed transport
            await asyncio.wait_for(HonestCar().visit(port, source, uid, trust), PATIENCE_S)
            return uid, attempt, time.monotonic()
        await asyncio.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))
    return uid, 0, time.monotonic()


async def honest(port: int, rate: float, count: int, source: str, ca: str | None) -> list[tuple[str, int, float]]:
    trust = ssl.create_default_context(cafile=ca) if ca is not None else None
    started = time.perf_counter()
    pending = []
    for number in range(count):
        await asyncio.sleep(started + number / rate - time.perf_counter())
        own = CROWDED if source == "crowded" else f"127.1.{number % 250}.{number // 250 + 1}"
        pending.append(asyncio.create_task(come_again(port, own, f"honest{number:026}", trust)))
    return list(await asyncio.gather(*pending))


async def besiege(rate: float, come: Callable[[int], Awaitable[object]]) -> None:
    """Let one after the other come, *rate* a second; as if from another machine, it takes no processor time."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    here: set[asyncio.Task[object]] = set()

    async def keep_coming() -> None:
        started = time.perf_counter()
        for number in itertools.count():
            await asyncio.sleep(started + number / rate - time.perf_counter())
            task = asyncio.ensure_future(come(number))
            here.add(task)
            task.add_done_callback(lambda done: (here.discard(done), done.cancelled() or done.exception()))

    print(json.dumps({"coming": rate}), flush=True)
    coming = asyncio.create_task(keep_coming())
    await until_stdin_ends()
    coming.cancel()
    os._exit(0)


async def stay(port: int, source: str, first: bytes = b"") -> None:
    """Connect, send *first*, and stay until the unit ends it."""
    reader, writer = await asyncio.open_connection(HOST, port, local_addr=(source, 0))
    writer.write(first)
    with suppress(OSError):
        await reader.read()
    writer.transport.abort()


def client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


async def main() -> None:
    mode, port, rate, *more = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:]
    match mode:
        case "connects":
            addresses = int(more[0])
            many = [f"127.9.{number}.1" for number in range(addresses)] if addresses > 1 else [CROWDED]
            await besiege(rate, lambda number: stay(port, many[number % len(many)]))
        case "packets":
            await besiege(rate, lambda number: exchange(port, f"127.{number // 250 % 60 + 2}.{number % 250}.1"))
        case "hellos":
            hello = client_hello()
            await besiege(rate, lambda number: stay(port, f"127.9.9.{number % 4 + 1}", hello))
        case "honest":
            print(json.dumps(await honest(port, rate, int(more[0]), more[1], more[2] if more[2:] else None)))


if __name__ == "__main__":
    lift_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
