"""Line charts with Pillow: training curves and the reliability of the confidences."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Point = tuple[float, float]
_SIZE, _LEFT, _TOP, _RIGHT, _BOTTOM = (720, 420), 60, 20, 700, 370
_COLOURS = ("#1f5fbf", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#117a8b")


def chart(
    path: Path, lines: Mapping[str, Sequence[Point]], x_name: str, x_most: float, *, diagonal: bool = False
) -> None:
    """Write a chart of *lines* (name to points) with x from 0 to *x_most* and y from 0 to 1."""
    image = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(13)

    def at(x: float, y: float) -> Point:
        return _LEFT + (_RIGHT - _LEFT) * x / x_most, _BOTTOM - (_BOTTOM - _TOP) * y

    for tenth in range(0, 11, 2):
        y = tenth / 10
        draw.line((at(0, y), at(x_most, y)), fill="#dddddd")
        draw.text((_LEFT - 34, at(0, y)[1] - 8), f"{y:.1f}", fill="black", font=font)
        x = x_most * tenth / 10
        draw.text((at(x, 0)[0] - 10, _BOTTOM + 6), f"{x:.4g}", fill="black", font=font)
    draw.text(((_LEFT + _RIGHT) / 2 - 40, _BOTTOM + 26), x_name, fill="black", font=font)
    if diagonal:
        draw.line((at(0, 0), at(x_most, x_most)), fill="#999999")
    for place, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        pixels = [at(x, min(max(y, 0), 1)) for x, y in points]
        draw.line(pixels, fill=colour, width=2)
        for x, y in pixels:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
        draw.text((_RIGHT - 190, _BOTTOM - 24 - 18 * place), name, fill=colour, font=font)
    image.save(path)


def training_curves(log: Path, path: Path) -> None:
    """Draw the exact match of every source in a trainer's ``log.csv`` over its steps."""
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    sources = [name for name in rows[0] if name not in ("step", "loss")]
    lines = {name: [(float(row["step"]), float(row[name])) for row in rows] for name in sources}
    chart(path, lines, "step", float(rows[-1]["step"]))
