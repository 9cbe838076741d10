"""Copies of a photo for people: the plate's box drawn, the plate cut out. The raw frame is never touched."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, UnidentifiedImageError

from edge.cases.storage.durable import make_folder, write_durably
from edge.cases.storage.space import DERIVED
from edge.errors import ImageError
from edge.model import Box, Case

INK = (255, 196, 0)
CROP_WIDTH = 640
CROP_MARGIN = 0.35
QUALITY = 90


def overlay(photo: bytes, box: Box | None) -> bytes:
    """The photo as JPEG, with *box* (pixels) framed.

    Raises:
        ImageError: the photo cannot be decoded.
    """
    image = _decode(photo)
    if box is not None:
        width = max(2, round(image.width / 400))
        grown = (box.x1 - 2 * width, box.y1 - 2 * width, box.x2 + 2 * width, box.y2 + 2 * width)
        ImageDraw.Draw(image).rectangle(grown, outline=INK, width=width)
    return _encode(image)


def plate_crop(photo: bytes, box: Box) -> bytes:
    """The plate with a margin around it, enlarged, as JPEG.

    Raises:
        ImageError: the photo cannot be decoded, or the box is outside of it.
    """
    image = _decode(photo)
    margin = CROP_MARGIN * box.height
    area = (
        max(0, round(box.x1 - margin)),
        max(0, round(box.y1 - margin)),
        min(image.width, round(box.x2 + margin)),
        min(image.height, round(box.y2 + margin)),
    )
    if area[0] >= area[2] or area[1] >= area[3]:
        raise ImageError("the plate's box is outside of the photo", "verify the evidence")
    crop = image.crop(area)
    size = (CROP_WIDTH, max(1, round(crop.height * CROP_WIDTH / crop.width)))
    return _encode(crop.resize(size, Image.Resampling.BICUBIC))


def cached_overlay(state_dir: Path, case: Case) -> bytes:
    """The overlay of the case's photo, kept among the derived files until room is needed.

    Raises:
        ImageError: the photo cannot be decoded.
        OSError: it cannot be read.
    """
    cached = state_dir / DERIVED / f"{case.number:08d}-overlay.jpg"
    if cached.is_file():
        return cached.read_bytes()
    made = overlay((state_dir / case.frames[case.photo]).read_bytes(), case.plate_box)
    with suppress(OSError):  # an account that may only read makes it again each time
        make_folder(cached.parent)
        write_durably(cached, made)
    return made


def _decode(photo: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(photo)) as image:
            return image.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ImageError("a photo cannot be decoded", "verify the evidence") from None


def _encode(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
