"""THE FLOW: one trigger to one decided case.

The parts are known here by small protocols only; :mod:`edge.daemon` brings the real ones.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edge.errors import CameraError, EdgeError, WorkerError
from edge.identify import ANY_FORMAT, Thresholds, identify
from edge.model import (
    OTHER_COUNTRY,
    Case,
    Claim,
    Country,
    Decision,
    Driver,
    Frame,
    Outcome,
    Packet,
    PendingCase,
    PlateRead,
    Trigger,
)
from edge.origin import origin
from edge.plates import Formats

log = logging.getLogger(__name__)
NS = 1_000_000_000
ATTEMPTS = 2
SURE_COUNTRY = 0.9
"""From which probability on a plate is of another country than the vehicle, for the officer."""


class Camera(Protocol):
    """Gives frames by the time of their exposure."""

    def frames(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Frame]: ...  # noqa: D102
    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Frame, ...]: ...  # noqa: D102


class Mailbox(Protocol):
    """Keeps sealed packets for a while."""

    def window(self, start_ns: int, end_ns: int) -> tuple[Packet, ...]: ...  # noqa: D102


class Recogniser(Protocol):
    """Finds and reads the plates of one stored photo."""

    async def __call__(self, photo: Path) -> tuple[PlateRead, ...]: ...  # noqa: D102


class Opener(Protocol):
    """Opens packets with the registry's keys: claims that hold, and the reasons of those thrown away."""

    async def __call__(self, packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[str]]: ...  # noqa: D102


class Vehicles(Protocol):
    """Knows which licence a plate's keeper has, and in which country some plates are registered."""

    async def keeper(self, plate: str) -> str | None: ...  # noqa: D102
    async def country(self, plate: str) -> str | None: ...  # noqa: D102


class Registry(Vehicles, Protocol):
    """Knows drivers, too."""

    async def driver(self, licence: str) -> Driver: ...  # noqa: D102


class Cases(Protocol):
    """Keeps cases for good."""

    async def file(  # noqa: D102
        self, trigger: Trigger, frames: Sequence[Frame], packets: Sequence[Packet], *, limit_kmh: float, site: str
    ) -> int: ...
    async def add(  # noqa: D102
        self, number: int, *, frames: Sequence[Frame] = (), packets: Sequence[Packet] = ()
    ) -> None: ...
    async def load(self, number: int) -> PendingCase: ...  # noqa: D102
    async def decide(self, number: int, decision: Decision) -> Case: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Rules:
    """What the flow needs to know of the settings; times in seconds, speeds in km/h."""

    site: str
    limit_kmh: float
    window_before_s: float
    window_after_s: float
    frames_per_case: int
    pre_trigger_frames: int
    thresholds: Thresholds
    formats: Formats = ANY_FORMAT


