"""Glyph sources of the renderer: free fonts found in folders, and the stroke alphabets of :mod:`.strokes`."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from converter.errors import MissingError
from converter.synth.alphabets import ALPHABETS, NationalDie
from converter.synth.strokes import Die

PLATE_FONTS = ("GL-Nummernschild-Eng.ttf", "GL-Nummernschild-Mtl.ttf", "OSP-DIN.ttf", "RG2014*.ttf")
"""Fonts made after plates and road signs: drawn most often."""
TEXT_FONTS = (
    "Roboto-*.ttf", "RobotoCondensed-*.ttf", "Lato-*.ttf", "BebasNeue-*.otf", "ClearSans-*.ttf", "Play-Bold.ttf",
    "Dosis-*.otf", "Cabin-Bold.otf", "routed-gothic*.ttf", "Jura-Bold.otf", "B612-Bold.otf", "Inter-SemiBold.otf",
    "GemunuLibre-SemiBold.otf", "LeagueSpartan-Bold.otf", "Manrope-Bold.ttf", "AveriaSansGWF-Bold.ttf",
    "LiberationSans-*.ttf", "LiberationSerif-*.ttf",
)  # fmt: skip
"""Fonts of Debian packages under OFL or Apache-2.0: variety, italics as plate painters use them included."""
SIGN_FONTS = (
    "alfa-slab-one", "anton", "archivo-black", "archivo-narrow", "arvo", "audiowide", "barlow-condensed",
    "big-shoulders-display", "black-ops-one", "bodoni-moda", "bungee", "bungee-shade", "chakra-petch", "changa-one",
    "comic-neue", "days-one", "domine", "encode-sans-semi-expanded", "exo-2", "fira-sans-condensed", "fjalla-one",
    "goldman", "jockey-one", "khand", "krona-one", "league-gothic", "libre-baskerville", "lilita-one",
    "m-plus-rounded-1c", "merriweather", "michroma", "montserrat", "noto-sans", "nunito", "old-standard-tt",
    "open-sans", "orbitron", "oswald", "overpass", "passion-one", "patrick-hand", "poppins", "pt-sans-narrow",
    "quantico", "rajdhani", "righteous", "roboto-slab", "rokkitt", "russo-one", "saira", "saira-condensed",
    "saira-stencil-one", "share-tech", "source-code-pro", "source-sans-3", "special-gothic-expanded-one",
    "squada-one", "staatliches", "syncopate", "teko", "titillium-web", "unbounded", "varela-round", "work-sans",
    "zalando-sans-expanded", "zen-dots",
)  # fmt: skip
"""Families of the npm packages @fontsource/... under OFL or Apache-2.0: what owners and sign painters letter with."""
_WEIGHTS = "[4-8]00"
PAINTED = "painted"
"""Name of all text and sign fonts together."""
_TUNIS = "ﺲﻧﻮﺗ"  # the word in presentation forms, from left to right
ARABIC_FONTS = ("Amiri-Bold.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans.ttf")
_SHEET_HEIGHT = 96
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
NATIONAL = 0.85
"""How often a plate of a country with an alphabet of its own is lettered with it."""


class Typeface:
    """Characters of one alphabet as masks: a font file, or drawn dies."""

    def __init__(self, source: Path | Die | NationalDie) -> None:
        self._source = source

    def glyph(self, character: str) -> NDArray[np.uint8]:
        """Return the mask of *character*, 96 pixels high, width as the alphabet has it."""
        if not isinstance(self._source, Path):
            return self._source.glyph(character, _SHEET_HEIGHT)
        return _font_glyph(self._source, character)


@functools.lru_cache(maxsize=4096)
def _font_glyph(path: Path, character: str) -> NDArray[np.uint8]:
    font = _font(path, 140)
    reference = font.getbbox("H")
    left, top, right, bottom = font.getbbox(character)
    image = Image.new("L", (max(1, int(right - left)), max(1, int(bottom - top))))
    ImageDraw.Draw(image).text((-left, -top), character, 255, font)
    cap_height = max(1, reference[3] - reference[1])
    # Round letters overshoot the cap height by a little; a die does not.
    height = cap_height if abs(bottom - top - cap_height) < 0.12 * cap_height else bottom - top
    scale = _SHEET_HEIGHT / height
    size = (max(2, round((right - left) * scale)), _SHEET_HEIGHT)
    return np.asarray(cv2.resize(np.asarray(image), size, interpolation=cv2.INTER_AREA), np.uint8)


@functools.lru_cache(maxsize=512)
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    # Raqm would turn a text round that stands in the order of its glyphs already.
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


class FontShelf:
    """All alphabets the renderer draws from.

    *folders* are searched recursively; with *plates_only* small print, too, is set in the plate fonts, so that drawings
    do not depend on what else is installed. Without folders characters are drawn dies, and small print is set in
    Pillow's own font. Raises :class:`MissingError` where folders are given and the plate fonts are missing.
    """

    def __init__(self, folders: Sequence[Path] = (), *, plates_only: bool = False) -> None:
        self._plate = _find(folders, PLATE_FONTS)
        self._text = self._plate if plates_only else _find(folders, TEXT_FONTS)
        self._arabic = _find(folders, ARABIC_FONTS)
        self._signs: dict[str, list[Path]] = {}
        for family in SIGN_FONTS:
            if found := _find(folders, (f"{family}-latin-{_WEIGHTS}-normal.woff",)):
                self._signs[family] = found
        if folders and (len(self._plate) < len(PLATE_FONTS) or not self._text):
            raise MissingError(
                f"plate fonts are missing below {', '.join(map(str, folders))}",
                f"give the folders of {', '.join(PLATE_FONTS)} and of the Debian packages that models/reader.md names",
            )

    @property
    def names(self) -> tuple[str, ...]:
        """File names of all fonts found."""
        signs = (path for family in self._signs.values() for path in family)
        return tuple(sorted(p.name for p in (*self._plate, *self._text, *self._arabic, *signs)))

    def draw(self, rng: random.Random, prefer: str = "") -> Typeface:
        """Draw an alphabet.

        *prefer* is the beginning of a font's name or :data:`PAINTED`, taken half of the time, or one of
        :data:`.alphabets.ALPHABETS`, taken with the probability :data:`NATIONAL`.
        """
        if prefer in ALPHABETS:
            if rng.random() < NATIONAL:
                return Typeface(ALPHABETS[prefer].draw(rng))
            prefer = ""
        if not self._plate:
            return Typeface(Die.random(rng))
        if prefer and rng.random() < 0.5:
            if prefer == PAINTED:
                return Typeface(self._painted(rng))
            named = [p for p in (*self._plate, *self._text) if p.name.startswith(prefer)]
            if named:
                return Typeface(rng.choice(named))
        dice = rng.random()
        if dice < 0.45:
            return Typeface(Die.random(rng))
        return Typeface(rng.choice(self._plate) if dice < 0.75 else self._painted(rng))

    def _painted(self, rng: random.Random) -> Path:
        if self._signs and rng.random() < 0.5:
            return rng.choice(self._signs[rng.choice(list(self._signs))])
        return rng.choice(self._text)

    def caption(self, text: str, height: int, rng: random.Random) -> NDArray[np.uint8]:
        """Return the mask of a line of small print, *height* pixels high: states, cities, dealers."""
        return _line(_font(rng.choice(self._text), 64) if self._text else _own_font(), text, height)

    @property
    def sign_faces(self) -> int:
        """How many fonts :meth:`sign` knows, the plate fonts three times."""
        return max(1, 3 * len(self._plate) + len(self._text) + len(self._signs))

    def sign(self, text: str, height: int, face: int) -> NDArray[np.uint8]:
        """Return the mask of a country's sign in the font number *face*, *height* pixels high."""
        faces = [*self._plate * 3, *self._text, *(family[0] for family in self._signs.values())]
        return _line(_font(faces[face], 64) if faces else _own_font(), text, height)

    def tunis(self, height: int, rng: random.Random) -> NDArray[np.uint8]:
        """Return the mask of the word on Tunisian plates, *height* pixels high; lines stand for it without a font."""
        if not self._arabic:
            return joined_script(height)
        return _line(_font(rng.choice(self._arabic), 64), _TUNIS, height)


