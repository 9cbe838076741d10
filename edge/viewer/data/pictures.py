"""Photos and portraits, decoded and scaled for the screen; runs outside Tk's thread."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL import Image

from edge.errors import CaseError, ImageError
from edge.model import Box
from edge.viewer.text import _, describe

MOST_ENLARGED = 3.0
CROP_MARGIN = 0.18
CROP_MAGNIFICATION = 8.0
CROP_SHARE = 0.13
"""Most pixels of the crop, as a share of its width squared: over a network every pixel costs 4 bytes."""


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A stored photo: case, index, its SHA-256 (hex) in the case's manifest, and what reads its bytes.

    ``box`` is the plate that was read in it, in its pixels, if one was.
    """

    number: int
    index: int
    sha256: str
    read: Callable[[], bytes] = field(repr=False, compare=False)
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Which pictures of a case to load; sizes are (width, height) in pixels.

    Attributes:
        photo: the photo, or None if it is not needed.
        redraw: False if the photo is on the screen already and only the crop of ``box`` is needed.
        fit: the room for the photo.
        enlarge: whether the photo may be larger than it is, as on a fine local display.
        box: the plate in the photo, or None.
        crop_fit: the room for the plate's crop.
        portrait: the encoded portrait, empty if the driver has none, or None if it is not needed.
        portrait_fit: the room for the portrait.
    """

    photo: StoredPhoto | None
    redraw: bool
    fit: tuple[int, int]
    box: Box | None
    crop_fit: tuple[int, int]
    portrait: bytes | None
    portrait_fit: tuple[int, int]
    enlarge: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo: scaled to fit, the magnified crop of the plate, the scale, and the original size in pixels."""

    picture: Image.Image | None
    crop: Image.Image | None
    scale: float
    native: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pictures:
    """The requested pictures; a text instead of a picture says why it cannot be shown."""

    photo: Photo | str | None
    portrait: Image.Image | str | None


def load(request: PictureRequest) -> Pictures:
    """Decode every requested picture; a picture that fails becomes a text."""
    photo: Photo | str | None = None
    portrait: Image.Image | str | None = None
    if request.photo is not None:
        try:
            photo = load_photo(
                request.photo,
                request.fit,
                request.box,
                request.crop_fit,
                redraw=request.redraw,
                most=MOST_ENLARGED if request.enlarge else 1.0,
            )
        except ImageError as error:
            photo = describe(error)
    if request.portrait:
        try:
            portrait = load_portrait(request.portrait, request.portrait_fit)
        except ImageError as error:
            portrait = describe(error)
    elif request.portrait is not None:
        portrait = _("No portrait")
    return Pictures(photo, portrait)


def load_photo(
    stored: StoredPhoto,
    fit: tuple[int, int],
    box: Box | None,
    crop_fit: tuple[int, int],
    *,
    redraw: bool = True,
    most: float = 1.0,
) -> Photo:
    """Decode the *stored* photo, scale it to fit into *fit*, *most* times its size at most, and magnify the *box*.

    Raises:
        ImageError: the photo cannot be read, was altered, or is no picture.
    """
    whole = load_whole(stored)
    scale = min(most, fit[0] / whole.width, fit[1] / whole.height)
    size = max(1, round(whole.width * scale)), max(1, round(whole.height * scale))
    picture = None
    if redraw:
        picture = whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0) if scale != 1.0 else whole
    crop = magnify(whole, box, crop_fit) if box is not None and box.width >= 1 and box.height >= 1 else None
    return Photo(picture, crop, scale, whole.size)


def load_thumbs(photos: Sequence[StoredPhoto], fit: tuple[int, int]) -> list[Image.Image]:
    """Return a small picture of each of *photos*, scaled to fit into *fit*; a grey one where it cannot be shown."""
    pictures = []
    for stored in photos:
        try:
            picture = load_whole(stored)
        except ImageError:
            picture = Image.new("RGB", fit, "#808080")
        picture.thumbnail(fit, Image.Resampling.BILINEAR, reducing_gap=2.0)
        pictures.append(picture)
    return pictures


def load_whole(stored: StoredPhoto) -> Image.Image:
    """Return the *stored* photo in full size, as RGB, if it is the recorded one.

    Raises:
        ImageError: the photo cannot be read, was altered, or is no picture.
    """
    try:
        encoded = stored.read()
        if hashlib.sha256(encoded).hexdigest() != stored.sha256:
            raise ImageError("the photo's file was altered since it was recorded", "verify the evidence")
        with Image.open(io.BytesIO(encoded)) as file:
            return file.convert("RGB")
    except CaseError as error:
        raise ImageError(error.cause, error.remedy) from None
    except ImageError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise ImageError("the photo's file cannot be decoded", "verify the evidence") from None


def magnify(whole: Image.Image, box: Box, fit: tuple[int, int]) -> Image.Image:
    """Return the *box* of a photo with a margin, scaled to fit into *fit*.

    :data:`CROP_MAGNIFICATION` and :data:`CROP_SHARE` bound the size.
    """
    margin = CROP_MARGIN * box.height
    region = (
        max(0.0, box.x1 - margin),
        max(0.0, box.y1 - margin),
        min(float(whole.width), box.x2 + margin),
        min(float(whole.height), box.y2 + margin),
    )
    width, height = max(1.0, region[2] - region[0]), max(1.0, region[3] - region[1])
    most = math.sqrt(CROP_SHARE * fit[0] ** 2 / (width * height))
    scale = min(CROP_MAGNIFICATION, fit[0] / width, fit[1] / height, most)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return whole.resize(size, Image.Resampling.BICUBIC, box=region)


def load_portrait(encoded: bytes, fit: tuple[int, int]) -> Image.Image:
    """Return an encoded portrait, scaled to fit into *fit*.

    Raises:
        ImageError: the bytes are no picture.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as file:
            picture = file.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise ImageError("the portrait cannot be decoded", "verify the evidence") from None
    picture.thumbnail(fit, Image.Resampling.LANCZOS)
    return picture
