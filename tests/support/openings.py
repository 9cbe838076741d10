"""A unit whose cases the centre decides, a registry there with people, and the opening service at work."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from centre.opening import opening
from edge.cases.evidence import Signer
from edge.cases.storage.outbox import Outbox
from edge.cases.store import CaseStore
from edge.config import models_dir
from edge.crypto import load_public_key, seal
from edge.delivery import Client
from edge.delivery.openings import OpeningService, enclosed
from edge.delivery.progress import Progress
from edge.delivery.remote import RemoteOpener, fetch_service
from edge.model import Decision, Packet, PendingCase, PlateRead, Trigger
from edge.registry import Enrolment
from edge.vision.checksums import reader_checksum
from tests.support.cases import SIGNER, UNIT, photo
from tests.support.centre import Centre, lines_of
from tests.support.centre_registry import take_over
from tests.support.reads import plate_read
from tests.support.registry import enter

UNIT_SERIAL = str(UNIT["serial"])
PEOPLE = {"UD0000001A": "CD456EF", "UD0000002A": "FG789HJ", "UD0000003A": "BB123CC"}
"""Licence and plate of everybody who is enrolled; the first one is the speeder where a test needs one."""


def enrol(place: Path) -> dict[str, Enrolment]:
    """Enter everybody, with the plate as their own vehicle."""
    return {
        licence: enter(place, licence=licence, last_name=f"Person {plate}", plates=[f"IT:{plate}"])
        for licence, plate in PEOPLE.items()
    }


def answer(person: Enrolment, plate: str, at_utc: float, *, licence: str | None = None) -> Packet:
    """A car's answer to a challenge of that instant."""
    nonce = f"{time.monotonic_ns():032x}"
    payload = seal(
        load_public_key(person.public_key_pem),
        plate=plate,
        licence=licence or person.licence,
        nonce=nonce,
        timestamp=int(at_utc),
    )
    return Packet(person.uid, payload, nonce, int(at_utc), at_utc, time.monotonic_ns())


@dataclass
class RoadsideUnit:
    """A unit that has joined, and asks the opening service."""

    state_dir: Path
    client: Client
    service: OpeningService

    async def file(self, *packets: Packet, at_utc: float | None = None) -> tuple[PendingCase, list[Packet]]:
        """File a case with the packets, enclosed; returns it with them."""
        sealed = [enclosed(each, UNIT_SERIAL, self.service.sealing_key) for each in packets]
        store = await CaseStore.open(self.state_dir, SIGNER, UNIT)
        try:
            fired = Trigger(time.time() if at_utc is None else at_utc, time.monotonic_ns(), 82.0, "gpio", "inbound")
            number = await store.file_case(fired, [photo()], sealed, limit_kmh=50.0, site="SP 235")
            case = await store.load(number)
        finally:
            await store.close()
        return case, list(case.packets)

    async def deliver(self) -> None:
        """Bring every entry to the centre."""
        if not self.client.is_logged_in:
            await self.client.log_in(b"")
        await self.client.entries(lines_of(self.state_dir))

    async def ask(self, case: PendingCase, packets: Sequence[Packet], plate: str = "CD456EF") -> Decision:
        """The centre's decision where the photo shows *plate*."""
        return await self.opener_of(self.client).ask(case, [(seen(plate),)], packets, None)

    def opener_of(self, client: Client, serial: str = UNIT_SERIAL, signer: Signer = SIGNER) -> RemoteOpener:
        """The way to the opening service for a unit of that *serial*, with this unit's store."""
        chain, reader = Outbox(self.state_dir), reader_checksum(models_dir())
        progress = Progress()  # there is no courier: it asks as soon as the case may be delivered
        progress.move(0, is_answered=False)
        return RemoteOpener(client, chain, self.service, serial=serial, signer=signer, reader=reader, progress=progress)


def seen(plate: str) -> PlateRead:
    """A photo's read of *plate*, without doubt."""
    return replace(plate_read(plate), countries={"IT": 0.99})


@asynccontextmanager
async def roadside(centre: Centre, place: Path) -> AsyncIterator[RoadsideUnit]:
    """The opening service of *centre*, with the registry in the folder *place*, and a unit that has joined."""
    dsn = centre.settings.database.url
    assert dsn is not None
    await take_over(dsn, place)
    state_dir = place / "unit"
    async with opening(centre.settings), await centre.let_in(UNIT_SERIAL, SIGNER, place) as client:
        service = await fetch_service(client, b"", place / "opener.json")
        yield RoadsideUnit(state_dir, client, service)
