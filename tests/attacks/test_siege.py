"""Attacks 25 to 29: crowds that take the places, the mailbox, the processor or the descriptors from honest cars."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from edge.daemon.visitors import AT_ONCE
from edge.errors import LinkError
from edge.link.car import deliver
from tests.support.link import ANNA, RawCar
from tests.support.link_unit import StartUnit, Unit
from tests.support.needs import needs_root

ACCEPTED = {"status": "accepted"}
GONE = (ConnectionError, aiohttp.ClientError, TimeoutError, EOFError)
FIRST_TRY, WITH_RETRIES = 0.80, 0.95
"""What honest cars are promised while a crowd besieges the unit."""


async def connected(port: int, source: str) -> socket.socket:
    """A bare connection from *source*, of which the crowd says nothing more."""
    one = socket.socket()
    try:
        one.setblocking(False)
        one.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", port))
    except BaseException:
        one.close()
        raise
    return one


@asynccontextmanager
async def crowd(
    come: Callable[[str], Awaitable[socket.socket]], sources: Iterable[str], rate_per_s: float, *, first_s: float
) -> AsyncIterator[None]:
    """Let one after the other of *sources* come, *rate_per_s* of them, from *first_s* before until the end."""
    here: list[socket.socket] = []
    loop = asyncio.get_running_loop()

    async def keep_coming() -> None:
        started = loop.time()
        for number, source in enumerate(itertools.cycle(sources)):
            await asyncio.sleep(started + number / rate_per_s - loop.time())
            with suppress(OSError):
                here.append(await come(source))

    coming = asyncio.create_task(keep_coming())
    await asyncio.sleep(first_s)
    try:
        yield
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        for one in here:
            one.close()


async def visits(count: int, url: str, *, attempts: int, ca_file: Path | None = None) -> float:
    """The share of *count* visits of the reference car that the unit accepts."""
    accepted = 0
    for _ in range(count):
        with suppress(LinkError):
            await deliver(url, ANNA.chip, ANNA.plate, attempts=attempts, ca_file=ca_file)
            accepted += 1
    return accepted / count


async def test_25_a_crowd_behind_one_address_does_not_shut_it(start_unit: StartUnit) -> None:
    """150 connects a second from the address that a mobile network gives to all its cars."""
    unit = start_unit()
    url = f"http://127.0.0.1:{unit.port}"
    async with crowd(lambda source: connected(unit.port, source), ["127.0.0.1"], 150, first_s=4):
        assert await visits(25, url, attempts=1) >= FIRST_TRY
        assert await visits(25, url, attempts=5) >= WITH_RETRIES
    assert unit.count("displaced") > 0


async def test_25_idle_crowds_make_room(start_unit: StartUnit) -> None:
    """Twenty addresses that together hold more connections than there are places."""
    unit = start_unit(connections=200, connect_timeout_s=60)
    url = f"http://127.0.0.1:{unit.port}"
    sources = [f"127.9.{number}.1" for number in range(20)]
    async with crowd(lambda source: connected(unit.port, source), sources, 300, first_s=2):
        assert await visits(20, url, attempts=1) >= FIRST_TRY
        assert await visits(20, url, attempts=5) >= WITH_RETRIES
        assert unit.state()["connections"] <= 210


async def test_25_cars_behind_one_address_do_not_give_way_to_a_crowd_of_networks(start_unit: StartUnit) -> None:
    """Each of the crowd comes from a network of its own, so that eight cars of one network are the widest share."""
    unit = start_unit(connections=640, connect_timeout_s=60)
    sources = [f"127.{2 + number // 250}.{number % 250}.1" for number in range(1000)]
    async with crowd(lambda source: connected(unit.port, source), sources, 400, first_s=3):
        url = f"http://127.0.0.1:{unit.port}"
        shares = await asyncio.gather(*(visits(5, url, attempts=1) for _ in range(8)))
    assert sum(shares) / len(shares) >= FIRST_TRY
    assert unit.count("displaced") > 0


async def test_25_who_shares_a_network_with_a_crowd_keeps_its_place(start_unit: StartUnit) -> None:
    unit = start_unit(connections=20, connect_timeout_s=60)
    async with RawCar(unit.port, source="127.9.9.200") as car:
        await car.connect()
        idle = [await connected(unit.port, f"127.9.9.{number % 4 + 1}") for number in range(60)]
        assert await car.packet(car.seal()) == ACCEPTED
    for one in idle:
        one.close()


async def packets(port: int, sources: Iterable[str], uid: str = "rubbish") -> None:
    """One packet from each of *sources*."""
    for source in sources:
        with suppress(*GONE):
            async with RawCar(port, source=source) as car:
                await car.connect()
                await car.packet(b"\1" * 512, uid)


@pytest.mark.parametrize(
    "sources",
    [[f"127.{2 + number // 200}.{number % 200}.1" for number in range(300)], ["127.2.2.2"] * 300],
    ids=["from addresses that send one each", "from one address"],
)
async def test_26_a_packet_that_was_there_before_a_flood_outlives_it(start_unit: StartUnit, sources: list[str]) -> None:
    unit = start_unit(mailbox_packets=128, packets_per_uid=1000)
    for number in range(2):
        async with RawCar(unit.port, source=f"127.1.{number}.1") as car:
            assert await car.exchange() == ACCEPTED
    await packets(unit.port, sources)
    assert unit.state()["mailbox"] == 128
    assert unit.opened()[0] == [[ANNA.licence, ANNA.plate]] * 2


async def test_26_a_flood_from_one_network_leaves_room_for_the_others(start_unit: StartUnit) -> None:
    unit = start_unit(mailbox_packets=128, packets_per_uid=1000)
    await packets(unit.port, [f"127.2.2.{number % 50 + 1}" for number in range(200)])
    for source in ("127.1.1.1", "127.2.2.200"):  # elsewhere, and in the network of the flood
        async with RawCar(unit.port, source=source) as car:
            assert await car.exchange() == ACCEPTED
    assert unit.opened()[0] == [[ANNA.licence, ANNA.plate]] * 2


def client_hello() -> bytes:
    """The first message of a TLS client."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.fixture
