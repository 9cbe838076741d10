"""What plates are painted in, by family; the detector's scenes draw a family first, then one of its layouts."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

WHITE, YELLOW, BLACK, _GREY, _CREAM = (240, 240, 236), (235, 190, 40), (20, 20, 24), (190, 192, 196), (225, 222, 200)
_BLUE, _NAVY, _RED, _BRICK, _GREEN = (20, 50, 150), (30, 30, 90), (170, 25, 30), (150, 55, 50), (20, 100, 60)
BAND: Colour = (15, 45, 160)
"""The strip at a plate's side."""


@dataclass(frozen=True, slots=True)
class Paints:
    """Colours of a family of plates.

    ``paper`` and ``ink`` are as frequent as they are repeated; ``share`` is the family's share of the plates on scenes.
    """

    share: float
    paper: tuple[Colour, ...]
    ink: tuple[Colour, ...]


EUROPEAN = Paints(7, (WHITE,) * 5 + (YELLOW,) * 2 + (_CREAM,), (BLACK,) * 6 + (_NAVY,) * 3 + (_RED, _GREEN))
DARK = Paints(3, (BLACK, (35, 35, 38)), (WHITE, _GREY))
TUNISIAN = Paints(4.3, DARK.paper, DARK.ink)
BRAZILIAN = Paints(2, (_GREY, WHITE, (200, 200, 205), _RED), (BLACK, (50, 50, 50), WHITE))
AMERICAN = Paints(
    3, (WHITE, _CREAM, _BLUE, YELLOW, _GREEN, (200, 215, 235), BLACK), (BLACK, _BLUE, _RED, _GREEN, WHITE)
)
INDIAN = Paints(9.3, (_RED,) * 4 + (_BRICK,) * 4 + (_GREEN, _BLUE, BLACK, WHITE, YELLOW), (WHITE,) * 7 + (YELLOW,))
MIXED = Paints(1, (WHITE, YELLOW, BLACK), (BLACK, WHITE))