class Infringements:
    """From triggers to decided cases; one instance a unit."""

    def __init__(
        self,
        rules: Rules,
        *,
        camera: Camera,
        mailbox: Mailbox,
        recognise: Recogniser,
        open_packets: Opener,
        registry: Registry,
        cases: Cases,
    ) -> None:
        """Wire the parts together; nothing runs yet."""
        self._rules = rules
        self._camera = camera
        self._mailbox = mailbox
        self._recognise = recognise
        self._open = open_packets
        self._registry = registry
        self._cases = cases

    async def file(self, trigger: Trigger) -> int:
        """Make the trigger a case that survives a power cut: its photo and the packets sealed around it.

        Raises:
            StorageFull: the disk has no room for the case.
        """
        photos = await self._photograph(trigger, 1)
        rules = self._rules
        return await self._cases.file(
            trigger, photos, self._window(trigger), limit_kmh=rules.limit_kmh, site=rules.site
        )

    async def decide(self, number: int, *, live: bool = True) -> Case:
        """Decide a filed case: recognise and open at once, hold the claims against the photo, look the driver up.

        *live* adds what comes after the first photo: further photos, and packets until the window closes. A case taken
        up after a restart has only what was stored.
        """
        case = await self._cases.load(number)
        later = self._complete(case) if live else _unchanged(case)
        reads, (claims, rejected), whole = await asyncio.gather(
            self._read(case.photos), self._open(case.packets), later
        )
        late_reads, (late_claims, late_rejected) = await asyncio.gather(
            self._read(whole.photos[len(case.photos) :]), self._open(whole.packets[len(case.packets) :])
        )
        decision = await self._decision(whole, reads + late_reads, claims + late_claims, rejected + late_rejected)
        return await self._cases.decide(number, decision)

    async def complete(self, number: int) -> None:
        """Store what comes after the first photo of a filed case and wait for its window to close; decide it later."""
        await self._complete(await self._cases.load(number))

    async def _complete(self, case: PendingCase) -> PendingCase:
        """Store the photos around the first one and the packets until the window closes; returns the whole case."""
        trigger, rules = case.trigger, self._rules
        known = {packet.nonce for packet in case.packets}
        if case.photos:  # a camera that failed the first photo has been reported already
            before = await self._camera.recent(trigger.at_monotonic_ns, rules.pre_trigger_frames)
            after = (await self._photograph(trigger, rules.frames_per_case))[1:]
            await self._cases.add(case.number, frames=[*before, *after])
        closes_ns = trigger.at_monotonic_ns + round(rules.window_after_s * NS)
        await asyncio.sleep((closes_ns - time.monotonic_ns()) / NS)
        await self._cases.add(case.number, packets=[p for p in self._window(trigger) if p.nonce not in known])
        return await self._cases.load(case.number)

    def _window(self, trigger: Trigger) -> tuple[Packet, ...]:
        at, rules = trigger.at_monotonic_ns, self._rules
        return self._mailbox.window(at - round(rules.window_before_s * NS), at + round(rules.window_after_s * NS))

    async def _photograph(self, trigger: Trigger, count: int) -> list[Frame]:
        """Up to *count* photos from the trigger on; fewer, or none, when the camera fails."""
        photos: list[Frame] = []
        try:
            async for photo in self._camera.frames(trigger.at_monotonic_ns, count):
                photos.append(photo)
        except CameraError as error:
            log.error("the camera gave %d of %d photos: %s", len(photos), count, error)
        return photos

    async def _read(self, photos: Iterable[Path]) -> list[tuple[PlateRead, ...] | None]:
        """The plate reads of each photo; None for a photo that could not be recognised."""
        return await asyncio.gather(*(self._read_one(photo) for photo in photos))

    async def _read_one(self, photo: Path) -> tuple[PlateRead, ...] | None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._recognise(photo)
            except WorkerError as error:
                log.warning("attempt %d of %d to recognise a photo failed: %s", attempt, ATTEMPTS, error)
            except EdgeError as error:
                log.error("a photo could not be recognised: %s", error)
                break
        return None

    async def _decision(
        self,
        case: PendingCase,
        photos: Sequence[tuple[PlateRead, ...] | None],
        claims: Sequence[Claim],
        rejected: Counter[str],
    ) -> Decision:
        claims = tuple({(claim.uid, claim.plate): claim for claim in claims}.values())  # a car may have called twice
        in_time_order = sorted(range(len(photos)), key=lambda index: case.exposed_monotonic_ns[index])
        frames = [photos[index] or () for index in in_time_order]
        rules = self._rules
        plates = [claim.plate for claim in claims]
        verdict = identify(frames, plates, rules.thresholds, rules.formats, case.trigger.direction)
        if verdict.outcome is not Outcome.IDENTIFIED and (not photos or None in photos):
            why = "a photo could not be recognised" if photos else "the camera gave no photo"
            verdict = replace(verdict, outcome=Outcome.UNIDENTIFIED, reason=why)
        flat = [(index, read) for index, reads in zip(in_time_order, frames, strict=True) for read in reads]
        photo, read = flat[verdict.read] if verdict.read is not None else (0, None)
        if verdict.claim is None:
            return Decision(verdict, read, photo, rejected=rejected)
        claim = claims[verdict.claim]
        flags = await flags_of(self._registry, claim, origin(read.countries, claim.plate) if read else None)
        driver = await self._registry.driver(claim.licence)
        return Decision(verdict, read, photo, driver, claim.packet, flags, rejected)


async def flags_of(registry: Vehicles, claim: Claim, seen: Country | None) -> tuple[str, ...]:
    """What the reviewing officer has to know of the named *claim*; *seen* is where the plate looks to be from.

    A vehicle of another country than the plate is another vehicle: its keeper says nothing.
    """
    home = await registry.country(claim.plate)
    if home and seen and seen.probability >= SURE_COUNTRY and seen.code != home:
        return (OTHER_COUNTRY,)
    keeper = await registry.keeper(claim.plate)
    return () if keeper in (None, claim.licence) else ("driver is not the registered keeper",)


async def _unchanged(case: PendingCase) -> PendingCase:
    return case