def rsa_4096(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate whose signatures cost most, and its key."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key.write_bytes(ANNA.key.export_key())
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-key", str(key), "-out", str(certificate), "-days", "2", *names]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


async def test_27_client_hellos_do_not_take_the_unit(start_unit: StartUnit, rsa_4096: tuple[Path, Path]) -> None:
    """More handshakes than an RSA-4096 key can sign, from four addresses of one network."""
    certificate, key = rsa_4096
    unit = start_unit(tls_certificate=str(certificate), tls_key=str(key))
    hello = client_hello()

    async def greet(source: str) -> socket.socket:
        one = await connected(unit.port, source)
        with suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(one, hello)
        return one

    url = f"https://127.0.0.1:{unit.port}"
    async with crowd(greet, [f"127.9.9.{number + 1}" for number in range(4)], 400, first_s=8):
        assert await visits(10, url, attempts=1, ca_file=certificate) >= FIRST_TRY
        assert await visits(10, url, attempts=5, ca_file=certificate) >= WITH_RETRIES


async def test_27_a_handshake_in_crumbs_is_cut(start_unit: StartUnit, rsa_4096: tuple[Path, Path]) -> None:
    certificate, key = rsa_4096
    unit = start_unit(tls_certificate=str(certificate), tls_key=str(key))
    reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(ConnectionError):
        for byte in client_hello():
            writer.write(bytes((byte,)))
            await asyncio.sleep(0.005)
        await reader.read()
    writer.transport.abort()
    await unit.empty()
    assert unit.count("no_handshake") == 1


def descriptors(pid: int) -> int:
    """How many files the process *pid* has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@needs_root
async def test_29_the_metrics_port_takes_no_descriptors_from_the_unit(unit: Unit) -> None:
    """Any account of the machine may connect there, as often as it likes."""
    found = re.search(r"metrics and health are on \S+ port (\d+)", unit.whole_log())
    assert found is not None
    before = descriptors(unit.pid)
    here = [await connected(int(found[1]), "127.0.0.1") for _ in range(400)]
    most = before + AT_ONCE + 8
    for _ in range(200):
        if descriptors(unit.pid) <= most:
            break
        await asyncio.sleep(0.01)
    assert descriptors(unit.pid) <= most
    async with RawCar(unit.port) as car:
        assert await car.exchange() == ACCEPTED
    for one in here:
        one.close()
