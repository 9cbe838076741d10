"""Photos with what was read drawn on them, for ``autovelox read --save``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from edge.errors import ConfigError
from edge.vision.images import load_image

FRAME = (255, 210, 0)
INK = (0, 0, 0)


class Album:
    """A new or empty folder that gets the pictures; none takes the place of another."""

    def __init__(self, folder: Path) -> None:
        """Make the folder.

        Raises:
            ConfigError: it cannot be made, or holds something.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise ConfigError(f"{folder} is not empty", "name a new folder with --save")
        except OSError as error:
            raise ConfigError(f"{folder} cannot be made ({error.strerror})", "name another with --save") from None
        self._folder = folder

    def add(self, photo: Path, name: str, plates: Sequence[dict[str, Any]]) -> Path:
        """Save the picture of *photo* as JPEG, called *name*, with a frame and the text of each of *plates*.

        *plates* are those of a report: ``box`` in pixels (left, top, right, bottom), ``text``, ``confidence`` (0 to 1).

        Raises:
            ConfigError: it cannot be written.
            ImageError: *photo* is no picture.
        """
        image = Image.fromarray(load_image(photo))
        draw = ImageDraw.Draw(image)
        for plate in plates:
            left, top, right, bottom = plate["box"]
            width = max(2, image.width // 400)
            draw.rectangle((left - width, top - width, right + width, bottom + width), outline=FRAME, width=width)
            font = ImageFont.load_default(max(14, int((bottom - top) * 0.8)))
            words = f"{plate['text'] or '?'} {plate['confidence']:.0%}"
            x0, y0, x1, y1 = draw.textbbox((0, 0), words, font=font)
            at_x = max(0.0, min(left, image.width - (x1 - x0) - 4))
            at_y = top - (y1 - y0) - 3 * width if top > y1 + 3 * width else bottom + 2 * width
            draw.rectangle((at_x, at_y, at_x + x1 - x0 + 4, at_y + y1 - y0 + 4), fill=FRAME)
            draw.text((at_x + 2 - x0, at_y + 2 - y0), words, fill=INK, font=font)
        to, number = self._folder / f"{name}.jpg", 1
        while to.exists():
            number += 1
            to = self._folder / f"{name}-{number}.jpg"
        try:
            image.save(to, quality=90)
        except OSError as error:
            raise ConfigError(f"{to} cannot be written ({error.strerror})", "check the disk") from None
        return to
