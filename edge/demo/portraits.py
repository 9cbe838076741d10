"""Portraits of people who do not exist, drawn from a few shapes."""

from __future__ import annotations

import io
from typing import Literal

from PIL import Image, ImageDraw

from edge.config import Section

WIDTH, HEIGHT = 240, 300
SCALE = 3
"""Everything is drawn larger by this factor and shrunk, which smooths the edges."""


class Look(Section):
    """What a fictional driver looks like; colours are names that Pillow knows."""

    skin: str
    hair: str
    coat: str
    hair_style: Literal["long", "short", "bun", "bald"] = "short"
    glasses: bool = False
    beard: bool = False


def draw(look: Look) -> bytes:
    """Draw a portrait; return a PNG of 240x300 pixels."""
    image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE), "#dfe5ea")
    pen = ImageDraw.Draw(image)

    def ellipse(x1: float, y1: float, x2: float, y2: float, colour: str) -> None:
        pen.ellipse([x1 * SCALE, y1 * SCALE, x2 * SCALE, y2 * SCALE], fill=colour)

    def arc(x1: float, y1: float, x2: float, y2: float, span: tuple[int, int], width: float, colour: str) -> None:
        pen.arc([x1 * SCALE, y1 * SCALE, x2 * SCALE, y2 * SCALE], *span, fill=colour, width=round(width * SCALE))

    if look.hair_style == "long":
        ellipse(58, 48, 182, 250, look.hair)
    if look.hair_style == "bun":
        ellipse(92, 18, 148, 72, look.hair)
    ellipse(20, 232, 220, 420, look.coat)
    pen.polygon(
        [(x * SCALE, y * SCALE) for x, y in ((96, 190), (144, 190), (150, 246), (120, 268), (90, 246))], look.skin
    )
    if look.hair_style != "bald":
        ellipse(66, 44, 174, 170, look.hair)
    ellipse(62, 118, 80, 152, look.skin)
    ellipse(160, 118, 178, 152, look.skin)
    ellipse(70, 64, 170, 212, look.skin)
    if look.hair_style != "bald":
        pen.chord([72 * SCALE, 50 * SCALE, 168 * SCALE, 142 * SCALE], 180, 360, fill=look.hair)
    if look.beard:
        pen.chord([74 * SCALE, 118 * SCALE, 166 * SCALE, 216 * SCALE], 10, 170, fill=look.hair)
    for eye in (98, 142):
        ellipse(eye - 9, 126, eye + 9, 139, "#ffffff")
        ellipse(eye - 5, 127, eye + 5, 138, "#2c2a2a")
        arc(eye - 14, 112, eye + 14, 134, (205, 335), 3.2, look.hair)
    arc(110, 128, 130, 168, (40, 150), 2.4, "#9c6a4c")
    arc(100, 158, 140, 186, (25, 155), 3.6, "#a33d3d")
    if look.glasses:
        for eye in (98, 142):
            pen.ellipse(
                [(eye - 18) * SCALE, 116 * SCALE, (eye + 18) * SCALE, 150 * SCALE], outline="#26262b", width=3 * SCALE
            )
        pen.line([116 * SCALE, 131 * SCALE, 124 * SCALE, 131 * SCALE], fill="#26262b", width=3 * SCALE)
    buffer = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
