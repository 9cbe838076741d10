"""Attack 23: TLS that is too old, too weak, stalled, or due for renewal."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from edge.errors import LinkError, SecretError
from edge.link.car import deliver
from edge.link.connection import MAX_BYTES
from edge.link.tls import server_context
from tests.support.link import ANNA, RawCar
from tests.support.link_unit import StartUnit, Unit, make_unit

Files = dict[str, Path]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> Files:
    files = {name: tmp_path / f"{name}.pem" for name in ("certificate", "key", "authority")}
    authority.cert_pem.write_to_path(str(files["authority"]))
    issue(authority, files)
    return files


def issue(authority: trustme.CA, files: Files) -> bytes:
    """Put a fresh certificate in place; returns it in PEM."""
    leaf = authority.issue_cert("localhost", "127.0.0.1")
    leaf.cert_chain_pems[0].write_to_path(str(files["certificate"]))
    leaf.private_key_pem.write_to_path(str(files["key"]))
    return leaf.cert_chain_pems[0].bytes()


@pytest.fixture
def start(start_unit: StartUnit, files: Files) -> Callable[..., Unit]:
    def start(**settings: object) -> Unit:
        return start_unit(tls_certificate=str(files["certificate"]), tls_key=str(files["key"]), **settings)

    return start


def client(files: Files) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=files["authority"])


def shown(unit: Unit, files: Files) -> str:
    """The certificate that the unit shows now."""
    with (
        socket.create_connection(("127.0.0.1", unit.port)) as connection,
        client(files).wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        der = secured.getpeercert(binary_form=True)
    assert der is not None
    return ssl.DER_cert_to_PEM_cert(der)


async def logged(unit: Unit, text: str) -> None:
    """Wait until *unit* says *text* in its log."""
    for _ in range(500):
        if text in unit.whole_log():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"the unit never said {text!r}")


def handshake(unit: Unit, *options: str) -> str:
    """What OpenSSL's own client says of a handshake with *options*; its security level is off, ours must do."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{unit.port}", "-cipher", "ALL:@SECLEVEL=0", *options]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


async def test_23_a_car_delivers_over_tls(start: Callable[..., Unit], files: Files) -> None:
    unit = start()
    await deliver(f"https://127.0.0.1:{unit.port}", ANNA.chip, ANNA.plate, ca_file=files["authority"])
    assert unit.opened()[0] == [[ANNA.licence, ANNA.plate]]


async def test_23_a_car_does_not_talk_to_an_unknown_unit(start: Callable[..., Unit]) -> None:
    unit = start()
    with pytest.raises(LinkError, match="took no packet"):
        await deliver(f"https://127.0.0.1:{unit.port}", ANNA.chip, ANNA.plate, attempts=1)
    assert unit.state()["mailbox"] == 0


