"""Cases of every kind that a report is printed of, each in a store of its own: fictional people, rendered photos.

A *full* unit has everything of ``[instrument]`` and ``[site]``, a *bare* one a line of text for its site.
Longer than 300 lines because all kinds stand side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from edge.cases.acts.agreement import Agreement
from edge.cases.acts.requests import ActingOfficer, Action
from edge.cases.review import record
from edge.cases.storage import ChainSession, StateFolder
from edge.cases.store import CaseStore
from edge.crypto import ChipCertificate, licence_hash
from edge.crypto.chip_signature import message_of, sign_message
from edge.law import PROFILES, Deduction, Profile, assess, profile_of, to_kmh
from edge.model import (
    DOUBTS,
    Basis,
    Claim,
    Decision,
    Detection,
    Flag,
    Outcome,
    Packet,
    Photo,
    PlateRead,
    Plausibility,
    RadarReport,
    Reason,
    Rejection,
    SpeedAgreement,
    SpeedUnit,
    Trigger,
    Verdict,
)
from tests.support.cases import SIGNER, packet
from tests.support.reads import network_output
from tests.support.signed_link import ANNAS_SIGNING_KEY, AUTHORITY
from tests.support.stores import person, photo, plate_box

SITE = {
    "country": "IT",
    "road": "SS 13",
    "km": 118.4,
    "municipality": "Tavagnacco",
    "latitude": 46.1237,
    "longitude": 13.2189,
    "road_class": "C",
    "direction": "verso Udine",
    "ordinance": "ordinanza n. 12 del 3 febbraio 2024",
    "decree": "decreto prefettizio n. 4411 del 18 gennaio 2024",
    "sign_distance_m": 250.0,
    "text": "SS 13 km 118+400, Tavagnacco, verso Udine",
    "version": "0" * 64,
}
INSTRUMENT: dict[str, Any] = {
    "approval": "D.D. 12 marzo 2024 n. 97",
    "census": "UD-0042",
    "radar": {"make": "Acme", "model": "R7", "version": "1.4", "serial": "4711"},
    "unit": {"serial": "AVX-0042"},
    "functional_check": {"checked_on": "2026-09-01", "by": "Polizia locale", "report": "12/2026"},
    "calibration": {
        "certificate": "2026-118",
        "laboratory": "LAT 105",
        "calibrated_on": "2026-03-02",
        "valid_until": "2027-03-01",
    },
}
UNIT = {
    "serial": "AVX-0042",
    "authority": "Polizia locale di Tavagnacco",
    "software": "1.4.0",
    "models": {"detector.tflite": "1" * 64, "reader.tflite": "2" * 64},
    "sources": {
        "trigger": "gpio",
        "speed": "radar's serial line /dev/ttyAMA0",
        "limit": "limit_kmh in the unit's configuration",
    },
}
BARE_UNIT = {"serial": "AVX-0042", "software": "1.4.0"}
AT_UTC = 1_794_000_000.0
PLATE, MEASURED_KMH, LIMIT_KMH = "AB123CD", 72.4, 50.0
LICENCE = person(0).licence
CLOCK = {"synchronised": True, "max_error_s": 0.012, "source": "kernel", "boot_id": "b" * 36}
_LONG = "Via dei Martiri della Libertà e dei Caduti di tutte le guerre, angolo via Monsignor Giovanni Battista Brusin; "


def signed(certified: bool = False) -> Packet:
    """A packet of protocol version 2 that Anna's chip signed, with a key that the authority certified or not."""
    own = replace(
        packet(),
        version=2,
        sealed_uid=b"u" * 120,
        counter=7,
        unit="AVX-0042",
        endpoint="ab" * 32,
        verify_key=ANNAS_SIGNING_KEY.public_key().export_key("DER"),
    )
    own = replace(own, signature=sign_message(ANNAS_SIGNING_KEY, message_of(own)))
    if not certified:
        return own
    until = 1_900_000_000
    message = ChipCertificate(licence_hash(LICENCE), own.verify_key, until).message()
    return replace(own, certified_until=until, certification=AUTHORITY.sign(message))


