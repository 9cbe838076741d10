"""A unit's statistics as a picture that an authority can publish: SVG, or PNG through Pillow.

Its texts are in the language of :mod:`edge.cases.report.language`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont

from edge.cases.report.fonts import regular_file
from edge.cases.report.language import _, day, ngettext, number, spoken
from edge.cases.statistics.counts import BIN, Statistics
from edge.cases.statistics.weekdays import weekdays
from edge.law import speed_words

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


def title(since: str, until: str) -> str:
    """What a picture of the cases of the days *since* to *until* (ISO dates, or empty) is of."""
    if since and until:
        return _("Cases from {since} to {until}").format(since=day(since), until=day(until))
    if since:
        return _("Cases since {since}").format(since=day(since))
    return _("Cases until {until}").format(until=day(until)) if until else _("Cases")


def svg(found: Statistics, heading: str) -> bytes:
    """The statistics as SVG 1.1; the *heading* stands above."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:lang="{spoken()}" width="{WIDTH}" height="{HEIGHT}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<title>{escape(heading)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
    ]
    for mark in _marks(found, heading):
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


def png(found: Statistics, heading: str) -> bytes:
    """The statistics as PNG, twice as fine as the SVG's pixels; the *heading* stands above."""
    fine = 2
    picture = Image.new("RGB", (WIDTH * fine, HEIGHT * fine), PAPER)
    draw = ImageDraw.Draw(picture)
    for mark in _marks(found, heading):
        if isinstance(mark, _Text):
            font = ImageFont.truetype(regular_file(), mark.size * fine)
            draw.text((mark.x * fine, mark.y * fine), mark.text, mark.colour, font=font, anchor=f"{mark.anchor}s")
        else:
            corner = (mark.x * fine, mark.y * fine)
            draw.rectangle((*corner, corner[0] + mark.width * fine, corner[1] + mark.height * fine), mark.colour)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _marks(found: Statistics, heading: str) -> list[_Mark]:
    """Everything that is drawn, in order."""
    said = _("no measured speed")
    if found.v50_kmh is not None and found.v85_kmh is not None:
        said = _("V50 {v50}, V85 {v85} of the cases, not of the traffic").format(
            v50=speed_words(found.v50_kmh, found.speed_unit, number),
            v85=speed_words(found.v85_kmh, found.speed_unit, number),
        )
    counted = ngettext("{count} infringement", "{count} infringements", found.infringements)
    marks: list[_Mark] = [
        _Text(40, 44, heading, 22, INK, "l"),
        _Text(40, 70, f"{counted.format(count=number(found.infringements))}; {said}", 14, MUTED, "l"),
    ]
    steps = list(found.speeds)
    every = -(-len(steps) // 16) or 1
    speeds = Bars(
        _("Measured speed in {unit}, steps of {step}").format(unit=found.speed_unit, step=BIN),
        [step if index % every == 0 else "" for index, step in enumerate(steps)],
        list(found.speeds.values()),
    )
    hours = Bars(_("Hour of the day"), [str(hour) if hour % 3 == 0 else "" for hour in range(24)], found.hours)
    marks += _diagram(speeds, 40, 100, WIDTH - 80, 260)
    marks += _diagram(hours, 40, 420, 540, 230)
    return marks + _diagram(Bars(_("Day of the week"), weekdays(), found.weekdays), 640, 420, 280, 230)


def _diagram(bars: Bars, x: float, y: float, width: float, height: float) -> list[_Mark]:
    top, bottom = y + 34, y + height
    marks: list[_Mark] = [_Text(x, y + 16, bars.title, 14, INK, "l"), _Rectangle(x, bottom, width, 1, RULE)]
    most = max(bars.counts, default=0)
    if not most:
        return [*marks, _Text(x + width / 2, (top + bottom) / 2, _("no cases"), 13, MUTED, "m")]
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
