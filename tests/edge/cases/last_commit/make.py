"""Makes ``f42d16c.tar.xz`` with the code of commit f42d16c: a unit's files as they were before the rooms were moved.

    git worktree add ../f42d16c f42d16c
    cd /tmp
    PYTHONPATH=CHECKOUT/../f42d16c CHECKOUT/.venv/bin/python CHECKOUT/tests/edge/cases/last_commit/make.py

Everybody in it is fictional. It holds ``state`` (a store as a power cut leaves it: a WAL that was not emptied, the copy
of the WAL, the journal of a case already decided, a case that only the journal knows), ``backup``, ``export.zip``,
``registry.sqlite`` with two drivers and a vehicle, their chips, the keys, and ``expected.json``: what the code of
that commit reads from all this.
"""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import shutil
import sqlite3
import tarfile
import tempfile
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from edge.cases.database import database_path
from edge.cases.signing import create_signing_key, load_signer, rotate_signing_key
from edge.chip import Chip, load_chip, save_chip
from edge.link.packet import load_public_key, seal
from edge.police.enrol import create_registry, enrol
from edge.police.reopen import reopen
from edge.police.vault import create_master_key, load_master_key
from PIL import Image, ImageDraw

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.backup import backup
from edge.cases.export import export_cases, export_report
from edge.cases.retention import purge
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.errors import NoSuchCase
from edge.model import Box, Decision, Detection, Driver, Frame, Outcome, Packet, PlateRead, Trigger, Verdict

ARCHIVE = Path(__file__).with_name("f42d16c.tar.xz")
UNIT = {"serial": "AVX-0042", "software": "0.1.0", "models": {"detector": "0" * 64}, "authority": "Comune di Prova"}
FILING = {"limit_kmh": 50.0, "site": "SP 235, km 12"}
START_UTC = 1_795_000_000.0
PEOPLE = (("UD1234567A", "Ada", "Rossi", ("AB123CD",)), ("UD7654321B", "Bruno", "Verdi", ()))


def picture(text: str, size: tuple[int, int]) -> bytes:
    """A small JPEG with *text* on it."""
    image = Image.new("RGB", size, "#39566b")
    ImageDraw.Draw(image).text((6, size[1] - 24), text, fill="white")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60)
    return out.getvalue()


def photo(number: int, index: int = 0) -> Frame:
    """A photo of case *number*."""
    at_utc = START_UTC + 60 * number + 0.1 * index
    return Frame(picture(f"case {number} photo {index}", (160, 90)), 160, 90, at_utc, 10**9 * number + index)


def trigger(number: int) -> Trigger:
    """The radar fired."""
    return Trigger(START_UTC + 60 * number, 10**9 * number, 70.5 + number, "gpio", "inbound")


def packet(chip: Chip, plate: str) -> Packet:
    """What a car with that chip sends."""
    nonce, at = secrets.token_hex(16), int(START_UTC)
    payload = seal(load_public_key(chip.public_key), plate=plate, licence=chip.licence, nonce=nonce, timestamp=at)
    return Packet(chip.uid, payload, nonce, at, START_UTC + 0.5, 5)


def decision(
    outcome: Outcome, plate: str, reason: str, driver: Driver | None = None, sealed: Packet | None = None
) -> Decision:
    """What the flow found out."""
    detection = Detection(Box(60.0, 50.0, 100.0, 60.0), 0.97)
    read = PlateRead(plate, 0.93, tuple(0.9 for _ in plate), detection, np.zeros((4, 37), np.float32))
    named = driver is not None
    verdict = Verdict(outcome, plate, 0.999 if named else 0.01, 0 if named else None, (-0.1, -22.5), reason, 0)
    flags = ("driver is not the registered keeper",) if named and driver.first_name == "Bruno" else ()
    return Decision(verdict, read, 0, driver, sealed, flags, {"expired": 1, "plate format": 2})


def people(folder: Path) -> tuple[tuple[Driver, Chip], ...]:
    """Registry, master key, and a chip for each driver."""
    registry, master = folder / "registry.sqlite", folder / "master.key"
    create_registry(registry)
    create_master_key(master)
    found = []
    for licence, first, last, plates in PEOPLE:
        values = {
            "licence": licence,
            "first_name": first,
            "last_name": last,
            "birth_date": "1980-02-03",
            "birth_place": "Trento",
            "categories": "A B",
            "issuing_office": "MIT-UCO",
            "issued_on": "2020-01-01",
            "expires_on": "2030-01-01",
            "portrait": picture(first, (60, 72)),
        }
        made = enrol(registry, load_master_key(master), plates=plates, **values)
        path = folder / f"{first.lower()}.chip"
        save_chip(Chip(made.uid, made.licence, made.public_key_pem), path)
        found.append((Driver(**values), load_chip(path)))
    return tuple(found)


