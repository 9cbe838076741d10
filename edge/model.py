"""What the parts speak of: frozen values, no input or output.

Times: ``*_utc`` is seconds since the Unix epoch (float), ``*_monotonic_ns`` is ``time.monotonic_ns()`` of this boot.
Boxes are pixels of the picture they were found in. Longer than 300 lines because all rooms share these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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

    def common(self, other: Box) -> float:
        """Area that two boxes share, in square pixels."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(width, 0.0) * max(height, 0.0)


@dataclass(frozen=True, slots=True)
class Trigger:
    """The radar fired: the instant of the edge on both clocks, and the speed if one is known.

    ``source`` is ``"gpio"``, or ``"test"`` for a trigger by hand. ``impossible`` says that the radar reported a speed
    for it which no vehicle has: then there is none.
    """

    at_utc: float
    at_monotonic_ns: int
    speed_kmh: float | None = None
    source: str = "gpio"
    direction: str | None = None
    impossible: bool = False


@dataclass(frozen=True, slots=True)
class RadarReport:
    """One line as the radar's serial port gave it, byte for byte, and when it had come in."""

    line: bytes
    received_utc: float
    received_monotonic_ns: int


class Basis(StrEnum):
    """What a trigger is: the two kinds of infringement, and why any other trigger is none."""

    MEASURED = "measured"
    SIGNALLED = "signalled"
    NO_SPEED = "no_speed"
    IMPOSSIBLE_SPEED = "impossible_speed"
    TEST = "test"
    OBSERVED = "observed"
    NO_CERTIFICATE = "no_certificate"


def is_infringement(basis: Basis | str | None) -> bool:
    """Whether a case of that *basis* is an infringement; None is one of an earlier program, which recorded none."""
    return basis in (None, Basis.MEASURED, Basis.SIGNALLED)


@dataclass(frozen=True, slots=True)
class Photo:
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
    log-softmax of the network, class 0 CTC's blank, then :data:`ALPHABET`. Where the reader read the detection twice,
    ``second_pass`` is the less sure read, with as many steps: it may be the right one. ``countries`` has the
    probability, by the picture alone, that the plate comes from each country (ISO 3166-1); empty where the network
    tells none: it settles characters of one shape. ``origins`` is the same with the plate's strip looked at close up:
    it tells the country and settles no character; empty where there is no network for strips.
    """

    text: str = field(repr=False)
    confidence: float
    characters: tuple[float, ...]
    detection: Detection
    log_probs: NDArray[np.float32] = field(repr=False, compare=False)
    second_pass: PlateRead | None = field(default=None, repr=False, compare=False)
    countries: Mapping[str, float] = field(default_factory=dict, repr=False, compare=False)
    origins: Mapping[str, float] = field(default_factory=dict, repr=False, compare=False)

    @property
    def looks_from(self) -> Mapping[str, float]:
        """The probability of each country by all that was seen: ``origins``, or ``countries`` where it is empty."""
        return self.origins or self.countries

    @property
    def passes(self) -> tuple[PlateRead, ...]:
        """This read, and the one of the second pass where there is one."""
        return (self,) if self.second_pass is None else (self, self.second_pass)


@dataclass(frozen=True, slots=True)
class PhotoRead:
    """The plates of one photo, best detection first, and the milliseconds each stage took (total: with decoding).

    ``left`` counts the plates that were found and not read, for there were too many. Where the photo is upside down,
    the plates were read in the turned photo; their boxes are pixels of the photo as it is stored.
    """

    plates: tuple[PlateRead, ...]
    detect_ms: float
    read_ms: float
    total_ms: float
    left: int = 0
    upside_down: bool = False


@dataclass(frozen=True, slots=True)
class Packet:
    """A car's answer, still sealed. ``payload`` is the 512 bytes of RSA-OAEP; nobody has opened it.

    In protocol version 2 ``uid``, ``counter`` and the chip's ``verify_key`` (DER) are empty until ``sealed_uid`` is
    opened. ``certification`` is the authority's signature (64 bytes) that the verify key is the driver's until
    ``certified_until`` (Unix seconds), where the registry has one. The chip's ``signature`` covers the counter, the
    serial number of the ``unit`` and the ``endpoint``: SHA-256 of the TLS certificate of the connection that delivered
    the packet, hexadecimal; empty without TLS.
    """

    uid: str = field(repr=False)
    payload: bytes = field(repr=False)
    nonce: str = field(repr=False)
    challenged_at: int
    received_utc: float
    received_monotonic_ns: int
    version: int = 1
    sealed_uid: bytes = field(repr=False, default=b"")
    counter: int = 0
    signature: bytes = field(repr=False, default=b"")
    unit: str = ""
    endpoint: str = ""
    verify_key: bytes = field(repr=False, default=b"")
    certified_until: int = 0
    certification: bytes = field(repr=False, default=b"")


@dataclass(frozen=True, slots=True)
class Claim:
    """An opened packet that holds: licence ``licence`` drives plate ``plate``, said in answer to our nonce."""

    uid: str = field(repr=False)
    licence: str = field(repr=False)
    plate: str = field(repr=False)
    packet: Packet


class CounterSeen(NamedTuple):
    """What was seen of a chip that signs: its highest counter, and when the unit got the packet with it."""

    counter: int
    received_utc: float


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


class Reason(StrEnum):
    """Why a verdict is what it is."""

    ONE_CLAIM = "one_claim"
    SEVERAL_CLAIMS = "several_claims"
    SEVERAL_CARS = "several_cars"
    LOOKS_ALIKE = "looks_alike"
    NO_CLAIM = "no_claim"
    NO_PACKET = "no_packet"
    CENTRE_NOT_REACHED = "centre_not_reached"
    NO_PLATE = "no_plate"
    NO_PHOTO = "no_photo"
    PHOTO_NOT_READ = "photo_not_read"
    NO_INFRINGEMENT = "no_infringement"
    SPEED_IN_DOUBT = "speed_in_doubt"


class Flag(StrEnum):
    """What the reviewing officer should know of a case."""

    NOT_THE_KEEPER = "not_the_keeper"
    OTHER_COUNTRY = "other_country"
    SEVERAL_PLATES = "several_plates"
    SPEED_CONTRADICTED = "speed_contradicted"
    OTHER_VEHICLE_FITS = "other_vehicle_fits"
    COPIED_CHIP = "copied_chip"


DOUBTS = frozenset({Flag.SPEED_CONTRADICTED, Flag.OTHER_VEHICLE_FITS})
"""The flags of a case whose photos do not bear out the radar: it is to be checked, and names nobody."""


class SpeedAgreement(StrEnum):
    """What the photos of a case say of the radar's speed."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    OTHER_FITS = "other_fits"
    TELLS_NOTHING = "tells_nothing"


