"""What plates look like from afar: proportions, colours and patterns of the families on the detector's scenes."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ColourLayout:
    """A family of plates.

    ``aspect`` is width over height. Patterns are those of :mod:`converter.synth.layouts`: ``A`` letter, ``9`` digit,
    ``/`` begins the second line, ``~`` is a word in joined script. Colours are RGB. ``strip`` and ``caption`` say
    whether such plates have a blue strip and small print.
    """

    aspect: float
    patterns: tuple[str, ...]
    paper: tuple[Colour, ...]
    ink: tuple[Colour, ...]
    strip: bool = False
    caption: bool = False
    weight: float = 1.0


WHITE, YELLOW, BLACK, _GREY = (240, 240, 236), (235, 190, 40), (20, 20, 24), (190, 192, 196)
_BLUE, _RED, _GREEN, _CREAM = (20, 50, 150), (170, 25, 30), (20, 100, 60), (225, 222, 200)
_BRICK = (150, 55, 50)

COLOUR_LAYOUTS = (
    ColourLayout(4.73, ("AA 999 AA", "A 99 AAA", "AA-999-AA", "AAA 999", "AA 9999", "9999 AAA", "A-AA 9999"),
        (WHITE,), (BLACK, (30, 30, 90)), strip=True, weight=4.0),
    ColourLayout(4.73, ("AA 99 AAA", "AAAA 999", "999-999"), (YELLOW, WHITE), (BLACK,), strip=True, weight=1.5),
    ColourLayout(4.5, ("AA 99 AAA", "A 999 AAA", "AA-999"), (YELLOW, WHITE, _CREAM), (BLACK, _RED, _GREEN), weight=1.5),
    ColourLayout(4.4, ("999 9999", "99 9999", "AAA 999", "AAA-9999"), (BLACK, (35, 35, 38)), (WHITE, _GREY),
        weight=3.0),
    ColourLayout(4.4, ("999 ~ 9999", "999 ~ 9999", "99 ~ 9999", "999 ~ 999"), (BLACK, (35, 35, 38)), (WHITE, _GREY),
        weight=4.0),
    ColourLayout(1.6, ("9999/99 ~", "~ 999/9999"), (BLACK,), (WHITE, _GREY), weight=0.3),
    ColourLayout(3.08, ("AAA-9999", "AAA 9999"), (_GREY, WHITE, (200, 200, 205), _RED), (BLACK, (50, 50, 50), WHITE),
        caption=True, weight=2.0),
    ColourLayout(2.0, ("AAA 9999", "9AAA999", "AAA-999", "999 AAA", "AAAAA", "999999"),
        (WHITE, _CREAM, _BLUE, YELLOW, _GREEN, (200, 215, 235), BLACK), (BLACK, _BLUE, _RED, _GREEN, WHITE),
        caption=True, weight=3.0),
    ColourLayout(1.45, ("AA/9999", "AAA/999", "AA 99/AAA", "99/9999"), (WHITE, YELLOW, BLACK), (BLACK, WHITE),
        weight=1.0),
    ColourLayout(4.6, ("AA 99 AA 9999", "AA-99-AA-9999", "AA99AA9999"), (_RED, _GREEN, _BLUE, BLACK), (WHITE, YELLOW),
        weight=2.0),
    ColourLayout(1.6, ("AA 99/AA 9999", "AA 99 A/9999", "AAA/9999"), (_RED, _GREEN, _BLUE, BLACK), (WHITE, YELLOW),
        weight=0.8),
    ColourLayout(4.6, ("AA 99 AA 9999", "AA-99-A-9999", "AA99AA9999", "AA 99 9999", "AAA9999"), (_RED, _BRICK),
        (WHITE,), weight=4.5),
    ColourLayout(1.6, ("AA 99/AA 9999", "AA 99 A/9999", "AA 99/9999"), (_RED, _BRICK), (WHITE,), weight=2.0),
)  # fmt: skip
