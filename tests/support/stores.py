"""State folders for the viewer's tests, filled through the real CaseStore with rendered photos."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from edge.cases.evidence import Manifest, decided_manifest, driver_name, filed_manifest, photo_record, to_case
from edge.cases.evidence.signing import Signer
from edge.cases.storage.database import write_transaction
from edge.cases.storage.entries import append_entry
from edge.cases.storage.layout import StateFolder
from edge.cases.store import CaseStore
from edge.demo.cast import Person, load_cast
from edge.demo.portraits import draw
from edge.model import (
    Box,
    Claim,
    Decision,
    Detection,
    Driver,
    OtherPlate,
    Outcome,
    Packet,
    Photo,
    PlateRead,
    Reason,
    Trigger,
    Verdict,
)
from edge.officers.accounts import Account
from edge.officers.office import Office
from edge.officers.own import OwnDesk

SITE = "SS13 Pontebbana km 118,4, Tavagnacco, verso Udine"
START_UTC = 1_794_000_000.0
UNIT = {"serial": "AVX-TEST", "software": "test"}
SIGNER = Signer(bytes(range(32)))
PLATES = ("AB123CD", "EF456GH", "GT702LK", "ZA001BC", "FX888PR", "DW319NM", "CL550TT", "GA127VZ")


@dataclass(frozen=True, slots=True)
class Scene:
    """One case to be; ``plate`` empty means that none was found; ``driver`` none means that nobody is named."""

    plate: str = "AB123CD"
    driver: Driver | None = None
    outcome: Outcome | None = Outcome.UNIDENTIFIED
    reason: Reason | str = Reason.NO_CLAIM
    scores: tuple[float, ...] = ()
    confidences: tuple[float, ...] = ()
    speed_kmh: float | None = 78.0
    flags: tuple[str, ...] = ()
    size: tuple[int, int] = (1280, 720)
    frames: int = 1
    site: str = SITE
    others: tuple[OtherPlate, ...] | None = None


def person(index: int, **changes: object) -> Driver:
    """A fictional driver of the demo's cast, with a drawn portrait."""
    one = _drivers()[index % len(_drivers())]
    fields = {
        "licence": one.licence,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "birth_date": one.birth_date,
        "birth_place": one.birth_place,
        "categories": one.categories,
        "issuing_office": "MIT-UCO",
        "issued_on": one.issued_on,
        "expires_on": one.expires_on,
        "portrait": _portrait(index % len(_drivers())),
    }
    return Driver(**(fields | changes))  # type: ignore[arg-type]


def scenes(count: int) -> list[Scene]:
    """A mixture of everything, the same one every time."""
    mixture = []
    for index in range(count):
        plate = PLATES[index % len(PLATES)]
        confidences = tuple(0.99 - 0.05 * ((index + place) % 7) for place in range(7))
        common = {"plate": plate, "confidences": confidences, "speed_kmh": 56.0 + index * 7 % 60}
        kind = index % 5
        if kind in (0, 2, 3):
            reason = Reason.ONE_CLAIM
            mixture.append(
                Scene(driver=person(index), outcome=Outcome.IDENTIFIED, reason=reason, scores=(-0.4, -31.0), **common)
            )  # type: ignore[arg-type]
        elif kind == 1:
            reason = Reason.SEVERAL_CLAIMS
            mixture.append(Scene(outcome=Outcome.AMBIGUOUS, reason=reason, scores=(-0.9, -1.7, -42.0), **common))  # type: ignore[arg-type]
        else:
            mixture.append(Scene(scores=(-12.5, -60.0), **common))  # type: ignore[arg-type]
    return mixture


def resized(scene: Scene, size: tuple[int, int]) -> Scene:
    """*scene* with photos of another size."""
    return replace(scene, size=size)


def fill(state_dir: Path, wanted: Sequence[Scene], *, photos: Mapping[int, bytes] = {}) -> list[int]:
    """File and decide *wanted* in the store of *state_dir*; ``photos`` replaces the rendered photo of a scene."""

    async def work() -> list[int]:
        store = await CaseStore.open(state_dir, SIGNER, UNIT)
        try:
            return [await add(store, scene, index, photos.get(index)) for index, scene in enumerate(wanted)]
        finally:
            await store.close()

    return asyncio.run(work())


def fill_many(state_dir: Path, wanted: Sequence[Scene]) -> None:
    """What :func:`fill` does, in one transaction and with a photo for every plate: for a thousand cases and more."""
    fill(state_dir, wanted[:1])
    with write_transaction(StateFolder(state_dir)) as database:

        def append(kind: str, content: Manifest) -> int:
            return append_entry(database, kind, content["number"], content, signer=SIGNER, at_utc=START_UTC).seq

        for index, scene in enumerate(wanted[1:], 1):
            number, trigger, at_utc = index + 1, _trigger(scene, index), START_UTC + 977.0 * index
            frame = Photo(photo(scene.plate, scene.size), *scene.size, at_utc, 10**9 * number)
            name = f"frames/{sum(scene.plate.encode())}-{scene.size[1]}.jpg"
            if not (state_dir / name).exists():
                (state_dir / name).write_bytes(frame.jpeg)
            content = filed_manifest(
                number,
                trigger,
                [photo_record(name, frame)],
                limit_kmh=50.0,
                site=scene.site,
                unit=UNIT,
                clock={},
            )
            row = (number, "pending", at_utc, scene.site, scene.speed_kmh, 50.0, append("filed", content))
            sql = "INSERT INTO cases (number, state, at_utc, site, speed_kmh, limit_kmh, filed_seq) VALUES"
            database.execute(f"{sql} (?, ?, ?, ?, ?, ?, ?)", row)
            content = decided_manifest(content, decision(scene), at_utc + 1)
            case = to_case(content)
            values = (case.plate_text, str(scene.outcome), driver_name(case), append("decided", content), number)
            sql = "UPDATE cases SET state = 'decided', plate_text = ?, outcome = ?, driver_name = ?, decided_seq = ?"
            database.execute(f"{sql} WHERE number = ?", values)
            if scene.driver is not None:
                database.execute("INSERT INTO portraits VALUES (?, ?)", (number, scene.driver.portrait))


