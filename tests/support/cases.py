"""Made-up cases for the tests: fictional people, painted photos, packets of random bytes."""

from __future__ import annotations

import io
import secrets
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from edge.cases.evidence.signing import Signer
from edge.cases.store import CaseStore
from edge.model import (
    Box,
    Claim,
    Decision,
    Detection,
    Driver,
    Outcome,
    Packet,
    Photo,
    PlateRead,
    Reason,
    Rejection,
    Trigger,
    Verdict,
)

UNIT = {"serial": "AVX-TEST", "software": "0.1.0", "models": {"detector": "0" * 64}}
SEED = bytes(range(32))
SIGNER = Signer(SEED)


def write_key(path: Path) -> Path:
    """Write :data:`SIGNER`'s key to *path*, for commands."""
    path.write_bytes(SEED)
    path.chmod(0o600)
    return path


def painted(text: str = "", size: tuple[int, int] = (320, 180), seed: int = 0) -> bytes:
    """A JPEG with *text* on it."""
    image = Image.new("RGB", size, (40 + seed % 60, 60, 70))
    ImageDraw.Draw(image).text((10, size[1] - 30), text or f"photo {seed}", fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def photo(seed: int = 0, size: tuple[int, int] = (320, 180)) -> Photo:
    """A painted photo."""
    return Photo(painted(size=size, seed=seed), *size, 1_790_000_000.0 + seed, 10**9 * (seed + 1))


def trigger(at_utc: float = 1_790_000_000.0, speed_kmh: float | None = 72.4) -> Trigger:
    """The radar fired."""
    return Trigger(at_utc, time.monotonic_ns(), speed_kmh, "gpio", "inbound")


def packet(uid: str | None = None) -> Packet:
    """A sealed packet that nobody can open."""
    return Packet(
        uid or secrets.token_hex(16), secrets.token_bytes(512), secrets.token_hex(16), 1_790_000_000, 1_790_000_000.5, 5
    )


def driver(licence: str = "UD1234567A", first: str = "Ada", last: str = "Rossi") -> Driver:
    """Somebody who does not exist."""
    return Driver(
        licence,
        first,
        last,
        "1980-02-03",
        "Trento",
        "A B",
        "MIT-UCO",
        "2020-01-01",
        "2030-01-01",
        painted("A.R.", (96, 120)),
    )


def read(text: str = "AB123CD") -> PlateRead:
    """A plate the reader saw."""
    characters = tuple(0.9 for _ in text)
    return PlateRead(
        text, 0.93, characters, Detection(Box(100.0, 90.0, 180.0, 112.0), 0.97), np.zeros((4, 37), np.float32)
    )


def identified(sealed: Packet, plate: str = "AB123CD", who: Driver | None = None) -> Decision:
    """One claim explains the photo."""
    person = who or driver()
    claim = Claim(sealed.uid, person.licence, plate, sealed)
    verdict = Verdict(Outcome.IDENTIFIED, plate, 0.999, (-0.1, -22.5), Reason.ONE_CLAIM, claim, read(plate))
    return Decision(verdict, 0, person, (), {Rejection.TIMESTAMP: 1})


def unidentified(plate: str = "ZZ999ZZ") -> Decision:
    """No claim explains the photo."""
    return Decision(Verdict(Outcome.UNIDENTIFIED, plate, 0.01, reason=Reason.NO_CLAIM, read=read(plate)))


async def filled(state_dir: Path, count: int = 3, *, signer: Signer | None = SIGNER, decide: bool = True) -> None:
    """A store of *count* cases, every third one unidentified, the others naming their driver."""
    store = await CaseStore.open(state_dir, signer, UNIT)
    try:
        for index in range(count):
            own, other = packet(), packet()
            number = await store.file_case(
                trigger(1_790_000_000.0 + 60 * index, 60.0 + index),
                [photo(3 * index)],
                [own, other],
                limit_kmh=50.0,
                site="SP 235, km 12",
            )
            if decide:
                decision = unidentified() if index % 3 == 2 else identified(own, f"AB{index:03d}CD")
                await store.enter_verdict(number, decision)
    finally:
        await store.close()


def everything(folder: Path) -> bytes:
    """The bytes of all files below *folder*."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def names(folder: Path) -> list[str]:
    """What is in *folder*, sorted."""
    return sorted(path.name for path in folder.iterdir())