def joined_script(height: int) -> NDArray[np.uint8]:
    """Return the word on Tunisian plates as a camera sees it: a line with teeth, a bowl below it, dots.

    (*height*, 1.2 *height*), 255 where there is ink.
    """
    wide, pen = round(1.2 * height), max(1, height // 9)
    mask = Image.new("L", (wide, height))
    draw = ImageDraw.Draw(mask)
    base = 0.55 * height
    draw.line((0.2 * wide, base, 0.95 * wide, base), 255, pen)
    for x in (0.55, 0.68, 0.8, 0.93):
        draw.line((x * wide, base, x * wide, 0.35 * height), 255, pen)
    draw.arc((0.05 * wide, 0.45 * height, 0.4 * wide, 0.95 * height), 0, 180, 255, pen)
    draw.arc((0.35 * wide, 0.5 * height, 0.6 * wide, 0.95 * height), 20, 120, 255, pen)
    for x, y in ((0.22, 0.3), (0.8, 0.12), (0.9, 0.12)):
        draw.ellipse((x * wide - pen, y * height - pen, x * wide + pen, y * height + pen), 255)
    return np.asarray(mask)


@functools.cache
def _own_font() -> Font:
    return ImageFont.load_default(64)


def _line(font: Font, text: str, height: int) -> NDArray[np.uint8]:
    mask = ink_mask(text, font)
    width = max(1, round(mask.shape[1] * height / mask.shape[0]))
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def ink_mask(text: str, font: Font) -> NDArray[np.uint8]:
    """Return *text* in *font*, cropped to its ink: (H, W), 255 where there is ink."""
    x0, y0, x1, y1 = font.getbbox(text)
    mask = Image.new("L", (max(1, int(x1 - x0)), max(1, int(y1 - y0))))
    ImageDraw.Draw(mask).text((-x0, -y0), text, fill=255, font=font)
    return np.asarray(mask)


def _find(folders: Sequence[Path], patterns: Sequence[str]) -> list[Path]:
    """Return one path a file name, in the order of the names."""
    found = {p.name: p for folder in folders for pattern in patterns for p in folder.rglob(pattern)}
    return [found[name] for name in sorted(found)]


def word_fonts(size: int = 92) -> list[Font]:
    """Return the fonts that come with matplotlib in *size* pixels, for badges and captions on scenes.

    Raises:
        ImportError: matplotlib is not installed in this environment.
    """
    import matplotlib as mpl

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    files = sorted(file for file in folder.glob("*.ttf") if file.name.startswith(("DejaVu", "STIXGeneral")))
    return [ImageFont.truetype(str(file), size) for file in files if "Display" not in file.name]
