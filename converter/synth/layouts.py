"""What plates look like: formats and decorations of the countries that the renderer draws.

Patterns: ``A`` letter, ``9`` digit, ``X`` either, ``W`` a word of three to six letters, ``i`` a letter of Italy's
plates since 1994, ``p`` an Italian province; any other capital stands for itself, as ``a`` does for A. What is drawn
but no part of the text: ``-`` dash, ``=`` dash with a seal above, ``.`` dot, ``*`` sticker or coat of arms, ``&`` large
arms with a name beneath, ``^`` the Italian stamp, ``#`` Italy's strip of 1994, ``~`` the Tunisian word, ``(`` and ``)``
brackets, ``_`` half a gap, space a gap. ``/`` begins another line; ``{AA|99}`` at the beginning of a line is a block of
two small rows left of the rest. Which texts there are, :mod:`edge.identify.format_table` says, where it knows the
country; words are their owners' own.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from converter.errors import MissingError
from converter.synth.fonts import PAINTED
from converter.synth.paints import AMERICAN, BRAZILIAN, DARK, EUROPEAN, INDIAN, MIXED, TUNISIAN, Paints
from converter.synth.provinces import PROVINCES
from converter.synth.texts import word
from edge.identify.formats import Formats
from edge.identify.twins import LOOKALIKES
from edge.model import ALPHABET

_DIGITS, _LETTERS = ALPHABET[:10], ALPHABET[10:]
_NOT_ITALIAN = "IOQU"
_TWINS, _TWIN_SHARE = "CG", 0.25
"""Letters that Italy's alphabet tells apart by one short bar, and how often a letter is one of them beyond chance."""
_TRIES = 300
"""Texts drawn until one fits the country's formats. A pattern that none fits, of a series that they leave out, is drawn
as it comes."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A family of plates.

    ``aspect`` is the range of width over height of one-line plates; ``square`` that of two-line ones. ``header`` and
    ``footer`` are the chances of small print above and below; ``band_left``/``band_right`` of a coloured strip;
    ``inverse`` of light characters on dark ground; ``field`` of a frame as light or dark as the characters around the
    ground; ``spread`` is the share of the height the characters take;
    ``rails`` of lines along head and foot only; ``country`` is the mark on the strip, ``iso`` the code of its formats,
    ``home`` that of the country itself where they are not written down; ``paints`` are its colours on scenes.
    """

    name: str
    weight: float
    patterns: tuple[str, ...]
    aspect: tuple[float, float] = (4.3, 5.0)
    square: tuple[float, float] = (1.25, 2.0)
    band_left: float = 0.0
    band_right: float = 0.0
    header: float = 0.0
    footer: float = 0.0
    inverse: float = 0.0
    field: float = 0.0
    spread: tuple[float, float] = (0.66, 0.84)
    stickers: float = 0.0
    graphics: float = 0.0
    font: str = ""
    country: str = ""
    iso: str = ""
    home: str = ""
    rails: float = 0.0
    paints: Paints = EUROPEAN


def _eu(
    country: str, iso: str, weight: float, *patterns: str, font: str = "", right: float = 0.0, rails: float = 0.0
) -> Layout:
    return Layout(
        country, weight, patterns, band_left=0.8, band_right=right, font=font, country=country, iso=iso, inverse=0.03,
        rails=rails,
    )  # fmt: skip


_ITALIAN: dict[str, Any] = {"band_left": 0.93, "band_right": 0.93, "country": "I", "iso": "IT", "inverse": 0.02}


