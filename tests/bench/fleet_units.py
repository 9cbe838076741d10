"""The units of ``make bench-fleet``: their chains take half a minute of work, are made once and kept for the next run.

The folder has a file for every fifty units, in JSON, and a stamp of the code that made them: chains of another release
are made anew. Photos are the same ones for every unit, which the centre cannot know: a photo is its unit's.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from chains import lines
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import edge.cases.evidence
from edge.cases.evidence import Link, decided_manifest, filed_manifest, key_content, next_entry, photo_record
from edge.model import Driver
from tests.support.cases import UNIT, driver, identified, packet, photo, trigger

CHUNK = 50
SEED_BYTES = 32


class QuickSigner:
    """A unit's key in OpenSSL, which signs twenty times as fast as the unit's own pure code."""

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair of *seed* (32 bytes)."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public_key).hexdigest()[:16]

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of *message*."""
        return self._key.sign(message)


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a case."""

    digest: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """When it is, in seconds from the start of the run; its entries as they are sent, and its photo."""

    at_s: float
    lines: bytes
    photo: Blob


@dataclass(slots=True)
class Unit:
    """One unit: its chain, when each case is, and how far it is."""

    serial: str
    signer: QuickSigner
    first: bytes
    """The entry of its key, as it is sent."""
    portrait: Blob
    """Of its one driver."""
    cases: list[Case] = field(repr=False)
    sent: int = 0
    photos: int = 0

    def waiting_since(self, now_s: float) -> float:
        """How long its oldest case waits, in seconds; 0 if none does."""
        return max(0.0, now_s - self.cases[self.sent].at_s) if self.sent < len(self.cases) else 0.0


def prepared(folder: Path, count: int, cases: int, photo_bytes: int, length_s: float) -> list[Unit]:
    """*count* units with so many *cases* each, spread over *length_s*; made in *folder* if they are not there yet."""
    stamp = _stamp(cases, photo_bytes)
    if not (folder / stamp).exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / stamp).touch()
    chunks = -(-count // CHUNK)
    missing = [chunk for chunk in range(chunks) if not _file(folder, chunk).exists()]
    if missing:
        with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
            list(pool.map(partial(_make_chunk, folder, cases, photo_bytes), missing))
    photos, portrait = _photos(cases, photo_bytes), _portrait()
    return [unit for chunk in range(chunks) for unit in _load(_file(folder, chunk), photos, portrait, length_s)][:count]


def _stamp(cases: int, photo_bytes: int) -> str:
    """A file's name: another one wherever chains would be others."""
    made_by = [Path(__file__), *sorted(Path(edge.cases.evidence.__file__).parent.glob("*.py"))]
    found = hashlib.sha256(f"{cases} {photo_bytes}".encode())
    for path in made_by:
        found.update(path.read_bytes())
    return f"made-by-{found.hexdigest()[:16]}"


def _file(folder: Path, chunk: int) -> Path:
    return folder / f"{chunk:05d}.json"


def _photos(cases: int, photo_bytes: int) -> list[Blob]:
    rng = random.Random("photos")
    made = (rng.randbytes(photo_bytes) for _ in range(cases))
    return [Blob(hashlib.sha256(data).hexdigest(), data) for data in made]


def _portrait() -> Blob:
    data = driver().portrait
    return Blob(hashlib.sha256(data).hexdigest(), data)


def _make_chunk(folder: Path, cases: int, photo_bytes: int, chunk: int) -> None:
    """Make the units of one file; it is there whole, or not at all."""
    photos, who = _photos(cases, photo_bytes), driver()
    made = [_make(f"F{number:05d}", photos, who) for number in range(CHUNK * chunk, CHUNK * (chunk + 1))]
    part = _file(folder, chunk).with_suffix(".part")
    part.write_text(json.dumps(made), encoding="utf-8")
    part.replace(_file(folder, chunk))


def _make(serial: str, photos: list[Blob], who: Driver) -> dict[str, object]:
    """A unit with its chain; times are parts of the run's length."""
    seed = os.urandom(SEED_BYTES)
    signer, last, links, one, sealed = QuickSigner(seed), None, list[Link](), photo(), packet()

    def add(kind: str, case: int | None, content: dict[str, object]) -> Link:
        nonlocal last
        entry = next_entry(last, kind, case, content, at_utc=time.time(), signer=signer)
        last = (entry.seq, entry.hash)
        return Link(entry.header, entry.body, entry.signature, entry.key_id)

    links.append(add("key", None, key_content(signer, supersedes=None)))
    made, at = [], sorted(random.random() for _ in photos)
    clock, unit = {"source": "kernel"}, {**UNIT, "serial": serial}
    for number, (part, blob) in enumerate(zip(at, photos, strict=True), start=1):
        named = photo_record(f"frames/{number:08d}/0.jpg", one)
        record = {**named, "sha256": blob.digest, "bytes": len(blob.data)}
        filed = filed_manifest(number, trigger(), [record], limit_kmh=50.0, site="SP 1", unit=unit, clock=clock)
        entries = [add("filed", number, filed)]
        decision = identified(sealed, _plate(), who)
        entries.append(add("decided", number, decided_manifest(filed, decision, time.time())))
        made.append((part, lines(entries).decode()))
    return {"serial": serial, "seed": seed.hex(), "first": lines(links).decode(), "cases": made}


def _plate() -> str:
    letters = "".join(random.choices("ABCDEFGHJKLMNPRSTVWXYZ", k=4))
    return f"{letters[:2]}{random.randrange(1000):03d}{letters[2:]}"


def _load(file: Path, photos: list[Blob], portrait: Blob, length_s: float) -> Iterator[Unit]:
    for unit in json.loads(file.read_text(encoding="utf-8")):
        cases = zip(unit["cases"], photos, strict=True)
        yield Unit(
            unit["serial"],
            QuickSigner(bytes.fromhex(unit["seed"])),
            unit["first"].encode(),
            portrait,
            [Case(length_s * part, text.encode(), blob) for (part, text), blob in cases],
        )
