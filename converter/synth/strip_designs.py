"""What the strips at the left end of plates look like, by country."""

from __future__ import annotations

from dataclasses import dataclass

from converter.synth.paints import BLACK, WHITE, Colour

BLUE: Colour = (15, 55, 160)
GOLD: Colour = (245, 205, 30)
_RED, _GREEN, _SKY, _MAROON, _ORANGE = (200, 25, 35), (20, 120, 60), (40, 110, 200), (130, 25, 45), (240, 150, 20)


@dataclass(frozen=True, slots=True)
class StripDesign:
    """One kind of strip.

    ``sign`` is the distinguishing sign; ``above`` what stands over it: ``stars``, ``arms``, ``flag`` (rows of
    ``colours``), ``columns``, ``cross`` (of the second and third of ``colours`` on the first), ``union`` or nothing.
    ``ground`` None is the plate's own ground. ``weight`` is its share among the country's designs.
    """

    sign: str
    above: str = "stars"
    ground: Colour | None = BLUE
    ink: Colour = WHITE
    colours: tuple[Colour, ...] = ()
    weight: float = 1.0


def _flag(sign: str, *colours: Colour, weight: float = 1.0, above: str = "flag", ground: Colour | None = BLUE,
          ink: Colour = WHITE) -> StripDesign:  # fmt: skip
    return StripDesign(sign, above, ground, ink, colours, weight)


def _plain(sign: str, ground: Colour = BLUE, weight: float = 1.0) -> StripDesign:
    return StripDesign(sign, "", ground, weight=weight)


_UNION = {
    code: (StripDesign(sign),)
    for code, sign in {
        "AT": "A", "BE": "B", "CY": "CY", "DE": "D", "DK": "DK", "ES": "E", "FI": "FIN", "FR": "F", "GR": "GR",
        "HR": "HR", "IE": "IRL", "IT": "I", "LU": "L", "MT": "M", "NL": "NL", "PT": "P", "SE": "S", "SI": "SLO",
        "GI": "GBZ",
    }.items()
}  # fmt: skip
STRIP_DESIGNS: dict[str, tuple[StripDesign, ...]] = {
    **_UNION,
    "BG": (StripDesign("BG", weight=0.6), _flag("BG", WHITE, _GREEN, _RED, weight=0.4)),
    "CZ": (StripDesign("CZ", weight=0.8), _flag("CZ", WHITE, _RED, weight=0.2)),
    "EE": (StripDesign("EST", weight=0.7), _flag("EST", _SKY, BLACK, WHITE, weight=0.3)),
    "HU": (StripDesign("H", weight=0.65), _flag("H", _RED, WHITE, _GREEN, weight=0.35, ground=None, ink=BLACK)),
    "LT": (StripDesign("LT", weight=0.6), _flag("LT", GOLD, _GREEN, _RED, weight=0.4)),
    "LV": (StripDesign("LV", weight=0.6), _flag("LV", _MAROON, WHITE, _MAROON, weight=0.2),
           _flag("LV", _MAROON, WHITE, _MAROON, weight=0.2, ground=None, ink=BLACK)),
    "PL": (StripDesign("PL", weight=0.65), _flag("PL", WHITE, _RED, weight=0.35)),
    "RO": (StripDesign("RO", weight=0.55), _flag("RO", _SKY, GOLD, _RED, above="columns", weight=0.45)),
    "SK": (StripDesign("SK", weight=0.75), StripDesign("SK", "arms", None, BLACK, weight=0.2),
           StripDesign("ASR", "arms", None, BLACK, weight=0.05)),
    "GB": (StripDesign("GB", weight=0.55), _flag("GB", above="union", weight=0.2),
           _flag("UK", above="union", weight=0.1), _flag("ENG", WHITE, _RED, _RED, above="cross", weight=0.07),
           _flag("SCO", BLUE, WHITE, WHITE, above="cross", weight=0.05), StripDesign("CYM", "arms", weight=0.03)),
    "AD": (StripDesign("AND", "arms"),),
    "AL": (_plain("AL", weight=0.5), StripDesign("AL", "arms", weight=0.5)),
    "AM": (_flag("AM", _RED, BLUE, _ORANGE, ground=None, ink=BLACK),),
    "AZ": (_flag("AZ", _SKY, _RED, _GREEN, ground=None, ink=BLACK),),
    "BA": (_plain("BIH"),),
    "BY": (_flag("BY", _RED, _GREEN, ground=None, ink=BLACK, weight=0.5), _flag("BY", _RED, _GREEN, weight=0.5)),
    "FO": (_flag("FO", WHITE, BLUE, _RED, above="cross", weight=0.5),
           _flag("FO", WHITE, BLUE, _RED, above="cross", ground=None, ink=BLUE, weight=0.5)),
    "GE": (_flag("GE", WHITE, _RED, _RED, above="cross"),),
    "GG": (_plain("GBG"),),
    "IM": (StripDesign("GBM", "arms", _RED, weight=0.7), _plain("GBM", weight=0.3)),
    "IN": (_plain("IND", _SKY, weight=0.6), StripDesign("IND", "arms", None, BLUE, weight=0.4)),
    "IS": (_flag("IS", BLUE, WHITE, _RED, above="cross"),),
    "JE": (StripDesign("GBJ", "arms"),),
    "MC": (StripDesign("MC", "arms", None, BLACK, weight=0.5), StripDesign("MC", "arms", weight=0.5)),
    "MD": (_flag("MD", _SKY, GOLD, _RED, above="columns", weight=0.5), _flag("MD", _SKY, GOLD, _RED, weight=0.5)),
    "ME": (_plain("MNE"),),
    "MK": (_plain("MK", weight=0.4), _plain("NMK", weight=0.4), _plain("MK", _RED, weight=0.2)),
    "NO": (_flag("N", _RED, WHITE, BLUE, above="cross"),),
    "RS": (_plain("SRB"),),
    "SM": (StripDesign("RSM", "arms"),),
    "TR": (_plain("TR"),),
    "UA": (_flag("UA", _SKY, GOLD, weight=0.7), _flag("UA", _SKY, GOLD, ground=None, ink=BLACK, weight=0.3)),
    "VA": (StripDesign("V", "arms"),),
    "XK": (_plain("RKS"),),
}  # fmt: skip
"""The kinds of strips of each country that has any, by ISO code."""