LAYOUTS: tuple[Layout, ...] = (
    # Italy: D.P.R. 495/1992, articles 255 to 260 and appendices; before 1994 province and number.
    Layout("I front", 5, ("ii^999ii", "ii^999ii", "ii 999ii"), aspect=(2.9, 3.6), **_ITALIAN, font="I front"),
    Layout("I rear", 5, ("ii^999ii", "ii^999ii", "ii 999ii"), aspect=(4.3, 5.0), **_ITALIAN, font="I rear"),
    Layout("I two lines", 1.2, ("ii^999/ii", "ii/999ii", "ii^/999ii"), square=(1.2, 1.5), **_ITALIAN, font="I front"),
    Layout("I moto", 1.5, ("ii/99999", "ii^/99999"), square=(0.95, 1.2), **_ITALIAN, font="I front"),
    Layout("I moped", 0.3, ("XXX/XXX", "X9i/iii", "XX9/9ii"), square=(1.0, 1.25), country="I", home="IT",
           font="I front"),
    Layout("I 1994", 1.2, ("ii#999 ii", "ii#999 ii", "ii 999 ii", "ii#999/ii"), aspect=(4.3, 5.0), iso="IT",
           font="I rear"),
    Layout("I 1994 front", 0.6, ("ii#999 ii", "ii 999 ii"), aspect=(2.9, 3.6), iso="IT", font="I front"),
    Layout("I trailer", 0.5, ("ii^999ii", "ii 99999", "ii^99999"), aspect=(3.0, 5.0), **_ITALIAN, font="I rear"),
    Layout("I province", 1.0, ("p 999999", "p i99999", "p 99999i", "p/999999", "p/i99999", "p_i99999"),
           aspect=(3.2, 5.0), inverse=0.5, home="IT", font="I rear"),
    Layout("I service", 0.8, (
        "EE 999ii", "EE/999ii", "EE^999ii", "CRI 999ii", "CRI i999i", "CC^ii999", "CC ii 999", "EI ii 999", "aM ii 999",
        "MM ii 999", "VF 99999", "CFS 999 ii", "CD 999 ii", "GDIF 999 ii", "POLIZIa i9999", "POLIZIa/i9999",
        "ii P 99999", "Yi^999ii",
    ), aspect=(3.0, 5.0), band_left=0.6, band_right=0.4, country="I", home="IT", inverse=0.1, font="I rear"),
    _eu("D", "DE", 8, "A*AA 9999", "AA*AA 999", "AAA*A 99", "AA*A 9999", "A*A 999", "AAA*AA 99", "A*AA 99A",
        "AA-AA 999", "AA/*AA 999", "AAA/A 999", "A*A 9999", "AAA*AA 999", "AA*999", font="GL"),
    _eu("F", "FR", 6, "AA-999-AA", "AA-999-AA", "AA/999-AA", "9999 AA 99", "999 AAA 99", "999 AA 99", "99 AAA 99",
        right=0.6),
    _eu("E", "ES", 4, "9999 AAA", "9999AAA", "A 9999 AA", "AA 9999 AA", "AA-9999-A", "9999/AAA", "A 9999/AA"),
    _eu("NL", "NL", 5, "AA-99-AA", "99-AA-AA", "99-AAA-9", "9-AAA-99", "AA-999-A", "A-999-AA", "99-99-AA", "AA-AA-99",
        "AA/99-AA"),
    _eu("B", "BE", 4, "9-AAA-999", "AAA-999", "999-AAA", "9*AAA-999", "9-AAA/999", "A-AAA-999", "AAA/999"),
    _eu("PL", "PL", 4, "AA 99999", "AAA 9999", "AA 9999A", "AA 999AA", "AAA*A999", "AAA*99AA", "AA/99999", "AAA/99AA"),
    _eu("A", "AT", 4, "A&99999A", "AA&999AA", "AA&9999A", "A&9999A", "AA 99999", "A&99999", "A& 99999", "A*99999",
        "A& 99 AA", rails=0.7),
    _eu("CZ", "CZ", 3, "9A9 9999", "9AA 9999", "AAA 99-99", "9A9/9999"),
    _eu("SK", "SK", 3, "AA*999AA", "AA&999AA", "AA-999AA", "AA*99999", "AA*999/AA"),
    _eu("SLO", "SI", 3, "AA*AA-999", "AA&AA-999", "AA*A9-99A", "AA*99-9AA", "AA*999-AA", "AA A9-*99A",
        "AA*A9-999", "AA*99-99A", "AA/999-AA"),
    _eu("HR", "HR", 3, "AA*999-AA", "AA&999-AA", "AA*9999-A", "AA 999-AA", "AA/999-AA"),
    _eu("H", "HU", 3, "AAA*999", "AAA-999", "AAA=999", "AA AA-999", "AA*9999"),
    _eu("RO", "RO", 3, "AA 99 AAA", "A 999 AAA", "A 99 AAA", "AA 99/AAA"),
    _eu("BG", "BG", 2, "AA 9999 AA", "A 9999 AA", "AA9999AA"),
    _eu("GR", "GR", 3, "AAA-9999", "AAA=9999", "AAA 9999", "AAA/9999"),
    _eu("P", "PT", 3, "99-99-AA", "99-AA-99", "AA-99-99", "AA 99 AA", "AA-99/99", right=0.5),
    _eu("S", "SE", 2, "AAA 999", "AAA*999", "AAA 99A"),
    _eu("FIN", "FI", 2, "AAA-999", "AAA-99", "AA-999"),
    _eu("N", "NO", 2, "AA 99999", "AA_99999", "AA/99999"),
    _eu("DK", "DK", 2, "AA 99 999", "AA_99_999", "AA/99 999"),
    _eu("EST", "EE", 2, "999 AAA", "99 AAA", "999 AA"),
    _eu("LV", "LV", 1.5, "AA-9999", "AA 9999", "AA-999", right=0.1),
    _eu("LT", "LT", 1.5, "AAA 999", "AAA*999", "AAA.999"),
    _eu("TR", "TR", 4, "99 AAA 99", "99 AA 999", "99 A 9999", "99 AA 9999", "99 AAA/999", "99 A/9999"),
    Layout("CH", 2, ("AA*999999", "AA 99999", "AA.999999", "AA 9999", "*AA 999999*", "*AA.99999*", "*AA*/999999",
                     "*AA/99999", "AA/9999*"), aspect=(2.6, 5.0), iso="CH"),
    _eu("L", "LU", 1, "AA 9999", "9999", "99999"),
    _eu("IRL", "IE", 2, "99-A-99999", "999-A-9999", "999-AA-999", "99-AA-9999"),
    _eu("SRB", "RS", 2, "AA*999-AA", "AA*9999-AA", "AA 999-AA"),
    _eu("BIH", "BA", 1.5, "A99-A-999", "999-A-999", "A99*A*999"),
    _eu("MK", "MK", 1.5, "AA 9999 AA", "AA-9999-AA", "AA*9999-AA"),
    _eu("AL", "AL", 1.5, "AA 999 AA", "AA 9999 A", right=0.6),
    _eu("UA", "UA", 2, "AA 9999 AA", "AA9999AA", "AA/9999AA"),
    _eu("M", "MT", 1.5, "AAA*999", "AAA 999", "AAA-999"),
    _eu("CY", "CY", 1, "AAA 999", "AAA/999"),
    _eu("IS", "IS", 1, "AA A99", "AA*999", "AA 999"),
    _eu("AND", "AD", 0.3, "A9999", "A*9999"),
    _eu("AM", "AM", 0.4, "99 AA 999", "999 AA 99"),
    _eu("AZ", "AZ", 0.4, "99-AA-999", "99 AA 999"),
    _eu("BY", "BY", 0.8, "9999 AA-9", "AA 9999-9", "9999/AA-9"),
    _eu("FO", "FO", 0.3, "AA 999"),
    _eu("GE", "GE", 0.4, "AA-999-AA", "AAA-999"),
    _eu("GBG", "GG", 0.3, "99999", "9999"),
    _eu("GBZ", "GI", 0.3, "G 9999 A", "G 99999"),
    _eu("GBM", "IM", 0.3, "MAN 999", "MAN-999-A"),
    _eu("GBJ", "JE", 0.3, "J 99999", "J999999"),
    Layout("FL", 0.3, ("FL*99999", "FL 9999"), iso="LI", inverse=0.9),
    _eu("MC", "MC", 0.3, "A999", "9999", "*99A9"),
    _eu("MD", "MD", 0.4, "AAA 999", "AAA*999"),
    _eu("MNE", "ME", 0.4, "AA*AA999", "AA AA 999"),
    _eu("RSM", "SM", 0.3, "A9999", "*A9999", "A999"),
    _eu("V", "VA", 0.3, "SCV 99999", "CV 99999"),
    _eu("RKS", "XK", 0.4, "99-999-AA", "99 999*AA"),
    Layout("words", 5, ("W", "W", "W 9", "W 99", "9 W", "999 W", "999.W", "AA*W", "A*W 9", "W/99", "W*W"),
           band_left=0.4, inverse=0.2),
    Layout("RUS", 1.5, ("A 999 AA", "A999AA 99", "A999AA_999"), country="RUS", iso="RU", font="RG"),
    Layout("GB", 7, ("AA99 AAA", "AA99 AAA", "AA99 AAA", "AA99 AAA", "AA99AAA", "AA99AAA", "AA99/AAA", "A999 AAA",
                     "A99 AAA", "A9 AAA", "AAA 999A", "AAA 9", "999 AAA"), band_left=0.35, footer=0.4, country="GB",
           iso="GB", font="GL-Nummernschild-Mtl"),
    Layout("BR", 13, ("AAA.9999", "AAA-9999", "AAA.9999", "AAA.9999", "AAA 9999"), aspect=(2.7, 3.3), header=0.9,
           inverse=0.6, spread=(0.44, 0.68), country="BR", iso="BR", paints=BRAZILIAN),
    Layout("BR moto", 2, ("AAA/9999", "AAA/9A99"), aspect=(2.7, 3.3), square=(1.05, 1.5), header=0.8, inverse=0.3,
           spread=(0.70, 0.84), country="BR", iso="BR", paints=BRAZILIAN),
    Layout("Mercosur", 6, ("AAA9A99", "AAA 9A99", "AAA9A99", "AA 999 AA", "AAA 9999"), header=1.0,
           aspect=(2.8, 3.4), spread=(0.52, 0.70), country="BR", font="GL"),
    Layout("AR", 6, ("AAA 999", "AAA.999", "AAA_999", "AAA 999", "999/AAA", "999*/AAA"), aspect=(2.2, 3.0), header=0.4,
           inverse=0.95, field=0.6, spread=(0.42, 0.62), country="RA", iso="AR", paints=DARK),
    Layout("AR Mercosur", 3, ("AA 999 AA", "A99/9AAA"), aspect=(2.8, 3.4), header=1.0,
           spread=(0.52, 0.72), country="RA", iso="AR"),
    Layout("US", 34, (
        "AAA 9999", "AAA-9999", "9AAA999", "9AAA999", "AAA 999", "AAA-999", "999 AAA", "999-AAA", "AA 99999",
        "AAA*9999", "AAA*999", "A99 99A", "A99-99A", "99A 999", "AA 9999", "999 999", "9999 AA", "99 A9999", "XXXXXX",
        "XXXXXXX", "XXX XXX", "XXX*XXX", "XXX-XXXX", "AAA99A", "9AA A99", "A999999", "99999", "AAAAAAA", "AAAAAA",
        "AAAAA", "AA*9999", "AAA 99A", "AAAA 999", "9999999", "AAA9999", "AA99AAA", "XX XXXXX",
    ), aspect=(1.85, 2.15), header=0.92, footer=0.75, inverse=0.18, spread=(0.38, 0.58), stickers=0.5, graphics=0.6,
           home="US", paints=AMERICAN),
    Layout("TN", 9, ("999 ~ 9999", "99 ~ 9999", "999 ~ 999", "999 ~ 99", "99 ~/9999", "9999 ~ 999"),
           inverse=0.95, spread=(0.48, 0.70), aspect=(4.0, 5.0), home="TN", paints=TUNISIAN),
    Layout("three lines", 1.2, ("AA/99/AAAA", "AA/999/AA", "A9/999/AAA", "99/AA/999", "AA99/A/9999", "AAA/99/AA",
                                "AA/99/999", "A/999/AA", "999/A/99", "AA/9A/9999"),
           square=(0.75, 1.25), spread=(0.7, 0.86), band_left=0.2, paints=MIXED),
    Layout("IN", 15, ("AA 99 AA 9999", "AA 99 A 9999", "AA99AA9999", "AA 99 AA/9999", "AA 99/A 9999", "AA-99-AA-9999",
                      "AA 9 AAA 9999", "AA.99.AA.9999", "AA 99/AA 9999", "AA99/AA9999", "AA_99_AA_9999", "AA 99 A 999",
                      "AA 99 AA 99", "AA 99 AA 9", "AA.99.AA.999", "AA-99-AA/9999", "AA 99 AAA 999", "{AA 99|AA}9999",
                      "{AA|99}AA 9999", "AA 99 AA 9999", "AA 99 AA/9999", ".AA 99AA 9999.",
                      "AA 9 AA/9999", "AA 99 A/999"),
           band_left=0.35, inverse=0.4, footer=0.12, country="IND", iso="IN", aspect=(3.6, 5.2), spread=(0.5, 0.8),
           font="LiberationSans", paints=INDIAN),
    Layout("IN painted", 7, ("AA 99 AA 9999", "AA 99 A 9999", "AA99AA9999", "AA 99 AA/9999", "AA 99/AA 9999",
                             "AA-99-AA-9999", "AA.99.AA.9999", "AA 9 AA 9999", "AA 99 AA 9", "AA 99 AA 999",
                             "{AA 99|AA}9999", "AA 9 AA/9999", ".AA 99AA 9999."),
           inverse=0.4, footer=0.15, iso="IN", aspect=(3.6, 5.6), spread=(0.45, 0.8), font=PAINTED, paints=INDIAN),
    Layout("IN trade", 2, ("AA 99 (TC) 99", "AA 99 (TC) 999", "AA 99 (TC) 9999", "AA 99 TC 9999", "AA 99 TC 99",
                           "AA.99.TC.999 A", "AA 99 TC 9999 A", "AA-99-TC/A-999", "AA 99/TC 9999"),
           inverse=0.6, footer=0.15, iso="IN", aspect=(3.6, 5.4), spread=(0.45, 0.8), font=PAINTED, paints=INDIAN),
    Layout("VN", 3, ("99A-99999", "99A_999.99", "99A 9999", "99A/999.99", "99-A9/9999", "99A-99999"), inverse=0.15,
           spread=(0.55, 0.78), aspect=(3.8, 4.6), iso="VN"),
    Layout("MEX", 2, ("AAA-99-99", "AAA-999-A", "A99-AAA", "AA-99-999"), aspect=(1.9, 2.2), header=0.9, footer=0.6,
           spread=(0.38, 0.58), stickers=0.2, graphics=0.5, home="MX", paints=AMERICAN),
    Layout("AUS", 2, ("AAA 999", "AAA.999", "999.AAA", "AA 99 AA", "9AA 9AA"), aspect=(2.6, 3.0), header=0.4,
           footer=0.5, inverse=0.25, spread=(0.5, 0.72), graphics=0.3, home="AU", paints=AMERICAN),
    Layout("random", 9, ("XXXX", "XXXXX", "XXXXXX", "XXXXXXX", "XXXXXXXX", "XXX XXX", "XX XXXX", "XXXX XX", "XX-XX-XX",
                         "XXX-XXX", "XXX XXXX", "XX/XXXX", "XXX/XXX", "XXX/XXXX", "XXXX/XXX", "XXXXXXXXX", "XX*XX XXX",
                         "XXX.XXXX", "XXXX/XXXX", "XX/XXX"),
           aspect=(2.0, 5.4), band_left=0.25, header=0.15, footer=0.15, inverse=0.25, stickers=0.1, graphics=0.2,
           paints=MIXED),
)  # fmt: skip


