"""A unit's statistics as a picture that an authority can publish: SVG, or PNG through Pillow. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from edge.cases.statistics.counts import BIN_KMH, WEEKDAYS, Statistics

WIDTH, HEIGHT = 960, 720
INK, MUTED, RULE, BAR, PAPER = "#1b2430", "#5b6675", "#c9d1da", "#2f6ea5", "#ffffff"


@dataclass(frozen=True, slots=True)
class Bars:
    """One diagram: its title, the name under each bar (some may be empty), and the counts."""

    title: str
    names: Sequence[str]
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float
    text: str
    size: int
    colour: str
    anchor: str


@dataclass(frozen=True, slots=True)
class _Rectangle:
    x: float
    y: float
    width: float
    height: float
    colour: str


_Mark = _Text | _Rectangle


def svg(found: Statistics, title: str) -> bytes:
    """The statistics as SVG 1.1."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
    ]
    for mark in _marks(found, title):
        if isinstance(mark, _Text):
            anchor = {"l": "start", "m": "middle", "r": "end"}[mark.anchor]
            lines.append(
                f'<text x="{mark.x:.1f}" y="{mark.y:.1f}" font-family="DejaVu Sans, sans-serif" font-size="{mark.size}"'
                f' fill="{mark.colour}" text-anchor="{anchor}">{escape(mark.text)}</text>'
            )
        else:
            lines.append(
                f'<rect x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}" height="{mark.height:.1f}"'
                f' fill="{mark.colour}"/>'
            )
    return "\n".join([*lines, "</svg>", ""]).encode("utf-8")


def png(found: Statistics, title: str) -> bytes:
    """The statistics as PNG, twice as fine as the SVG's pixels."""
    fine = 2
    picture = Image.new("RGB", (WIDTH * fine, HEIGHT * fine), PAPER)
    draw = ImageDraw.Draw(picture)
    for mark in _marks(found, title):
        if isinstance(mark, _Text):
            font = ImageFont.load_default(mark.size * fine)
            draw.text((mark.x * fine, mark.y * fine), mark.text, mark.colour, font=font, anchor=f"{mark.anchor}s")
        else:
            corner = (mark.x * fine, mark.y * fine)
            draw.rectangle((*corner, corner[0] + mark.width * fine, corner[1] + mark.height * fine), mark.colour)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _marks(found: Statistics, title: str) -> list[_Mark]:
    """Everything that is drawn, in order."""
    said = "no measured speed"
    if found.v85_kmh is not None:
        said = f"V50 {found.v50_kmh:.1f} km/h, V85 {found.v85_kmh:.1f} km/h of the cases, not of the traffic"
    marks: list[_Mark] = [
        _Text(40, 44, title, 22, INK, "l"),
        _Text(40, 70, f"{found.infringements} infringements; {said}", 14, MUTED, "l"),
    ]
    steps = list(found.speeds)
    every = -(-len(steps) // 16) or 1
    speeds = Bars(
        f"Measured speed in km/h, steps of {BIN_KMH}",
        [step if index % every == 0 else "" for index, step in enumerate(steps)],
        list(found.speeds.values()),
    )
    hours = Bars("Hour of the day", [str(hour) if hour % 3 == 0 else "" for hour in range(24)], found.hours)
    marks += _diagram(speeds, 40, 100, WIDTH - 80, 260)
    marks += _diagram(hours, 40, 420, 540, 230)
    return marks + _diagram(Bars("Day of the week", WEEKDAYS, found.weekdays), 640, 420, 280, 230)


def _diagram(bars: Bars, x: float, y: float, width: float, height: float) -> list[_Mark]:
    top, bottom = y + 34, y + height
    marks: list[_Mark] = [_Text(x, y + 16, bars.title, 14, INK, "l"), _Rectangle(x, bottom, width, 1, RULE)]
    most = max(bars.counts, default=0)
    if not most:
        return [*marks, _Text(x + width / 2, (top + bottom) / 2, "no cases", 13, MUTED, "m")]
    step = width / len(bars.counts)
    for index, (name, count) in enumerate(zip(bars.names, bars.counts, strict=True)):
        high = (bottom - top - 14) * count / most
        left, middle = x + index * step + 0.12 * step, x + (index + 0.5) * step
        if count:
            marks.append(_Rectangle(left, bottom - high, 0.76 * step, high, BAR))
            if step > 14:
                marks.append(_Text(middle, bottom - high - 4, str(count), 11, MUTED, "m"))
        if name:
            marks.append(_Text(middle, bottom + 16, name, 11, MUTED, "m"))
    return marks
