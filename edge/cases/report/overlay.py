"""Copies of photos for readers: with the plate's box drawn, and the plate alone. The photo itself stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image, ImageDraw, UnidentifiedImageError

from edge.errors import ImageError
from edge.model import Box, Case

INK = (255, 196, 0)
CROP_WIDTH = 640
CROP_MARGIN = 0.35
QUALITY = 90


@dataclass(frozen=True, slots=True)
class Pictures:
    """The report's pictures, JPEGs. ``plate`` is empty if no plate was found, ``others`` are further photos.

    ``redacted``: they show the vehicle of the case alone, and the report names its driver without a portrait.
    """

    overlay: bytes = field(repr=False)
    plate: bytes = field(repr=False, default=b"")
    others: tuple[bytes, ...] = field(repr=False, default=())
    redacted: bool = False


def pictures_of(case: Case, photos: Sequence[bytes], *, is_redacted: bool = False) -> Pictures | None:
    """The pictures of the report on *case*, made of its *photos*; None if there are none.

    Raises:
        ImageError: a photo cannot be decoded.
    """
    if not photos:
        return None
    main, others = photos[case.photo], [photo for index, photo in enumerate(photos) if index != case.photo]
    plate = plate_crop(main, case.plate_box) if case.plate_box is not None else b""
    return Pictures(overlay(main, case.plate_box), plate, tuple(others[:3]), is_redacted)


def overlay(photo: bytes, box: Box | None) -> bytes:
    """The photo as JPEG, with *box* (pixels) drawn.

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
    """The plate in *box* (pixels) with a margin, enlarged to :data:`CROP_WIDTH` pixels, as JPEG.

    Raises:
        ImageError: the photo cannot be decoded, or *box* is outside of it.
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
        raise ImageError("the plate's box is outside the photo", "run autovelox cases verify")
    crop = image.crop(area)
    size = (CROP_WIDTH, max(1, round(crop.height * CROP_WIDTH / crop.width)))
    return _encode(crop.resize(size, Image.Resampling.BICUBIC))


def _decode(photo: bytes) -> Image.Image:
    try:
        with Image.open(BytesIO(photo)) as image:
            return image.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise ImageError("a photo cannot be decoded", "run autovelox cases verify") from None


def _encode(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()