def named(names: Sequence[str]) -> tuple[Layout, ...]:
    """Return the layouts called *names*, all of them where none is named.

    Raises :class:`MissingError` for a name that there is not.
    """
    known = {layout.name: layout for layout in LAYOUTS}
    for name in names:
        if name not in known:
            raise MissingError(f"there is no layout {name}", f"give some of {', '.join(known)}")
    return tuple(known[name] for name in names) or LAYOUTS


def choose(layouts: Sequence[Layout], rng: random.Random) -> tuple[Layout, str]:
    """Draw one of *layouts* by weight, and one of its patterns."""
    layout = rng.choices(layouts, [entry.weight for entry in layouts])[0]
    return layout, rng.choice(layout.patterns)


def fill(pattern: str, layout: Layout, rng: random.Random) -> str:
    """Return *pattern* of *layout* with random letters and digits.

    The text is one of the country's formats, where they are known and the pattern fits one.
    """
    for _ in range(_TRIES if layout.iso else 1):
        text = _drawn(pattern, rng)
        if not layout.iso or _formats(layout.iso).usual("".join(filter(str.isalnum, text))):
            break
    return text


@cache
def _formats(iso: str) -> Formats:
    return Formats((iso,))


def _drawn(pattern: str, rng: random.Random) -> str:
    letters, digits = _LETTERS, _DIGITS
    # One plate in ten uses a handful of characters only: repeats are what CTC finds hardest. One in five prefers
    # characters that look alike.
    dice = rng.random()
    if dice < 0.1:
        letters, digits = "".join(rng.sample(letters, 3)), "".join(rng.sample(digits, 3))
    elif dice < 0.3:
        alike = "".join(rng.sample(LOOKALIKES, 3))
        letters += 4 * "".join(c for c in letters if c in alike)
        digits += 4 * "".join(c for c in digits if c in alike)
    # Where either may stand, authorities leave out the letter O; so O against 0 stays a question of place or of shape.
    drawn = {"A": letters, "9": digits, "X": letters.replace("O", "") + digits * (1 + len(letters) // 20)}
    return "".join(
        rng.choice(drawn[symbol]) if symbol in drawn else _lettered(symbol, letters, rng) for symbol in pattern
    )


def _lettered(symbol: str, letters: str, rng: random.Random) -> str:
    """What *symbol* stands for, if it is no plain letter or digit; *letters* are the plate's."""
    if symbol == "W":
        return _word(rng)
    if symbol == "p":
        return rng.choice(PROVINCES)
    if symbol == "i":
        own = "".join(letter for letter in letters if letter not in _NOT_ITALIAN)
        return rng.choice(_TWINS if rng.random() < _TWIN_SHARE or not own else own)
    return symbol.upper()


def _word(rng: random.Random) -> str:
    """A word that can be spoken, at most six capitals."""
    return (word(rng) + word(rng)).upper()[: rng.randint(3, 6)]