async def fill(folder: Path) -> None:
    """Everything a unit does, up to a power cut."""
    (ada, ada_chip), (bruno, bruno_chip) = people(folder)
    state, key = folder / "live", folder / "signing.key"
    store = await CaseStore.open(state, create_signing_key(key), UNIT)
    one, other = packet(ada_chip, "AB123CD"), packet(bruno_chip, "ZZ999ZZ")
    told = "one claim explains the photo"
    await store.file(trigger(1), [photo(1)], [one, other], **FILING)
    await store.add(1, frames=[photo(1, 1)], packets=[packet(ada_chip, "AB123CD")])
    await store.decide(1, decision(Outcome.IDENTIFIED, "AB123CD", told, ada, one))
    await store.file(trigger(2), [photo(2)], [other], **FILING)
    await store.decide(2, decision(Outcome.UNIDENTIFIED, "EF456GH", "no claim explains the photo"))
    await store.file(trigger(3), [photo(3)], [other], **FILING)
    await store.decide(3, decision(Outcome.IDENTIFIED, "ZZ999ZZ", told, bruno, other))
    await store.file(trigger(4), [], [], **FILING)
    await store.decide(4, Decision(Verdict(Outcome.UNIDENTIFIED, "", 0.0, reason="the camera gave no photo")))
    await store.close()
    record(state, 1, kind="view", officer="Conti")
    record(state, 1, kind="confirm", officer="Conti", reason="the photo agrees")
    record(state, 2, kind="correct_plate", officer="Conti", reason="the H is an M", plate="EF456GM")
    record(state, 3, kind="dismiss", officer="Conti", reason="an ambulance")
    purge(state, [3], reason="retention period over", signer=load_signer(key))
    signer = rotate_signing_key(state, key)
    store = await CaseStore.open(state, signer, UNIT)
    await store.file(trigger(5), [photo(5), photo(5, 1)], [one, other], **FILING)
    await store.file(trigger(6), [], [], **FILING)
    export_cases(state, [1, 2], folder / "export.zip", officer="Conti", reason="asked for by the court", signer=signer)
    export_report(state, 2, folder / "report.pdf", officer="Conti", reason="asked for by the court", signer=signer)
    await store.housekeep()
    backup(state, folder / "backup")
    await store.file(trigger(7), [photo(7)], [packet(bruno_chip, "ZZ999ZZ")], **FILING)
    await store._books._ledger._database.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(database_path(state), isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM cases").fetchone()
        await store.decide(7, decision(Outcome.AMBIGUOUS, "ZZ999ZZ", "more than one claim explains the photo"))
        record(state, 7, kind="view", officer="Conti")

        async def refuse(_content: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        store._books._ledger.file = refuse
        await store.file(trigger(8), [photo(8)], [one], **FILING)
        shutil.copytree(state, folder / "state", ignore=shutil.ignore_patterns("*-shm"))
    await store.close()
    shutil.rmtree(state)
    (folder / "report.pdf").unlink()  # the package has one, and it is half of the archive


def expected(folder: Path) -> dict[str, object]:
    """What this code reads from the files."""
    state = shutil.copytree(folder / "state", folder / "read")
    cases = {}
    with Archive(state) as archive:
        for number in range(1, 8):
            try:
                manifest, events = archive.manifest(number), [asdict(event) for event in archive.events(number)]
                cases[str(number)] = {"manifest": manifest, "events": events}
            except NoSuchCase as error:
                cases[str(number)] = str(error)
        summaries = [asdict(row) for row in archive.summaries()]
    says = audit(state)
    shutil.rmtree(state)
    manifest = json.dumps(cases["1"]["manifest"]).encode()
    return {
        "cases": cases,
        "summaries": summaries,
        "audit": says,
        "backup": audit(folder / "backup"),
        "reopened": reopen(folder / "registry.sqlite", load_master_key(folder / "master.key"), manifest),
    }


def main() -> None:
    """Make the files, read them once, pack them."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        asyncio.run(fill(folder))
        document = {"made_utc": time.time(), **expected(folder)}
        (folder / "expected.json").write_text(json.dumps(document, indent=1))
        with tarfile.open(ARCHIVE, "w:xz") as archive:
            for path in sorted(folder.iterdir()):
                archive.add(path, path.name)
    print(f"{ARCHIVE.name}: {ARCHIVE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
