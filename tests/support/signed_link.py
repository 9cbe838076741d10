"""What the tests of protocol version 2 share: an authority, a certified unit with a registry, and Anna's chip."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from Crypto.PublicKey import RSA

from edge.config import LinkSettings
from edge.crypto import AUTHORITY_FORMAT, ChipKey, Ed25519Key, Position, UnitCertificate, make_request, save_chip_key
from edge.crypto.chip_signature import sign_message
from edge.flow.opening import WindowOpener
from edge.identify.formats import licence_pattern, plate_pattern
from edge.link.answering import Signing
from edge.link.identity import Identity, load_identity
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from edge.model import Claim, Packet, Rejection
from edge.registry import Registry, create_master_key, create_registry, enrol, load_master_key
from tests.support.link import ANNA, BRUNO, RawCar, TestDriver
from tests.support.registry import ADA, PORTRAIT

VECTOR: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "docs" / "protocol-vectors-2.json").read_text(encoding="utf-8")
)
"""The test vector of the page: its keys are those of the tests."""
AUTHORITY = Ed25519Key(bytes.fromhex(VECTOR["authority_seed"]))
UNIT_SEED = bytes.fromhex(VECTOR["unit_seed"])
SERIAL = "AVX-0042"
HERE = Position.of_degrees(46.0625, 13.2345)
FAR = Position.of_degrees(46.0667, 11.1167)
ANNAS_SIGNING_KEY = RSA.import_key(VECTOR["signing_key"])
DAY_S = 86_400


class Here:
    """Runs the work of the worker processes in this one."""

    workers = 1

    async def run(self, function: Any, *args: Any) -> Any:
        return function(*args)


class ChipInMemory:
    """Anna's chip, which does not count: for tests of what is signed."""

    verify_key = ANNAS_SIGNING_KEY.public_key().export_key("DER")

    def next_counter(self) -> int:
        return 1

    def sign(self, message: bytes) -> bytes:
        return sign_message(ANNAS_SIGNING_KEY, message)


@dataclass
class Certified:
    """A unit's files in a folder: its registry knows Anna, whose chip signs, and Bruno, whose chip does not."""

    folder: Path
    anna: ChipKey
    settings: LinkSettings = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "unit.key").write_bytes(UNIT_SEED)
        (self.folder / "unit.key").chmod(0o600)
        self.certify()
        (self.folder / "authority.json").write_text(
            json.dumps({"format": AUTHORITY_FORMAT, "key": AUTHORITY.public_key.hex()})
        )
        self.settings = LinkSettings.model_validate(
            {
                "port": 0,
                "versions": [1, 2],
                "unit_key_file": self.folder / "unit.key",
                "unit_certificate": self.folder / "unit.json",
                "signed_ttl_s": 5.0,
                "drain_timeout_s": 0.5,
            }
        )

    def certify(self, position: Position | None = HERE) -> None:
        """Write the unit's certificate."""
        unit = Ed25519Key(UNIT_SEED)
        until = int(time.time()) + 100 * DAY_S
        certificate = UnitCertificate(SERIAL, unit.public_key, "Viale Venezia, Udine", position, until)
        (self.folder / "unit.json").write_text(json.dumps(certificate.signed_by(AUTHORITY).record()))

    @property
    def signing(self) -> Signing:
        """Anna's chip in her car, which knows where it is."""
        return Signing(self.anna, AUTHORITY.public_key, HERE)

    async def registry(self) -> Registry:
        return await Registry.open(self.folder / "registry.sqlite", load_master_key(self.folder / "master.key"))

    async def identity(self, **changes: Any) -> Identity:
        registry = await self.registry()
        key = await registry.uid_key()
        await registry.close()
        settings = self.settings.model_copy(update=changes)
        identity = load_identity(settings, SERIAL, key.public if key else None, 10.0)
        assert identity is not None
        return identity

    @asynccontextmanager
    async def unit(self, **changes: Any) -> AsyncIterator[tuple[LinkServer, Mailbox]]:
        """The unit's link with its mailbox, which speaks both versions."""
        settings = self.settings.model_copy(update=changes)
        mailbox = Mailbox(100, 60, 32)
        server = LinkServer(settings, mailbox, await self.identity(**changes))
        await server.start()
        try:
            yield server, mailbox
        finally:
            await server.stop()

    async def opened(self, packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[Rejection]]:
        """What the unit makes of *packets* when its radar fires."""
        registry = await self.registry()
        try:
            window = WindowOpener(registry, Here(), plate_pattern((), "[A-Z0-9]{2,12}"), licence_pattern("[A-Z0-9]+"))
            return await window(packets)
        finally:
            await registry.close()


def certified(folder: Path) -> Certified:
    """Make the files of a certified unit in *folder*."""
    create_master_key(folder / "master.key")
    create_registry(folder / "registry.sqlite")
    chip = save_chip_key(folder / "anna.key", ANNAS_SIGNING_KEY)
    enter_driver(folder, ANNA, make_request(chip, ANNA.licence))
    enter_driver(folder, BRUNO, None)
    return Certified(folder, chip)


def enter_driver(folder: Path, driver: TestDriver, request: bytes | None) -> None:
    """Enter *driver*, with the key pair and the uid of the vectors."""
    with pytest.MonkeyPatch.context() as known:
        known.setattr(enrol, "generate_private_key", lambda _: driver.key)
        known.setattr(enrol.secrets, "token_hex", lambda _: driver.uid)
        values = {**ADA, "licence": driver.licence, "portrait": PORTRAIT, "plates": (driver.plate,), "request": request}
        enrol.enrol_driver(folder / "registry.sqlite", load_master_key(folder / "master.key"), **values)  # type: ignore[arg-type]


class RawSignedCar(RawCar):
    """A car that says it speaks version 2, and sends whatever it is told to."""

    async def connect(self) -> dict[str, Any]:
        """CONNECT with the versions, and the challenge that comes for it."""
        await self.send('40{"versions":[2]}')
        assert (await self.receive()).startswith("40{")
        name, self.challenge = json.loads((await self.receive())[2:])
        assert name == "challenge"
        return self.challenge

    async def body(self, body: dict[str, Any]) -> Any:
        """Send a packet event with this *body*; returns the acknowledgement's body."""
        return await self.ask("packet", body)


def octets(body: dict[str, Any], name: str) -> bytes:
    """The bytes of a base64 field of a packet event's body."""
    return base64.b64decode(body[name], validate=True)