def read(text: str = PLATE) -> PlateRead:
    """A read of the plate that :func:`tests.support.stores.photo` paints; one character is less sure."""
    sure = tuple(0.998 if place != 3 else 0.871 for place in range(len(text)))
    return PlateRead(text, min(sure), sure, Detection(plate_box((1280, 720)), 0.97), network_output(text))


AGREES = Plausibility(SpeedAgreement.AGREES, 71.2, 3.4, 14.8, 520)


def named(own: Packet, **changes: Any) -> Decision:
    """One claim explains the photo."""
    verdict = Verdict(
        Outcome.IDENTIFIED, PLATE, 0.9991, (-0.02, -31.0), Reason.ONE_CLAIM, Claim(own.uid, LICENCE, PLATE, own), read()
    )
    return replace(Decision(verdict, 0, person(0), rejected={Rejection.TIMESTAMP: 1}, plausibility=AGREES), **changes)


def nobody(outcome: Outcome, reason: Reason, scores: tuple[float, ...] = (), plate: str = PLATE) -> Decision:
    """Nobody is named."""
    seen = read(plate) if plate else None
    kept = (packet(), packet()) if outcome is Outcome.AMBIGUOUS else ()
    return Decision(Verdict(outcome, plate, 0.02, scores, reason, read=seen), kept=kept)


Act = Callable[[Path, int], None]


@dataclass(frozen=True)
class Kind:
    """A kind of case: what was filed, what was decided, and what officers did then."""

    decide: Callable[[Packet], Decision] = named
    own: Callable[[], Packet] = packet
    basis: Basis = Basis.MEASURED
    speed_kmh: float | None = MEASURED_KMH
    photos: int = 2
    site: str | Mapping[str, object] = field(default_factory=lambda: SITE)
    instrument: Mapping[str, Any] | None = field(default_factory=lambda: INSTRUMENT)
    unit: Mapping[str, object] = field(default_factory=lambda: UNIT)
    clock: Mapping[str, object] = field(default_factory=lambda: CLOCK)
    checks: tuple[bool, bool] | None = (True, True)
    notes: tuple[tuple[str, Mapping[str, object]], ...] = ()
    acts: tuple[Act, ...] = ()
    limit_kmh: float = LIMIT_KMH
    profile: Profile = PROFILES["IT"]


def did(kind: str, officer: str = "Isp. Marta Conti", reason: str = "", plate: str | None = None) -> Act:
    """An act of one officer."""

    def act(state: Path, number: int) -> None:
        record(state, number, kind=kind, officer=officer, account="mconti", reason=reason, plate=plate, signer=SIGNER)

    return act


def by_two(state: Path, number: int) -> None:
    """One officer asks to purge the case before its time, a second one refuses; a third looks."""
    first, second = ActingOfficer("Isp. Marta Conti", "mconti", 1001), ActingOfficer("Comm. Luca Bruni", "lbruni", 1002)
    session = ChainSession(StateFolder(state), SIGNER)
    try:
        agreement = Agreement(state, SIGNER, session)
        request = agreement.ask(first, Action.PURGE, [number], reason="registrato due volte")
        agreement.refuse(second, request.number, reason="non lo era")
        request = agreement.ask(first, Action.CONFIRM, [number], reason="foto e targa concordano")
        agreement.agree(second, request.number)
    finally:
        session.close()


