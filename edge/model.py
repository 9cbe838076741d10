"""What the parts speak of: frozen values, no input or output.

Times: ``*_utc`` is seconds since the Unix epoch (float), ``*_monotonic_ns`` is ``time.monotonic_ns()`` of this boot.
Boxes are pixels of the picture they were found in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Characters of a plate, in the order of the reader's classes 1..36; class 0 is CTC's blank."""
CLASS = {character: index + 1 for index, character in enumerate(ALPHABET)}
"""The reader's class of each character."""


class Box(NamedTuple):
    """A rectangle: ``x1, y1`` top left, ``x2, y2`` bottom right, in pixels."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Width in pixels, never negative."""
        return max(0.0, self.x2 - self.x1)

    @property
    def height(self) -> float:
        """Height in pixels, never negative."""
        return max(0.0, self.y2 - self.y1)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The radar fired: the instant of the edge on both clocks, and the speed if one is known."""

    at_utc: float
    at_monotonic_ns: int
    speed_kmh: float | None = None
    source: str = "gpio"
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One photo as the camera gave it: encoded bytes, untouched from here on, and the start of its exposure."""

    jpeg: bytes
    width: int
    height: int
    exposed_utc: float
    exposed_monotonic_ns: int


@dataclass(frozen=True, slots=True)
class Detection:
    """A plate found in a photo; ``confidence`` is 0 to 1."""

    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Country:
    """Where a plate looks to come from: ISO 3166-1 code, and the probability, 0 to 1, that it does."""

    code: str
    probability: float


@dataclass(frozen=True, slots=True)
class PlateRead:
    """What the reader saw in one detection.

    ``characters`` has one confidence (0 to 1) a character of ``text``; ``log_probs`` is float32 of shape (T, 37): the
    log-softmax of the network, class 0 CTC's blank, then :data:`ALPHABET`. ``other`` is what another look at the same
    detection saw, in as many steps, if there was one: it may be as right. ``countries`` has the probability, by the
    picture alone, that the plate comes from each country (ISO 3166-1); empty where the network tells none.
    """

    text: str = field(repr=False)
    confidence: float
    characters: tuple[float, ...]
    detection: Detection
    log_probs: NDArray[np.float32] = field(repr=False, compare=False)
    other: PlateRead | None = field(default=None, repr=False, compare=False)
    countries: Mapping[str, float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def looks(self) -> tuple[PlateRead, ...]:
        """This read, and the other look's."""
        return (self,) if self.other is None else (self, self.other)


@dataclass(frozen=True, slots=True)
class Packet:
    """A car's answer, still sealed. ``payload`` is the 512 bytes of RSA-OAEP; nobody has opened it."""

    uid: str = field(repr=False)
    payload: bytes = field(repr=False)
    nonce: str = field(repr=False)
    challenged_at: int
    received_utc: float
    received_monotonic_ns: int


@dataclass(frozen=True, slots=True)
class Claim:
    """An opened packet that holds: licence ``licence`` drives plate ``plate``, said in answer to our nonce."""

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    plate: str = field(repr=False)
    packet: Packet


@dataclass(frozen=True, slots=True)
class Driver:
    """A person as the police registry knows them; dates are ISO 8601, ``portrait`` is an encoded picture."""

    licence: str = field(repr=False)
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    birth_date: str = field(repr=False)
    birth_place: str = field(repr=False)
    categories: str
    issuing_office: str
    issued_on: str
    expires_on: str
    portrait: bytes = field(repr=False, default=b"")


class Outcome(StrEnum):
    """The three verdicts there are."""

    IDENTIFIED = "identified"
    AMBIGUOUS = "ambiguous"
    UNIDENTIFIED = "unidentified"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Claims held against the photo.

    ``probability`` is the calibrated probability (0 to 1) that the best claim's plate is the one photographed;
    ``plate`` is the claimed plate where identified, else the free reading (may be empty). ``claim`` indexes the claims
    the verdict was made of, set only where identified. ``scores`` holds one log-likelihood ratio (natural logarithm,
    claim against free reading) a claim, in the order given. ``reason`` is a fixed word such as ``"no claim explains
    the photo"``. ``read`` indexes the plate (of the first frame that shows it) the verdict speaks of.
    """

    outcome: Outcome
    plate: str = field(repr=False)
    probability: float
    claim: int | None = None
    scores: tuple[float, ...] = ()
    reason: str = ""
    read: int | None = None


OTHER_COUNTRY = "plate and vehicle are of different countries"
"""The flag of a case whose plate surely looks to be of another country than the named vehicle's."""


class State(StrEnum):
    """A case is pending from the trigger on, and decided once."""

    PENDING = "pending"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Case:
    """One infringement as the case store keeps it.

    ``frames`` are file names below the store's folder, the first one the frame of the trigger. ``plate_text``,
    ``plate_box``, ``plate_confidence`` and ``characters`` are the free reading, ``photo`` is the index of the frame
    it was made in; ``verdict`` and ``driver`` are there once decided. ``country`` is where the plate looks to be from.
    """

    number: int
    state: State
    trigger: Trigger
    limit_kmh: float
    site: str
    frames: tuple[str, ...]
    decided_utc: float | None = None
    plate_text: str = field(default="", repr=False)
    plate_confidence: float | None = None
    plate_box: Box | None = None
    characters: tuple[float, ...] = ()
    verdict: Verdict | None = None
    driver: Driver | None = field(default=None, repr=False)
    review: str | None = None
    flags: tuple[str, ...] = ()
    photo: int = 0
    country: Country | None = None


@dataclass(frozen=True, slots=True)
class PendingCase:
    """A case that was filed and still has to be decided: stored photos (absolute paths) and the window's packets.

    ``exposed_monotonic_ns`` has the beginning of each photo's exposure.
    """

    number: int
    trigger: Trigger
    photos: tuple[Path, ...]
    exposed_monotonic_ns: tuple[int, ...]
    packets: tuple[Packet, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything the flow found out about a case.

    ``read`` is the free reading the verdict speaks of and ``photo`` the index of the photo it was read in; ``packet``
    is the offender's own sealed packet and ``driver`` that person, both only where identified. ``flags`` are fixed
    words for the reviewing officer; ``rejected`` counts thrown-away packets by reason.
    """

    verdict: Verdict
    read: PlateRead | None = None
    photo: int = 0
    driver: Driver | None = None
    packet: Packet | None = None
    flags: tuple[str, ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)