@dataclass(frozen=True, slots=True)
class Plausibility:
    """Whether the photos bear out the radar, by the plate's motion in them: a check, never the measurement.

    ``speed_kmh`` (whatever the direction) has the standard deviation ``error_kmh``; ``distance_m`` is the plate's from
    the camera in the last photo that shows it, in metres; all suppose a plate ``plate_mm`` wide, in millimetres. They
    are None where fewer than two photos show the plate.
    """

    agreement: SpeedAgreement
    speed_kmh: float | None = None
    error_kmh: float | None = None
    distance_m: float | None = None
    plate_mm: int | None = None


class Rejection(StrEnum):
    """Why a packet became no claim; counted, and never told to the car."""

    UNKNOWN_UID = "uid"
    SEALED_UID = "sealed uid"
    VERSION = "version"
    SIGNATURE = "signature"
    COPIED_CHIP = "copied chip"
    REVOKED_CHIP = "revoked"
    DAMAGED_KEY = "key"
    DECRYPTION = "decrypt"
    JSON = "json"
    FIELDS = "fields"
    CHARACTERS = "characters"
    NONCE = "nonce"
    TIMESTAMP = "timestamp"
    HASH = "hash"
    FOREIGN_LICENCE = "licence"
    PLATE_FORMAT = "plate format"
    LICENCE_FORMAT = "licence format"
    WORKER_FAILED = "worker"
    SEVERAL_PLATES = "several plates"
    TOO_MANY = "too many"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of comparing the claims with the photo.

    ``probability`` is the calibrated probability (0 to 1) that the best claim's plate is the one photographed;
    ``plate`` is the claimed plate where identified, else the free reading (may be empty). ``scores`` holds one
    log-likelihood ratio (natural logarithm, claim against free reading) a claim, in the claims' order. ``reason`` is a
    :class:`Reason`; one that a newer program stored is kept as its text. ``claim`` is the claim that explains the
    photo, set only where identified, and ``read`` the plate read that was judged, of the first photo that shows the
    plate; a verdict that comes from a store has neither.
    """

    outcome: Outcome
    plate: str = field(repr=False)
    probability: float
    scores: tuple[float, ...] = ()
    reason: Reason | str = ""
    claim: Claim | None = None
    read: PlateRead | None = None


class State(StrEnum):
    """A case is pending from the trigger on, and decided once."""

    PENDING = "pending"
    DECIDED = "decided"


class SpeedUnit(StrEnum):
    """In what the law counts speeds. Units measure and record km/h all the same (:mod:`edge.law.speeds`)."""

    KMH = "km/h"
    MPH = "mph"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the law makes of a measured speed; all speeds in km/h, with one decimal.

    ``remaining_kmh`` is the measured speed less the deduction, ``excess_kmh`` what of it is above the limit (zero: no
    infringement). ``rule`` says where the deduction stands, ``provision`` which one was broken, as far as it is known.
    """

    measured_kmh: float
    deduction_kmh: float
    remaining_kmh: float
    limit_kmh: float
    excess_kmh: float
    rule: str
    provision: str = ""


