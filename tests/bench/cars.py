"""Cars as light as can be, so that the servers are measured and not the cars: ``cars.py MODE PORT ...``.

- ``exchanges PORT COUNT AT_ONCE``: COUNT whole exchanges, AT_ONCE side by side
- ``paced PORT COUNT RATE``: COUNT exchanges, RATE a second; latency from packet to acknowledgement
- ``idle PORT COUNT``: connect COUNT clients, answer pings, and stay until standard input ends
- ``flood PORT``: exchanges from one address, as fast as they go, until standard input ends

Each prints one line of JSON. Every car has a loopback address of its own, except those of the flood.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import resource
import statistics
import sys
import time
from contextlib import suppress

import uvloop

HOST = "127.0.0.1"
PACKET = json.dumps(
    ["packet", {"uid": "0" * 32, "payload": base64.b64encode(os.urandom(512)).decode()}], separators=(",", ":")
)
FLOODER = "127.66.66.66"
NUMBERS = itertools.count()


def address() -> str:
    """A loopback address that no other car has, until 16,000 are in use."""
    number = next(NUMBERS) % 16_000
    return f"127.1.{number // 250}.{number % 250 + 1}"


def frame(text: str) -> bytes:
    """A WebSocket text frame, masked with zeros."""
    data = text.encode()
    if len(data) < 126:
        return bytes((0x81, 0x80 | len(data))) + b"\0\0\0\0" + data
    return b"\x81\xfe" + len(data).to_bytes(2, "big") + b"\0\0\0\0" + data


class Car:
    """One connection."""

    async def arrive(self, port: int, source: str) -> None:
        """Connect, and read up to the challenge."""
        self._reader, self._writer = await asyncio.open_connection(HOST, port, local_addr=(source, 0))
        await self.upgrade()
        await self.ask_for_challenge()

    async def upgrade(self) -> None:
        """Ask for the WebSocket."""
        self._writer.write(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: unit\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await self._reader.readuntil(b"\r\n\r\n")
        await self.expect("0{")

    async def ask_for_challenge(self) -> None:
        """CONNECT."""
        self._writer.write(frame("40"))
        await self.expect('42["challenge"')

    async def expect(self, head: str) -> None:
        """Read frames up to one that begins with *head*; pings are answered."""
        while True:
            text = await self.receive()
            if text == "2":
                self._writer.write(frame("3"))
            if text.startswith(head):
                return

    async def receive(self) -> str:
        """The next frame's text."""
        _, length = await self._reader.readexactly(2)
        if length == 126:
            length = int.from_bytes(await self._reader.readexactly(2), "big")
        return (await self._reader.readexactly(length)).decode()

    async def deliver(self) -> float:
        """Send the packet; seconds until its acknowledgement."""
        started = time.perf_counter()
        self._writer.write(frame("421" + PACKET))
        await self.expect('431[{"status":"accepted"}')
        return time.perf_counter() - started

    def leave(self) -> None:
        """Disconnect as the client libraries do."""
        self._writer.write(frame("41") + frame("1"))
        self._writer.close()


async def exchange(port: int, source: str) -> float:
    """A whole exchange; seconds from packet to acknowledgement."""
    car = Car()
    await car.arrive(port, source)
    latency = await car.deliver()
    car.leave()
    return latency


async def exchanges(port: int, count: int, at_once: int) -> dict[str, float]:
    left = iter(range(count))
    lost = 0

    async def drive() -> None:
        nonlocal lost
        for _ in left:
            try:
                await exchange(port, address())
            except (OSError, EOFError):
                lost += 1

    started = time.perf_counter()
    await asyncio.gather(*(drive() for _ in range(at_once)))
    return {"seconds": time.perf_counter() - started, "exchanges": count - lost, "lost": lost}


async def paced(port: int, count: int, rate: float) -> dict[str, float]:
    started = time.perf_counter()
    pending = []
    for number in range(count):
        await asyncio.sleep(started + number / rate - time.perf_counter())
        pending.append(asyncio.create_task(exchange(port, address())))
    results = await asyncio.gather(*pending, return_exceptions=True)
    latencies = sorted(one for one in results if isinstance(one, float))
    return {
        "p50_ms": statistics.median(latencies) * 1e3,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1e3,
        "lost": len(results) - len(latencies),
    }


async def idle(port: int, count: int) -> None:
    cars = [Car() for _ in range(count)]
    for start in range(0, count, 50):
        await asyncio.gather(*(car.arrive(port, address()) for car in cars[start : start + 50]))
    answering = [asyncio.create_task(car.expect("nothing")) for car in cars]
    print(json.dumps({"connected": count}), flush=True)
    await until_stdin_ends()
    for task in answering:
        task.cancel()
    os._exit(0)


async def flood(port: int) -> None:
    # A flood comes from another machine: it takes no processor time from the unit.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

    async def drive() -> None:
        while True:
            with suppress(OSError, EOFError):
                await exchange(port, FLOODER)

    tasks = [asyncio.create_task(drive()) for _ in range(16)]
    print(json.dumps({"flooding": True}), flush=True)
    await until_stdin_ends()
    for task in tasks:
        task.cancel()
    os._exit(0)


async def until_stdin_ends() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def main() -> None:
    mode, port, *numbers = sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])
    match mode:
        case "exchanges":
            print(json.dumps(await exchanges(port, int(numbers[0]), int(numbers[1]))))
        case "paced":
            print(json.dumps(await paced(port, int(numbers[0]), numbers[1])))
        case "idle":
            await idle(port, int(numbers[0]))
        case "flood":
            await flood(port)


def lift_file_limit() -> None:
    """Allow as many connections as the system does."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    lift_file_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