async def add(store: CaseStore, scene: Scene, index: int, jpeg: bytes | None = None) -> int:
    """File one case, and decide it unless its outcome is None."""
    at_utc = START_UTC + 977.0 * index
    frames = [
        Photo(
            jpeg or photo(scene.plate, scene.size, shift),
            *scene.size,
            at_utc + 0.1 * shift,
            10**9 * (index + 1) + shift,
        )
        for shift in range(scene.frames)
    ]
    number = await store.file_case(_trigger(scene, index), frames, [], limit_kmh=50.0, site=scene.site)
    if scene.outcome is not None:
        await store.enter_verdict(number, decision(scene))
    return number


def _trigger(scene: Scene, index: int) -> Trigger:
    return Trigger(START_UTC + 977.0 * index, 10**9 * (index + 1), scene.speed_kmh, "gpio", "inbound")


def decision(scene: Scene) -> Decision:
    """What the flow would have found out."""
    assert scene.outcome is not None
    read = None
    if scene.plate:
        confidences = scene.confidences or (0.98,) * len(scene.plate)
        detection = Detection(plate_box(scene.size), 0.97)
        read = PlateRead(scene.plate, min(confidences), confidences, detection, np.zeros((1, 37), np.float32))
    identified = scene.outcome is Outcome.IDENTIFIED
    packet = Packet("u" * 32, b"\0" * 512, "0" * 32, int(START_UTC), START_UTC, 1)
    verdict = Verdict(
        scene.outcome,
        scene.plate,
        0.9993 if identified else 0.41,
        scores=scene.scores,
        reason=scene.reason if scene.plate else Reason.NO_PLATE,
        claim=Claim(packet.uid, "", scene.plate, packet) if identified else None,
        read=read,
    )
    return Decision(verdict, 0, scene.driver, scene.flags, others=scene.others)


def plate_box(size: tuple[int, int]) -> Box:
    """Where :func:`photo` puts the plate."""
    width, height = size
    return Box(width * 0.43, height * 0.66, width * 0.57, height * 0.66 + width * 0.033)


@cache
def photo(plate: str, size: tuple[int, int] = (1280, 720), shift: int = 0) -> bytes:
    """A rendered road with the back of a car, as JPEG; noisy enough to weigh what a photo weighs."""
    width, height = size
    noise = np.random.default_rng(sum(plate.encode()) + shift).normal(0, 6, (height, width, 1))
    rows = np.linspace(0, 1, height)[:, None, None]
    ground = np.where(rows < 0.42, 175 + 60 * rows, 118 - 50 * rows) * np.array([0.96, 0.99, 1.0])
    image = Image.fromarray(np.clip(ground + noise, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)

    def at(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
        return x1 * width + 2 * shift, y1 * height, x2 * width + 2 * shift, y2 * height

    pen.polygon(
        [(width * 0.47, height * 0.42), (width * 0.53, height * 0.42), (width * 1.1, height), (-width * 0.1, height)],
        "#5c6167",
    )
    colour = ("#8d2f2b", "#2f4f7d", "#d5d7d9", "#33363a")[sum(plate.encode()) % 4]
    pen.rounded_rectangle(at(0.3, 0.4, 0.7, 0.86), width * 0.03, colour)
    pen.rounded_rectangle(at(0.35, 0.42, 0.65, 0.56), width * 0.015, "#1b232b")
    for x in (0.31, 0.62):
        pen.rounded_rectangle(at(x, 0.58, x + 0.07, 0.64), width * 0.008, "#c2352b")
        pen.rounded_rectangle(at(x, 0.82, x + 0.07, 0.92), width * 0.01, "#121417")
    if plate:
        box = plate_box(size)
        moved = (box.x1 + 2 * shift, box.y1, box.x2 + 2 * shift, box.y2)
        pen.rectangle(moved, "#f4f4f0", "#222222", 2)
        font = ImageFont.load_default(size=round(width * 0.027))
        pen.text(((moved[0] + moved[2]) / 2, (box.y1 + box.y2) / 2), plate, "#16181c", font=font, anchor="mm")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@cache
def _portrait(index: int) -> bytes:
    return draw(_drivers()[index].portrait)


@cache
def _drivers() -> tuple[Person, ...]:
    return load_cast().driver


def own_desk(
    state_dir: Path, signer: Signer | None = SIGNER, name: str = "sconti", full: str = "Sara Conti"
) -> OwnDesk:
    """A desk on *state_dir*; without *signer* nothing can be recorded."""
    return OwnDesk(Office(state_dir, signer), Account(os.getuid(), name, full))


@contextmanager
def running_unit(state_dir: Path) -> Iterator[None]:
    """A unit that keeps the store of *state_dir* meanwhile."""
    stopped = threading.Event()

    async def work() -> None:
        store = await CaseStore.open(state_dir, SIGNER, UNIT)
        while not stopped.is_set():
            await store.housekeep()
            await asyncio.sleep(0.1)
        await store.close()

    unit = threading.Thread(target=asyncio.run, args=(work(),))
    unit.start()
    try:
        yield
    finally:
        stopped.set()
        unit.join()