async def test_23_old_versions_and_weak_ciphers_are_refused(start: Callable[..., Unit]) -> None:
    unit = start()
    assert "Cipher is TLS_AES_256_GCM_SHA384" in handshake(unit, "-tls1_3")
    assert "Cipher is ECDHE-" in handshake(unit, "-tls1_2")
    refused = [
        ["-tls1"],
        ["-tls1_1"],
        ["-tls1_2", "-cipher", "AES256-GCM-SHA384:@SECLEVEL=0"],  # no forward secrecy
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:@SECLEVEL=0"],  # CBC
        ["-tls1_2", "-cipher", "NULL:aNULL:eNULL:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "DES-CBC3-SHA:RC4-SHA:@SECLEVEL=0"],
    ]
    for options in refused:
        assert "Cipher is (NONE)" in handshake(unit, *options) or "no cipher match" in handshake(unit, *options), (
            options
        )


async def test_23_plain_http_and_rubbish_on_the_tls_port(start: Callable[..., Unit]) -> None:
    unit = start()
    for raw in (
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01" + b"\xff" * 99,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
        writer.write(raw)
        with suppress(ConnectionError):
            assert b"HTTP" not in await asyncio.wait_for(reader.read(), 30)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    await unit.empty()
    assert unit.count("no_handshake") == 2


async def test_23_a_stalled_handshake_is_cut(start: Callable[..., Unit]) -> None:
    unit = start(connect_timeout_s=0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", unit.port)
    with suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 30) == b""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    await unit.empty()
    assert unit.count("no_handshake") == 1


async def test_23_stalled_handshakes_count_at_the_gate(start: Callable[..., Unit], files: Files) -> None:
    unit = start(address_connections=3)
    stalled = [await asyncio.open_connection("127.0.0.1", unit.port) for _ in range(3)]
    await unit.becomes(connections=3)
    async with RawCar(unit.port, scheme="https", ssl=client(files)) as car:
        assert await car.exchange() == {"status": "accepted"}
    assert unit.count("displaced") == 1
    for _, writer in stalled:
        writer.transport.abort()
    await unit.empty()


async def test_23_tls_has_a_budget_of_bytes_of_its_own(start: Callable[..., Unit], files: Files) -> None:
    """A byte a record: what TLS adds is not seen inside, and would be taken without end."""
    unit = start()
    async with RawCar(unit.port, scheme="https", ssl=client(files)) as car:
        await car.connect()
        transport = car.transport
        for _ in range(MAX_BYTES // 4):
            if transport.is_closing():
                break
            transport.write(b"\x8a")
            await asyncio.sleep(0)
        await unit.empty()
    assert unit.count("oversized") == 1


async def test_23_a_new_certificate_is_shown_after_sighup(
    start: Callable[..., Unit], files: Files, authority: trustme.CA
) -> None:
    unit = start()
    async with RawCar(unit.port, scheme="https", ssl=client(files)) as car:
        await car.connect()
        fresh = issue(authority, files).decode()
        assert shown(unit, files) != fresh
        unit.send(signal.SIGHUP)
        for _ in range(500):
            if shown(unit, files) == fresh:
                break
            await asyncio.sleep(0.01)
        assert shown(unit, files) == fresh
        assert await car.packet(car.seal()) == {"status": "accepted"}  # connections opened before go on


async def test_23_a_certificate_that_cannot_be_used_changes_nothing(start: Callable[..., Unit], files: Files) -> None:
    unit = start()
    before = shown(unit, files)
    files["certificate"].write_text("rubbish")
    unit.send(signal.SIGHUP)
    await logged(unit, "cannot be used")
    assert shown(unit, files) == before


async def test_23_the_daemon_itself_reads_its_certificate_again_on_sighup(
    files: Files, authority: trustme.CA, tmp_path: Path
) -> None:
    config = make_unit(tmp_path)
    lines = f'tls_certificate = "{files["certificate"]}"\ntls_key = "{files["key"]}"\n'
    config.write_text(config.read_text().replace("[link]\n", "[link]\n" + lines))
    unit = Unit(tmp_path / "unit.log", "daemon_runner.py", str(config))
    try:
        fresh = issue(authority, files).decode()
        assert shown(unit, files) != fresh
        unit.send(signal.SIGHUP)
        await logged(unit, "the TLS certificate was read again")
        assert shown(unit, files) == fresh
        files["certificate"].write_text("rubbish")
        unit.send(signal.SIGHUP)
        await logged(unit, "the TLS certificate in use stays")
        assert shown(unit, files) == fresh
    finally:
        assert unit.stop() == 0
    unit.new_log()


def test_23_certificates_that_cannot_be_used(files: Files, authority: trustme.CA, tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="missing"):
        server_context(tmp_path / "none.pem", files["key"])
    other = tmp_path / "other.pem"
    authority.issue_cert("elsewhere").private_key_pem.write_to_path(str(other))
    with pytest.raises(SecretError, match="give PEM files that belong together"):
        server_context(files["certificate"], other)
    sealed = tmp_path / "sealed.pem"
    key = serialization.load_pem_private_key(files["key"].read_bytes(), None)
    encrypted = serialization.BestAvailableEncryption(b"x")
    sealed.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption_algorithm=encrypted)
    )
    with pytest.raises(SecretError, match="cannot be used"):
        server_context(files["certificate"], sealed)
