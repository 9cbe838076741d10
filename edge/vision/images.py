"""Any picture file into pixels: what a camera, a phone or an archive may hold."""

from __future__ import annotations

import io
import struct
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from edge.errors import ImageError

MAX_PIXELS = 150_000_000
"""A picture of 12,000 x 12,000 is accepted and takes about a gigabyte while it is decoded; a camera's photo has 2 to 12
million."""
PADDING_GREY = 114
"""Grey of what a network's input shows beyond the photo; the training scenes use it too."""

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a photo of each EXIF orientation upright (CIPA DC-008, 4.6.4)."""


def load_image(source: Path | str | bytes) -> NDArray[np.uint8]:
    """Return the picture as uint8 of shape (H, W, 3), RGB, in its own size, turned upright by its EXIF orientation.

    Grey, palette, 16-bit, CMYK and transparent pictures become RGB (transparency on white); of an animation the first
    picture counts.

    Args:
        source: a file, or the encoded bytes.

    Raises:
        ImageError: the file does not exist, is not a picture, is cut off, or has more than ``MAX_PIXELS`` pixels.
    """
    name = "the picture" if isinstance(source, bytes) else str(source)
    try:
        with (
            # Pillow warns of large or oddly tagged files; our own limit and errors speak instead.
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as picture,
        ):
            if picture.width * picture.height > MAX_PIXELS:
                raise ImageError(f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels", "make it smaller")
            return _rgb(picture)
    except FileNotFoundError:
        raise ImageError(f"{name} does not exist", "check the path") from None
    except UnidentifiedImageError:
        raise ImageError(f"{name} is not a picture that can be read", "give a JPEG, PNG, WebP, TIFF or BMP") from None
    except Image.DecompressionBombError:
        raise ImageError(f"{name} has more than {MAX_PIXELS // 1_000_000} million pixels", "make it smaller") from None
    except IsADirectoryError:
        raise ImageError(f"{name} is a folder", "name a picture") from None
    except ImageError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError):
        raise ImageError(f"{name} is damaged or cut off", "take or copy it again") from None


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return width and height that :func:`load_image` would give an opened picture, without decoding its pixels."""
    turned = _turn(picture) in {_TURNS[orientation] for orientation in (5, 6, 7, 8)}
    return (picture.height, picture.width) if turned else picture.size


def _turn(picture: Image.Image) -> Image.Transpose | None:
    """What turns the picture upright; a damaged EXIF says nothing, and the pixels are good all the same."""
    try:
        return _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return None


def _rgb(picture: Image.Image) -> NDArray[np.uint8]:
    picture.load()
    turn = _turn(picture)
    upright = picture if turn is None else picture.transpose(turn)
    if upright.mode.startswith("I") or upright.mode == "F":
        values = np.asarray(upright, dtype=np.float64)
        scale = 257.0 if upright.mode.startswith("I") else 1.0
        grey = np.clip(values / scale, 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        upright = Image.alpha_composite(paper, rgba)
    return np.array(upright.convert("RGB"), dtype=np.uint8)