NOTES: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("configuration", {"at_utc": AT_UTC - 90_000, "changed": ["speed.limit_kmh", "site.road"]}),
    ("software", {"at_utc": AT_UTC - 900_000, "changed": None}),
    ("start", {"at_utc": AT_UTC - 90_000}),
)
"""What a unit says of itself when it starts."""
CONFIRMED = (did("view"), did("confirm", reason="foto e targa concordano"))
_EXPIRED = {**INSTRUMENT, "calibration": {**INSTRUMENT["calibration"], "valid_until": "2026-09-30"}}
_NO_PACKET = nobody(Outcome.UNIDENTIFIED, Reason.NO_PACKET)
_NONE = nobody(Outcome.UNIDENTIFIED, Reason.NO_INFRINGEMENT)
BRITISH = Kind(
    limit_kmh=to_kmh(30, SpeedUnit.MPH),
    profile=PROFILES["GB"],
    site={
        "country": "GB",
        "road": "A23",
        "municipality": "Brighton",
        "direction": "towards London",
        "ordinance": "Traffic Regulation Order 12/2019",
        "sign_distance_m": 180.0,
        "text": "A23, Brighton, towards London",
        "version": "0" * 64,
    },
    unit={
        **UNIT,
        "authority": "Sussex Police",
        "sources": {**UNIT["sources"], "limit": "limit_mph in the unit's configuration"},  # type: ignore[dict-item]
    },
)
"""A case in the United Kingdom, 44.9 mph where 30 are allowed."""
SLOVENE = Kind(
    profile=profile_of("SI", Deduction(Decimal(5), Decimal(5)), "C.d.S. navaja le kot zgled"),
    site={"country": "SI", "road": "G2-107", "municipality": "Celje", "text": "G2-107, Celje", "version": "0" * 64},
    unit={**UNIT, "authority": "Medobčinsko redarstvo"},
)
"""A case in Slovenia: the authority states the deduction, and its source names another country's law."""
KINDS: dict[str, Kind] = {
    "identified": Kind(acts=CONFIRMED),
    "draft": Kind(),
    "judged": Kind(
        own=signed,
        notes=NOTES,
        acts=(
            did("view", reason="fascicolo 12/2026"),
            CONFIRMED[1],
            did("hold", reason="ricorso al giudice di pace, R.G. 812/2026"),
        ),
    ),
    "corrected": Kind(acts=(did("correct_plate", reason="un 8, non una B", plate="A8123CD"),)),
    "vehicle": Kind(
        acts=(
            did("correct_plate", reason="un 8, non una B", plate="A8123CD"),
            did("confirm_vehicle", reason="foto e targa corretta verificate"),
            did("keeper_asked", reason="prot. 812/2026"),
            did("driver_named_by_keeper", reason="prot. 901/2026"),
            did("closed", reason="verbale 44/2026"),
        )
    ),
    "set-aside": Kind(
        acts=(
            did("set_name_aside", reason="denuncia di furto d'identità, prot. 44/2026"),
            did("keeper_asked", reason="prot. 812/2026"),
        )
    ),
    "dismissed": Kind(acts=(did("view"), did("dismiss", "Comm. Luca Bruni", "ambulanza in servizio"))),
    "held": Kind(acts=(*CONFIRMED, did("hold", reason="ricorso al giudice di pace, R.G. 812/2026"))),
    "second-officer": Kind(acts=(by_two,)),
    "ambiguous": Kind(lambda own: nobody(Outcome.AMBIGUOUS, Reason.SEVERAL_CLAIMS, (-0.3, -0.9, -42.0))),
    "unidentified": Kind(
        lambda own: nobody(Outcome.UNIDENTIFIED, Reason.NO_CLAIM, (-12.5, -60.0)),
        acts=(did("keeper_asked", reason="prot. 812/2026"), did("driver_named_by_keeper", reason="prot. 901/2026")),
    ),
    "no-packet": Kind(lambda own: _NO_PACKET),
    "no-plate": Kind(lambda own: nobody(Outcome.UNIDENTIFIED, Reason.NO_PLATE, plate="")),
    "no-photo": Kind(lambda own: nobody(Outcome.UNIDENTIFIED, Reason.NO_PHOTO, plate=""), photos=0),
    "no-speed": Kind(lambda own: _NONE, basis=Basis.NO_SPEED, speed_kmh=None),
    "signalled": Kind(basis=Basis.SIGNALLED, speed_kmh=None),
    "expired-certificate": Kind(lambda own: _NONE, basis=Basis.NO_CERTIFICATE, instrument=_EXPIRED),
    "copied-chip": Kind(
        lambda own: replace(_NO_PACKET, flags=(Flag.COPIED_CHIP,), rejected={Rejection.COPIED_CHIP: 2})
    ),
    "version-2": Kind(own=signed, acts=CONFIRMED),
    "version-2-certified": Kind(own=lambda: signed(True), acts=CONFIRMED),
    "clock-in-doubt": Kind(clock={**CLOCK, "synchronised": False, "max_error_s": 16.0}),
    "not-the-keeper": Kind(lambda own: named(own, flags=(Flag.NOT_THE_KEEPER,))),
    "speed-in-doubt": Kind(
        lambda own: replace(
            nobody(Outcome.UNIDENTIFIED, Reason.SPEED_IN_DOUBT),
            flags=(Flag.SPEED_CONTRADICTED,),
            plausibility=Plausibility(SpeedAgreement.CONTRADICTS, 38.0, 3.1, 14.8, 520),
        )
    ),
    "british": replace(BRITISH, acts=CONFIRMED),
    "british-nobody": replace(
        BRITISH,
        decide=lambda own: replace(_NO_PACKET, plausibility=AGREES),
        acts=(CONFIRMED[1], did("keeper_asked", reason="file 812/2026")),
    ),
    "slovene": replace(SLOVENE, decide=lambda own: _NO_PACKET, acts=(CONFIRMED[1],)),
    "bare": Kind(site="SP 235, km 12", instrument=None, unit=BARE_UNIT, clock={}, checks=None, photos=1),
    "long": Kind(
        lambda own: named(own, flags=tuple(sorted(set(Flag) - DOUBTS)), missed_photos=2),
        site={**SITE, "text": (_LONG * 2)[:-2]},
        unit={**UNIT, "authority": "Corpo intercomunale di polizia locale del Friuli orientale e del Collio"},
        photos=4,
        acts=tuple(did("hold" if turn % 2 else "release", reason=f"atto n. {turn}/2026 " * 3) for turn in (1, 2, 3, 4)),
    ),
}
"""The kinds by name."""