@dataclass(frozen=True, slots=True)
class OtherPlate:
    """Where photo ``photo`` (from 0) of a case shows another vehicle's plate: ``box`` in pixels, and never its text."""

    photo: int
    box: Box


@dataclass(frozen=True, slots=True)
class Case:
    """One infringement as the case store keeps it.

    ``photos`` are file names below the store's folder, the first one the photo of the trigger. ``plate_text``,
    ``plate_box``, ``plate_confidence`` and ``characters`` are the free reading, ``photo`` is the index of the photo
    it was made in; ``verdict`` and ``driver`` are there once decided. ``country`` is where the plate looks to be from;
    ``assessment`` what the law makes of the measured speed, None where none was measured or none was recorded.
    ``basis`` is None in a case of an earlier program; one that a newer program stored is kept as its text.
    ``plausibility`` is None where nothing was compared with the radar: the unit does not know its lens.
    ``kept_claims`` is how many claims explained the photo of an ambiguous case. ``review`` is the newest judgement,
    ``corrected_plate`` the newest plate that an officer read instead; None where there is none. ``others`` are the
    plates of other vehicles in the photos, None where nobody looked for them: the case is pending, or an earlier
    program decided it. ``speed_unit`` is what the law counts in; all speeds here are in km/h.
    ``name_set_aside``: an officer did not believe that the named driver drove.
    """

    number: int
    state: State
    trigger: Trigger
    limit_kmh: float
    site: str
    photos: tuple[str, ...]
    decided_utc: float | None = None
    plate_text: str = field(default="", repr=False)
    plate_confidence: float | None = None
    plate_box: Box | None = None
    characters: tuple[float, ...] = ()
    verdict: Verdict | None = None
    driver: Driver | None = field(default=None, repr=False)
    review: str | None = None
    flags: tuple[Flag | str, ...] = ()
    photo: int = 0
    country: Country | None = None
    assessment: Assessment | None = None
    basis: Basis | str | None = None
    missed_photos: int = 0
    kept_claims: int = 0
    plausibility: Plausibility | None = None
    corrected_plate: str | None = field(default=None, repr=False)
    others: tuple[OtherPlate, ...] | None = None
    speed_unit: SpeedUnit = SpeedUnit.KMH
    name_set_aside: bool = False

    @property
    def is_infringement(self) -> bool:
        """Whether the trigger was an infringement; nobody is named otherwise."""
        return is_infringement(self.basis)

    @property
    def is_to_be_confirmed(self) -> bool:
        """Whether a driver is named who is not the registered keeper: an officer has to confirm that."""
        return self.driver is not None and Flag.NOT_THE_KEEPER in self.flags

    @property
    def is_to_be_checked(self) -> bool:
        """Whether the photos do not bear out the radar: an officer has to look, and nobody is named."""
        return self.is_infringement and not DOUBTS.isdisjoint(self.flags)


@dataclass(frozen=True, slots=True)
class PendingCase:
    """A case that was filed and still has to be decided: stored photos (absolute paths) and the window's packets.

    ``exposed_monotonic_ns`` has the beginning of each photo's exposure, ``sizes`` its width and height in pixels.
    ``basis`` is as in :class:`Case`.
    """

    number: int
    trigger: Trigger
    photos: tuple[Path, ...]
    exposed_monotonic_ns: tuple[int, ...]
    packets: tuple[Packet, ...]
    basis: Basis | str | None = None
    sizes: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything the flow found out about a case.

    ``photo`` is the index of the photo the verdict's plate was read in; ``driver`` is the offender, only where
    identified. ``rejected`` counts the packets that became no claim by reason. ``missed_photos`` is how many photos the
    case should have and has not. ``kept`` are the sealed packets of the claims that explain the photo, only where
    ambiguous: officers may have them opened again while the case waits. ``plausibility`` is as in :class:`Case`.
    ``opening`` is the centre's signed statement where it decided: ``statement``, ``signature`` and ``key``.
    ``others`` is as in :class:`Case`.
    """

    verdict: Verdict
    photo: int = 0
    driver: Driver | None = None
    flags: tuple[Flag | str, ...] = ()
    rejected: Mapping[Rejection, int] = field(default_factory=dict)
    missed_photos: int = 0
    kept: tuple[Packet, ...] = ()
    plausibility: Plausibility | None = None
    opening: Mapping[str, str] | None = field(default=None, repr=False)
    others: tuple[OtherPlate, ...] | None = None

    @property
    def read(self) -> PlateRead | None:
        """The free reading that the verdict is about."""
        return self.verdict.read

    @property
    def packet(self) -> Packet | None:
        """The offender's own sealed packet, only where identified."""
        return self.verdict.claim.packet if self.verdict.claim is not None else None
