"""The opening service as the unit asks it: one case each, over HTTPS to the authority that is trusted there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from edge.delivery.client import Answered, Client
from edge.delivery.kept import keep
from edge.delivery.openings import (
    REQUEST_DOMAIN,
    SIGNATURE,
    OpeningService,
    decision_of,
    request_body,
)
from edge.delivery.ports import Head, Signer
from edge.delivery.progress import Progress
from edge.errors import DeliveryError
from edge.model import Decision, Packet, PendingCase, PlateRead

ANSWER_BYTES: Final = 4 * 1024 * 1024
FILED_TRIES: Final = 40
BETWEEN_TRIES_S: Final = 0.25
"""A case is asked for once its entry is at the centre, as the courier tells, or after so many looks."""


class Chain(Protocol):
    """The unit's chain; raises CaseError. Its methods are called from a thread, one at a time."""

    def filed(self, case: int) -> Head | None:
        """The entry that filed a case, once it may be delivered."""

    def key_lines(self) -> bytes:
        """The entries that introduce keys."""


class RemoteOpener:
    """Has the packets of a case opened at the centre. *client* is entered by whoever makes this."""

    def __init__(
        self,
        client: Client,
        chain: Chain,
        service: OpeningService,
        *,
        serial: str,
        signer: Signer,
        reader: str,
        progress: Progress,
    ) -> None:
        """Nothing is asked yet; *reader* is the SHA-256 (hex) of the reader's network, *progress* the courier's."""
        self._client = client
        self._chain = chain
        self._service = service
        self._serial = serial
        self._signer = signer
        self._reader = reader
        self._progress = progress
        self._turn = asyncio.Lock()

    async def ask(
        self,
        case: PendingCase,
        reads: Sequence[tuple[PlateRead, ...] | None],
        packets: Sequence[Packet],
        lens: Mapping[str, float] | None,
    ) -> Decision:
        """The centre's decision on *case* by its enclosed *packets* and the *reads* of its photos, in their order.

        Raises:
            DeliveryError: the centre cannot be asked, refuses, or answers what it did not sign.
        """
        filed = await self.filed(case.number)
        async with self._turn:
            body = await asyncio.to_thread(
                request_body,
                unit=self._serial,
                case=case.number,
                filed=(filed.seq, filed.hash),
                packets=packets,
                photos=[*zip(case.exposed_monotonic_ns, case.sizes, reads, strict=True)],
                reader=self._reader,
                lens=lens,
            )
            answer = await self._answer(body)
        return await asyncio.to_thread(decision_of, answer, self._service, body, reads)

    async def filed(self, case: int) -> Head:
        """The entry that filed *case*, once the centre has it; at once while the centre does not answer the courier.

        Raises:
            DeliveryError: it may not be delivered yet.
        """
        head: Head | None = None
        for _ in range(FILED_TRIES):
            head = head or await asyncio.to_thread(self._chain.filed, case)
            if head is not None and (self._progress.confirmed >= head.seq or not self._progress.is_answered):
                return head
            await self._progress.wait_until_moved(BETWEEN_TRIES_S)
        if head is None:
            raise DeliveryError("the case cannot be delivered yet", "look at /health: the store's housekeeping")
        return head

    async def _answer(self, body: bytes) -> Mapping[str, object]:
        signature = self._signer.sign(REQUEST_DOMAIN + body).hex()
        for tries in range(FILED_TRIES):
            if not self._client.is_logged_in:
                await self._client.log_in(await asyncio.to_thread(self._chain.key_lines))
            try:
                return await self._client.ask_at(
                    self._service.url, "/v1/openings", body, {SIGNATURE: signature}, most_bytes=ANSWER_BYTES
                )
            except Answered as error:
                again = error.word == "not_filed" or (error.word == "login" and tries == 0)
                if not again or tries == FILED_TRIES - 1:
                    raise
            await asyncio.sleep(BETWEEN_TRIES_S)
        raise AssertionError("the last try returns or raises")


def load_service(file: Path) -> OpeningService:
    """The opening service that ``autovelox centre opener`` wrote to *file*.

    Raises:
        DeliveryError: there is none, or it cannot be read.
    """
    try:
        return OpeningService.of(json.loads(file.read_bytes()))
    except (OSError, ValueError, RecursionError):
        raise DeliveryError(
            f"the opening service in {file} cannot be used", "run autovelox centre opener, once the unit has joined"
        ) from None


async def fetch_service(client: Client, key_lines: bytes, file: Path) -> OpeningService:
    """Ask the centre for its opening service and write it to *file*, which decides what the unit encloses packets to.

    Raises:
        DeliveryError: the centre cannot be asked or has none, or the file cannot be written.
    """
    if not client.is_logged_in:
        await client.log_in(key_lines)
    try:
        service = OpeningService.of(await client.opener())
    except ValueError:
        raise DeliveryError("the centre's opening service cannot be used", "update both to one version") from None
    text = json.dumps(service.record(), indent=2) + "\n"
    await asyncio.to_thread(keep, file, text)
    return service