async def paper_case(folder: Path, kind: Kind) -> int:
    """File and decide a case of that *kind* in the new store *folder*; officers act on it. Returns its number."""
    store = await CaseStore.open(folder, SIGNER, kind.unit, instrument=kind.instrument, speed_unit=kind.profile.unit)
    try:
        for name, content in kind.notes:
            await store.note(name, content)
        if kind.checks is not None:
            await store.note("selfcheck", {"good": kind.checks[0]})
        with patch("edge.cases.store.clock_state", return_value=dict(kind.clock)):
            own = kind.own()
            number = await store.file_case(
                Trigger(AT_UTC, time.monotonic_ns(), kind.speed_kmh, "gpio", "inbound"),
                [_photo(turn) for turn in range(kind.photos)],
                [own, packet()],
                limit_kmh=kind.limit_kmh,
                site=kind.site,
                basis=kind.basis,
                assessment=None if kind.speed_kmh is None else assess(kind.speed_kmh, kind.limit_kmh, kind.profile),
            )
        if kind.speed_kmh is not None and kind.unit is not BARE_UNIT:
            line = f'{{"unit":"kmph","speed":"-{kind.speed_kmh}"}}\r\n'.encode()
            await store.add(number, reports=[RadarReport(line, AT_UTC + 0.02, time.monotonic_ns())])
        await store.enter_verdict(number, kind.decide(own))
        if kind.checks is not None:
            await store.note("selfcheck", {"good": kind.checks[1]})
    finally:
        await store.close()
    for act in kind.acts:
        act(folder, number)
    return number


def _photo(turn: int) -> Photo:
    return Photo(photo(PLATE, (1280, 720), 4 * turn), 1280, 720, AT_UTC + 0.018 + 0.15 * turn, 10**9 * (turn + 1))
