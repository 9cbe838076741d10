"""A redacted package shows the vehicle of the case, and nothing by which anybody else could be told."""

from __future__ import annotations

import asyncio
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge.cases.evidence.verify import Mismatch, verify_package
from edge.cases.export import export_cases
from edge.cases.report.fonts import bold_file
from edge.cases.report.redaction import CELLS, FILL, LEVELS, mosaic, obscured, redact, vehicle
from edge.cases.store import CaseStore
from edge.cli import main
from edge.config import models_dir
from edge.model import Box, Photo
from edge.vision import propose_plates
from tests.support.cases import SIGNER, UNIT, identified, packet, trigger, write_key
from tests.support.packages import exchanged, members_of, write_package
from tests.support.pdf import needs_poppler, text_of

SIZE = (1280, 720)
PLATE = Box(560.0, 430.0, 720.0, 466.0)
OTHER = Box(120.0, 560.0, 280.0, 596.0)
"""The plate of the case, and one of a vehicle beside it, in :func:`scene`."""


def scene(other: str = "ZX987YW") -> Image.Image:
    """Two vehicles with plates of European form on a road."""
    picture = Image.new("RGB", SIZE, (96, 102, 104))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.truetype(bold_file(), 30)
    for box, text, colour in ((PLATE, "AB123CD", (150, 30, 30)), (OTHER, other, (30, 60, 140))):
        body = vehicle(box, *SIZE)
        draw.rectangle(tuple(body), fill=colour)
        draw.rectangle(tuple(box), fill=(245, 245, 245), outline=(20, 20, 20), width=2)
        draw.text(((box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2), text, (15, 15, 15), font=font, anchor="mm")
    return picture


def encoded(picture: Image.Image, **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92, **more)
    return out.getvalue()


def decoded(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        return np.array(picture.convert("RGB"), np.uint8)


def part(pixels: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    return pixels[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)]


def test_the_vehicle_stays_and_the_rest_is_a_mosaic() -> None:
    pixels = np.array(scene(), np.uint8)
    copy = obscured(pixels, PLATE, [])
    area = vehicle(PLATE, *SIZE)
    assert np.array_equal(part(copy, area), part(pixels, area))
    copy[int(area.y1) : int(np.ceil(area.y2)), int(area.x1) : int(np.ceil(area.x2))] = 0
    side = -(-max(SIZE) // CELLS)
    for top in range(0, SIZE[1], side):
        for left in range(0, SIZE[0], side):
            cell = copy[top : top + side, left : left + side].reshape(-1, 3)
            assert len(np.unique(cell[cell.any(axis=1)], axis=0)) <= 1


@settings(deadline=None, max_examples=25)
@given(st.text("ABCDEFGHJKLMNPRSTVWXYZ0123456789", min_size=7, max_size=7))
def test_which_plate_was_obscured_cannot_be_told_from_the_copy(text: str) -> None:
    """Whoever paints every candidate and redacts it gets a few copies alike, not the one that is meant."""
    first, second = (obscured(np.array(scene(other), np.uint8), PLATE, []) for other in ("ZX987YW", text))
    levels = np.abs(first.astype(int) - second.astype(int)) // (256 // LEVELS)
    assert levels.max() <= 1
    assert (part(first, vehicle(PLATE, *SIZE)) == part(second, vehicle(PLATE, *SIZE))).all()


def test_without_the_plate_of_the_case_everything_is_obscured() -> None:
    pixels = np.array(scene(), np.uint8)
    assert np.array_equal(obscured(pixels, None, []), mosaic(pixels))


def test_another_plate_on_the_vehicle_is_filled_and_its_own_stays() -> None:
    pixels = np.array(scene(), np.uint8)
    near = Box(PLATE.x1 + 60, PLATE.y2 + 30, PLATE.x2 + 60, PLATE.y2 + 66)
    copy = obscured(pixels, PLATE, [near, PLATE, Box(PLATE.x1 - 8, PLATE.y1 - 5, PLATE.x2 + 6, PLATE.y2 + 4)])
    assert (part(copy, near) == FILL).all()
    assert np.array_equal(part(copy, PLATE), part(pixels, PLATE))


def test_the_detector_finds_the_plate_of_the_case_alone_in_the_copy() -> None:
    find = propose_plates(models_dir())
    photo = encoded(scene())
    before = [box for box in find(decoded(photo)) if box.common(OTHER) > 0.3 * OTHER.width * OTHER.height]
    assert before, "the detector does not see the other plate: the scene proves nothing"
    copy = decoded(redact(photo, PLATE, find))
    assert part(copy, OTHER).astype(int).std(axis=(0, 1)).max() < 8
    assert not [box for box in find(copy) if box.common(OTHER) > 0.5 * box.width * box.height]


def test_nothing_of_the_files_metadata_is_left() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    thumbnail = encoded(scene().resize((160, 90)))
    exif.get_ifd(0x8769)[0x927C] = b"maker note" + thumbnail[:2000]
    photo = encoded(scene(), exif=exif.tobytes(), comment=b"a secret comment")
    assert b"a secret" in photo
    copy = redact(photo, PLATE, lambda _pixels: ())
    assert b"secret" not in copy and b"Exif" not in copy and copy.count(b"\xff\xd8\xff") == 1


async def _filled(state: Path) -> None:
    store = await CaseStore.open(state, SIGNER, UNIT)
    own = packet()
    photos = [Photo(encoded(scene()), *SIZE, 1_790_000_000.0 + index, 10**9 * (index + 1)) for index in range(2)]
    number = await store.file_case(trigger(), photos, [own], limit_kmh=50.0, site="SP 235")
    decision = identified(own)
    assert decision.read is not None
    box = replace(decision.read.detection, box=PLATE)
    await store.enter_verdict(
        number, replace(decision, verdict=replace(decision.verdict, read=replace(decision.read, detection=box)))
    )
    await store.close()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("redacted")
    asyncio.run(_filled(folder / "state"))
    key = write_key(folder / "signing.key")
    where = ["--state-dir", str(folder / "state"), "--signing-key", str(key)]
    assert main(["cases", "export", "1", "--redacted", "--to", str(folder / "redacted.zip"), *where]) == 0
    return folder / "redacted.zip"


def test_the_package_holds_no_original_and_verifies(package: Path) -> None:
    names = zipfile.ZipFile(package).namelist()
    own = [name.rpartition("/")[2] for name in names if name.startswith("cases/")]
    assert own == ["manifest.json", "overlay.jpg", "redacted-0.jpg", "redacted-1.jpg", "report.pdf"]
    verified = verify_package(package, SIGNER.public_key)
    assert "The package is redacted" in verified.sentence
    original = encoded(scene())
    with zipfile.ZipFile(package) as archive:
        middle = original[len(original) // 2 :][:100]
        assert all(middle not in archive.read(name) for name in names)
        for name in ("redacted-0.jpg", "overlay.jpg"):
            pixels = decoded(archive.read(f"cases/00000001/{name}"))
            assert part(pixels, OTHER).astype(int).std(axis=(0, 1)).max() < 8
        assert (
            np.abs(
                decoded(archive.read("cases/00000001/redacted-1.jpg")).astype(int)
                - mosaic(decoded(original)).astype(int)
            ).max()
            < 40
        )


@needs_poppler
def test_the_report_of_a_redacted_package_says_so(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        text = text_of(archive.read("cases/00000001/report.pdf"))
        readme = archive.read("README.txt").decode()
    assert "Copia oscurata" in text and "nessun ritratto" in text
    assert "redacted-0.jpg" in readme and "portrait" not in readme


def test_the_redacted_copies_are_those_that_the_export_names(package: Path, tmp_path: Path) -> None:
    members = members_of(package)
    first, second = (f"cases/00000001/redacted-{index}.jpg" for index in range(2))
    with pytest.raises(Mismatch, match=r"redacted-1\.jpg"):
        verify_package(write_package(tmp_path / "less.zip", exchanged(members, {second: None})))
    other = dict(members)[second]
    with pytest.raises(Mismatch, match=r"redacted-0\.jpg"):
        verify_package(write_package(tmp_path / "other.zip", exchanged(members, {first: other})))


def test_a_whole_package_says_nothing_of_redaction(tmp_path: Path) -> None:
    asyncio.run(_filled(tmp_path / "state"))
    export_cases(tmp_path / "state", [1], tmp_path / "whole.zip", officer="Conti", signer=SIGNER)
    assert "redacted" not in verify_package(tmp_path / "whole.zip").sentence
