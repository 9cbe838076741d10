from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import socketio
from aiohttp import web

from edge.cli import main
from edge.config import LinkSettings
from edge.crypto.chip import save_chip
from edge.crypto.packet import Opened, open_packet
from edge.demo.cars import Traffic
from edge.demo.cast import load_cast
from edge.errors import LinkError, SecretError
from edge.link import car
from edge.link.car import deliver
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from tests.support.link import ANNA


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(car, "FIRST_RETRY_S", 0.01)


@pytest.fixture
async def mailbox() -> Mailbox:
    return Mailbox(1, 60, 4)


@pytest.fixture
async def url(mailbox: Mailbox) -> AsyncIterator[str]:
    server = LinkServer(LinkSettings(port=0), mailbox)
    await server.start()
    yield f"http://127.0.0.1:{server.port}"
    await server.stop()


@asynccontextmanager
async def unit_that(says: dict[str, Any], challenge: object = None) -> AsyncIterator[tuple[str, list[str]]]:
    """A fake unit that answers every packet with *says*; yields its address and the sessions that connected."""
    server = socketio.AsyncServer(async_mode="aiohttp", always_connect=True)
    came: list[str] = []

    async def connect(sid: str, environ: object, auth: object) -> None:
        came.append(sid)
        body = challenge if challenge is not None else {"nonce": "0" * 32, "timestamp": 1}
        await server.emit("challenge", body, to=sid)

    server.on("connect", connect)
    server.on("packet", lambda sid, body: says)
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{site.port}", came
    await server.shutdown()
    await runner.cleanup()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


async def test_the_cars_of_the_demo_try_again_on_a_slow_machine_and_fail_with_a_sentence() -> None:
    cast = load_cast()
    chips = {person.licence: ANNA.chip for person in cast.driver}
    async with unit_that({"status": "rejected", "reason": "expired"}) as (url, came):
        with pytest.raises(
            LinkError, match=r"took no packet in 5 attempts \(the unit refused the packet \(expired\)\)"
        ):
            await Traffic(url, cast, chips).record()
    assert len(came) == 5


async def test_it_delivers(url: str, mailbox: Mailbox) -> None:
    await deliver(url, ANNA.chip, ANNA.plate)
    (packet,) = mailbox.window(0, 2**62)
    assert open_packet(ANNA.key, packet) == Opened(ANNA.plate, ANNA.licence)


async def test_it_tries_again_and_gives_up_with_the_reason(url: str) -> None:
    await deliver(url, ANNA.chip, ANNA.plate)
    with pytest.raises(LinkError, match=r"took no packet in 3 attempts \(the unit refused the packet \(busy\)\)"):
        await deliver(url, ANNA.chip, ANNA.plate, attempts=3)


async def test_it_does_not_insist_on_a_malformed_packet() -> None:
    async with unit_that({"status": "rejected", "reason": "malformed"}) as (url, came):
        with pytest.raises(LinkError, match="update the car's software"):
            await deliver(url, ANNA.chip, ANNA.plate)
        assert len(came) == 1


async def test_only_accepted_is_accepted() -> None:
    for says in ({}, {"status": "ok"}, {"status": "ACCEPTED"}):
        async with unit_that(says) as (url, came):
            with pytest.raises(LinkError, match="took no packet"):
                await deliver(url, ANNA.chip, ANNA.plate, attempts=2)
            assert len(came) == 2


@pytest.mark.parametrize(
    "challenge", [{}, [], {"nonce": 1, "timestamp": 1}, {"nonce": "x", "timestamp": True}], ids=repr
)
async def test_a_challenge_of_another_protocol(challenge: object) -> None:
    async with unit_that({}, challenge) as (url, _):
        with pytest.raises(LinkError, match=r"not one of protocol version 1|challenge"):
            await deliver(url, ANNA.chip, ANNA.plate, attempts=1, timeout_s=3)


async def test_nobody_there() -> None:
    with pytest.raises(LinkError, match="took no packet in 2 attempts"):
        await deliver("http://127.0.0.1:9", ANNA.chip, ANNA.plate, attempts=2)


async def test_somebody_who_says_nothing() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(LinkError, match="took no packet in 1 attempt "):
        await deliver(f"http://127.0.0.1:{port}", ANNA.chip, ANNA.plate, attempts=1, timeout_s=0.3)
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("url", ["127.0.0.1:8443", "ftp://x", "", "http://", "https://:8443"])
async def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(LinkError, match="begins with neither http:// nor https://: write it like http"):
        await deliver(url, ANNA.chip, ANNA.plate)


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "https://unit:port", "http://[::1"])
async def test_an_address_that_no_url_can_have(url: str) -> None:
    with pytest.raises(LinkError, match="is not a URL: write it like https"):
        await deliver(url, ANNA.chip, ANNA.plate)


@pytest.mark.parametrize(
    "url",
    [
        "http://unit.example:8443",
        "HTTP://unit.example",
        "http://192.0.2.7",
        "http://127.0.0.1.example",
        "http://127.0.0.1@unit.example",
        "http://[2001:db8::1]:8443",
        "http://0.0.0.0:8443",
        "http://localhost.example",
    ],
)
async def test_a_uid_never_travels_in_clear(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def called(*_: object, **__: object) -> None:
        raise AssertionError("the car connected")

    monkeypatch.setattr(car, "exchange_once", called)
    with pytest.raises(LinkError, match="https://"):
        await deliver(url, ANNA.chip, ANNA.plate)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "[::1]", "localhost", "LOCALHOST"])
async def test_but_on_the_same_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    async def accept(url: str, *_: object, **__: object) -> None:
        called.append(url)

    monkeypatch.setattr(car, "exchange_once", accept)
    await deliver(f"http://{host}:8443", ANNA.chip, ANNA.plate)
    assert called == [f"http://{host}:8443"]


async def test_a_plate_with_spaces(url: str) -> None:
    with pytest.raises(LinkError, match="without spaces or dashes"):
        await deliver(url, ANNA.chip, "AB 123 CD")


async def test_a_chip_that_is_broken(url: str) -> None:
    with pytest.raises(SecretError, match="cannot be read"):
        await deliver(url, replace(ANNA.chip, public_key="x"), ANNA.plate)


async def test_a_certificate_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match="give a readable PEM file"):
        await deliver("https://127.0.0.1:9", ANNA.chip, ANNA.plate, ca_file=tmp_path / "none.pem")


async def test_the_command(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chip = tmp_path / "chip.json"
    save_chip(ANNA.chip, chip)
    command = ["car", "--url", url, "--chip", str(chip), "--plate", ANNA.plate, "--attempts", "1"]
    assert await asyncio.to_thread(main, command) == 0
    assert await asyncio.to_thread(main, command) == LinkError.exit_code
    said = capsys.readouterr()
    assert said.out == "accepted\n"
    assert said.err.count("\n") == 1
    assert ANNA.uid not in said.err
