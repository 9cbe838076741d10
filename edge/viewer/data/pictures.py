"""Photos and portraits from bytes to the screen: decoded and scaled off Tk's thread, kept for the case at hand only."""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from edge.errors import ImageError
from edge.model import Box
from edge.viewer.text.language import _
from edge.viewer.text.plain import describe

CROP_MARGIN = 0.18
CROP_MAGNIFICATION = 8.0
CROP_SHARE = 0.13
"""Of the square over the crop's width as much may be filled: every pixel costs 4 bytes on the way to the screen."""


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A stored photo and the SHA-256 (hex) its case's manifest has of it."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Which pictures a case needs on the screen: sizes are (width, height) in pixels, None is a picture not wanted.

    ``redraw`` is false where the photo itself is on the screen already and only the crop of ``box`` is missing.
    """

    photo: StoredPhoto | None
    redraw: bool
    fit: tuple[int, int]
    box: Box | None
    crop_fit: tuple[int, int]
    portrait: bytes | None
    portrait_fit: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo: scaled to fit, the plate's crop magnified, how far it was scaled, and its own size."""

    picture: Image.Image | None
    crop: Image.Image | None
    scale: float
    native: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pictures:
    """What was wanted, or a sentence on why it cannot be had."""

    photo: Photo | str | None
    portrait: Image.Image | str | None


def load(wanted: PictureRequest) -> Pictures:
    """Decode everything *wanted*; what fails is told in words."""
    photo: Photo | str | None = None
    portrait: Image.Image | str | None = None
    if wanted.photo is not None:
        try:
            photo = load_photo(wanted.photo, wanted.fit, wanted.box, wanted.crop_fit, redraw=wanted.redraw)
        except ImageError as error:
            photo = describe(error)
    if wanted.portrait:
        try:
            portrait = load_portrait(wanted.portrait, wanted.portrait_fit)
        except ImageError as error:
            portrait = describe(error)
    elif wanted.portrait is not None:
        portrait = _("No portrait")
    return Pictures(photo, portrait)


def load_photo(
    stored: StoredPhoto, fit: tuple[int, int], box: Box | None, crop_fit: tuple[int, int], *, redraw: bool = True
) -> Photo:
    """Decode the *stored* photo, scale it to fit into *fit* (never enlarging it) and magnify the plate in *box*.

    Raises:
        ImageError: the file is missing or is no picture.
    """
    whole = load_whole(stored)
    scale = min(1.0, fit[0] / whole.width, fit[1] / whole.height)
    size = max(1, round(whole.width * scale)), max(1, round(whole.height * scale))
    picture = None
    if redraw:
        picture = whole.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0) if scale < 1.0 else whole
    crop = magnify(whole, box, crop_fit) if box is not None and box.width >= 1 and box.height >= 1 else None
    return Photo(picture, crop, scale, whole.size)


def load_whole(stored: StoredPhoto) -> Image.Image:
    """The *stored* photo in full size, as RGB, if it is the one that was recorded.

    Raises:
        ImageError: the file is missing, was altered, or is no picture.
    """
    try:
        encoded = stored.path.read_bytes()
        if hashlib.sha256(encoded).hexdigest() != stored.sha256:
            raise ImageError(_("The photo's file was altered since it was recorded"), _("verify the evidence"))
        with Image.open(io.BytesIO(encoded)) as file:
            return file.convert("RGB")
    except FileNotFoundError:
        raise ImageError(_("The photo's file is missing"), _("verify the evidence")) from None
    except ImageError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise ImageError(_("The photo's file cannot be decoded"), _("verify the evidence")) from None


def magnify(whole: Image.Image, box: Box, fit: tuple[int, int]) -> Image.Image:
    """The *box* of a photo with a margin, scaled to fit into *fit*, within :data:`CROP_MAGNIFICATION` and its share."""
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
    """An encoded portrait scaled to fit into *fit*.

    Raises:
        ImageError: it is no picture.
    """
    try:
        with Image.open(io.BytesIO(encoded)) as file:
            picture = file.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise ImageError(_("The portrait cannot be decoded"), _("verify the evidence")) from None
    picture.thumbnail(fit, Image.Resampling.LANCZOS)
    return picture
