"""The ports of the flow: what it asks of the parts around it. :mod:`edge.daemon.wiring` brings the real ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from edge.crypto import SealedKey
from edge.model import (
    Assessment,
    Basis,
    Case,
    Claim,
    CounterSeen,
    Decision,
    Driver,
    Packet,
    PendingCase,
    Photo,
    PlateRead,
    RadarReport,
    Rejection,
    Trigger,
)

P = ParamSpec("P")
T = TypeVar("T")


class Camera(Protocol):
    """Gives photos by the time of their exposure; raises CameraError."""

    def photos(self, at_monotonic_ns: int, count: int) -> AsyncIterator[Photo]:
        """Up to *count* photos, the first one exposed at or after that instant."""

    async def recent(self, at_monotonic_ns: int, count: int) -> tuple[Photo, ...]:
        """Up to *count* photos exposed before that instant, oldest first."""


class Mailbox(Protocol):
    """Keeps sealed packets in memory for a while."""

    def fair_window(self, start_ns: int, end_ns: int, per_uid: int, sealed: int) -> tuple[tuple[Packet, ...], int]:
        """At most *per_uid* packets a uid received from *start_ns* to *end_ns*, and how many are left out.

        Of packets whose uid is sealed, at most *sealed* in all.
        """

    def discard(self, packets: Iterable[Packet]) -> None:
        """Delete those of *packets* that are still there."""


class RadarReports(Protocol):
    """Keeps the radar's own lines for some seconds."""

    def __call__(self, start_ns: int, end_ns: int) -> Sequence[RadarReport]:
        """The lines that came in from *start_ns* to *end_ns*, monotonic nanoseconds."""


class Recogniser(Protocol):
    """Finds and reads the plates of one stored photo; raises WorkerError or ImageError."""

    async def __call__(self, photo: Path) -> tuple[PlateRead, ...]:
        """The plates of the photo, best detection first."""


class Opener(Protocol):
    """Opens packets with the registry's keys."""

    async def __call__(self, packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[Rejection]]:
        """The claims among *packets*, in their order, and how many packets were rejected for which reason."""


class Vehicles(Protocol):
    """Knows the vehicles; raises RegistryError."""

    async def keeper(self, plate: str) -> str | None:
        """The licence of the vehicle's registered keeper, None if the registry does not know it."""

    async def country(self, plate: str) -> str | None:
        """The country (ISO 3166-1) in which the vehicle is registered, None if the registry does not know it."""


class KnownChips(Protocol):
    """Knows which chips there are; raises RegistryError."""

    async def known(self, uids: Iterable[str]) -> frozenset[str]:
        """Those of *uids* that the registry has a chip of."""


class Registry(Vehicles, KnownChips, Protocol):
    """Knows drivers and vehicles; raises RegistryError."""

    async def driver(self, licence: str) -> Driver:
        """Who holds the *licence*."""


class Decider(Protocol[T]):
    """Opens packets and says who drove: the unit itself, or the centre; raises EdgeError, and the case waits."""

    async def open(self, packets: Sequence[Packet]) -> T:
        """What can be done with *packets* while the photos are still read."""

    async def decide(
        self, case: PendingCase, reads: Sequence[tuple[PlateRead, ...] | None], opened: Sequence[T]
    ) -> tuple[Decision, Counter[Rejection]]:
        """The decision on *case* by the plate reads of its photos, and rejections that are not counted yet.

        *opened* are the answers to :meth:`open` for all of its packets, in order.
        """


class Counters(Protocol):
    """Remembers the highest counter of each chip that signs; raises RegistryError."""

    async def seen(self, uids: Iterable[str]) -> Mapping[str, CounterSeen]:
        """What was seen last of those of *uids* that were seen before."""

    async def note(self, seen: Mapping[str, CounterSeen]) -> None:
        """Keep what is *seen* now of each uid, if its counter is the highest."""


class RightOfWay(Protocol):
    """Keeps the unit's other work from disk and processor while a case is filed. Never waits, never raises."""

    def take(self, edge_ns: int) -> None:
        """A case of the edge at *edge_ns* (monotonic nanoseconds) will be filed; nothing else is begun for a moment."""

    def give_back(self, edge_ns: int) -> None:
        """It is filed, or none is made of that edge."""


class Cases(Protocol):
    """Keeps cases for good; raises CaseError, StorageFull where there is no room."""

    async def file_case(
        self,
        trigger: Trigger,
        photos: Sequence[Photo],
        packets: Sequence[Packet],
        *,
        limit_kmh: float,
        site: str | Mapping[str, object],
        basis: Basis | None,
        assessment: Assessment | None,
    ) -> int:
        """Commit a new case and return its number: from here on power may fail."""

    async def add(
        self,
        number: int,
        *,
        photos: Sequence[Photo] = (),
        packets: Sequence[Packet] = (),
        reports: Sequence[RadarReport] = (),
    ) -> None:
        """Commit what came after the first photo of a pending case."""

    async def load(self, number: int) -> PendingCase:
        """A pending case with its stored photos and sealed packets."""

    async def enter_verdict(self, number: int, decision: Decision) -> Case:
        """Commit the decision, signed, and delete every stored packet but the offender's."""


class RegisteredKey(Protocol):
    """A chip's private key, sealed, and the licence number that belongs to its uid."""

    @property
    def licence(self) -> str:
        """The licence number the registry has for the uid."""

    @property
    def sealed_key(self) -> bytes:
        """The private key, sealed."""

    @property
    def unsealing_key(self) -> bytes:
        """What opens ``sealed_key`` and nothing else."""

    @property
    def context(self) -> str:
        """What ``sealed_key`` was sealed for."""

    @property
    def verify_key(self) -> bytes | None:
        """The public half of the chip's signing key (DER); None for a chip that signs nothing."""

    @property
    def certified_until(self) -> int | None:
        """Until when the authority certifies that key, Unix seconds; None if it does not."""

    @property
    def certification(self) -> bytes | None:
        """The authority's signature for it, 64 bytes; None if there is none."""

    def counts_at(self, utc: float) -> bool:
        """Whether the chip was in use at that time, Unix seconds: valid already, and not revoked yet."""


class UidKey(Protocol):
    """What cars seal their uids to."""

    @property
    def private(self) -> SealedKey:
        """The private half, sealed."""


class Keys(Protocol):
    """Knows the keys of uids; raises RegistryError."""

    async def uid_key(self) -> UidKey | None:
        """What cars seal their uids to; None where the registry has no such key."""

    async def keys(self, uids: Iterable[str]) -> Mapping[str, RegisteredKey]:
        """The key of each of *uids* that the registry knows."""


class PoliceRegistry(Registry, Keys, Protocol):
    """A whole registry: the unit's file, and PostgreSQL at the centre, keep one contract."""


class Workers(Protocol):
    """Processes that run a function each; raises WorkerError."""

    @property
    def workers(self) -> int:
        """How many jobs run at once."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *function* in a worker process."""
