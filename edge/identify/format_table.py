"""The plates of Europe, Brazil and some others, by ISO 3166-1 country code (``XK`` is Kosovo): data only.

A layout is what stands on the plate from left to right, line after line, without spaces, dashes, arms and stickers:
``A`` a letter, ``S`` a letter of the serial where that part has its own alphabet, ``9`` a digit, ``1`` a digit but 0
(a number of free length has no leading zeros), ``?`` a letter or a digit; every other sign stands for itself, a
lower-case letter for the capital. Letters with marks are their plain letter.

Ordinary series of cars, lorries and motorcycles are here, old ones that still drive included; plates of the army, of
diplomats, of dealers and plates of the owner's own words are not. A letter counts as never used only where the source
says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

_LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_WIKI = "en.wikipedia.org/wiki/Vehicle_registration_plates_of_"


@dataclass(frozen=True, slots=True)
class Series:
    """Layouts with one alphabet: ``unused`` letters never stand for ``A``, ``unused_serial`` ones never for ``S``.

    At most this ``share`` of the country's vehicles, roughly, has such a plate: little for motorcycles, buses and
    series that have ended.
    """

    layouts: tuple[str, ...]
    unused: str = ""
    unused_serial: str = ""
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Format:
    """The plates of one country and where that is written."""

    source: str
    series: tuple[Series, ...]


def layouts_of(*parts: str, longest: int = 10) -> tuple[str, ...]:
    """Every way of writing one alternative of each of *parts* in a row, at most *longest* characters."""
    rows = ("".join(row) for row in product(*(part.split(" ") for part in parts)))
    return tuple(row for row in rows if len(row) <= longest)


def _series(layouts: str, unused: str = "", serial: str = "", share: float = 1.0) -> Series:
    return Series(tuple(layouts.split()), unused, serial, share)


def _only(letters: str) -> str:
    return "".join(sorted(_LATIN - set(letters)))


def _number(most: int) -> str:
    return " ".join("1" + "9" * count for count in range(most))


def _digits(most: int, least: int = 1) -> str:
    return " ".join("9" * count for count in range(least, most + 1))


_CYRILLIC = _only("ABEKMHOPCTYX")  # letters that look alike in both alphabets
_EAST_SLAVIC = _only("ABCEHIKMOPTX")
_INDIAN_STATES = (
    "an ap ar as br cg ch dd dl dn ga gj hp hr jh jk ka kl la ld mh ml mn mp mz nl od or pb py rj sk tg tn tr ts ua uk"
    " up wb"
)
_CANTONS = "ag ai ar be bl bs fr ge gl gr ju lu ne nw ow sg sh so sz tg ti ur vd vs zg zh"

FORMATS: dict[str, Format] = {
    "AD": Format(_WIKI + "Andorra", (_series("A9999"),)),
    "AL": Format(_WIKI + "Albania", (_series("AA999AA AA9999A"),)),
    "AM": Format(_WIKI + "Armenia", (_series("99AA999 999AA99 99AA99"),)),
    "AT": Format(
        "KFG 1967 § 48; KDV 1967 § 26; no Q: " + _WIKI + "Austria",
        (
            Series(layouts_of("A AA", _number(5), "A AA AAA", longest=8), "Q"),
            Series(layouts_of("A AA", "A AA AAA AAAA AAAAA", _number(5), longest=8), "Q"),
            Series(layouts_of("A AA", "199 1999 19999 199999", longest=8), "Q"),
        ),
    ),
    "AZ": Format(_WIKI + "Azerbaijan", (_series("99AA999"),)),
    "BA": Format(_WIKI + "Bosnia_and_Herzegovina", (_series("A99A999 999A999", _only("AEJKMOT")),)),
    "BE": Format(_WIKI + "Belgium", (_series("9AAA999 AAA999 999AAA"),)),
    "BG": Format(_WIKI + "Bulgaria", (Series(layouts_of("A AA", "9999", "A AA"), _CYRILLIC),)),
    "BY": Format(
        _WIKI + "Belarus",
        (_series("9999AA9", _EAST_SLAVIC, share=0.9), _series("AA99999", _EAST_SLAVIC, share=0.1)),
    ),
    "CH": Format(
        "Verkehrszulassungsverordnung (SR 741.51) Art. 82 to 86: the cantons' letters and a number",
        (Series(layouts_of(_CANTONS, _number(6))),),
    ),
    "CY": Format(_WIKI + "Cyprus", (Series(layouts_of("A AA AAA", "999")),)),
    "CZ": Format(
        "no G, O, Q, W: " + _WIKI + "the_Czech_Republic",
        (_series("9A99999 9AA9999 9AAA999 AAA9999 AA9999 A999999 el999AA", "GOQW"),),
    ),
    "DE": Format(
        "Fahrzeug-Zulassungsverordnung § 9 and its Anlagen: district, one or two letters, number; E electric, H old",
        (
            Series(layouts_of("A AA AAA", "S SS", _number(4), longest=8)),
            Series(layouts_of("A AA AAA", "S SS", _number(4), "e h", longest=8), share=0.05),
        ),
    ),
    "DK": Format(_WIKI + "Denmark", (_series("AA19999 AA1999", "IOQ"),)),
    "EE": Format(_WIKI + "Estonia", (_series("999AAA 99AAA 999AA 99AA", "Q"),)),
    "ES": Format(
        "Real Decreto 2822/1998, anexo XVIII: no vowels, no Q since 2000; before, by province",
        (
            _series("9999SSS c9999SSS r9999SSS", serial="AEIOUQ"),
            Series(layouts_of("A AA", "9999", "S SS"), "", "Q", 0.15),
            Series(layouts_of("A AA", "999999"), share=0.01),
        ),
    ),
    "FI": Format(_WIKI + "Finland", (Series(layouts_of("AA AAA", _number(3))),)),
    "FO": Format(_WIKI + "the_Faroe_Islands", (_series("AA999"),)),
    "FR": Format(
        "arrêté du 9 février 2009 (SIV): no I, O, U; before, number, letters, département",
        (
            _series("AA999AA", "IOU"),
            Series(layouts_of(_number(4), "A AA AAA", "99 2a 2b", longest=8), "IOU", share=0.15),
        ),
    ),
    "GB": Format(
        "DVLA INF104; SI 2001/561: 2001 on, prefix, suffix, undated, Northern Ireland",
        (
            _series("AA99SSS", "IQZ", "IQ"),
            Series(layouts_of("A", _number(3), "SSS"), "IOUZ", "IQ", 0.1),
            Series(layouts_of("SSS", _number(3), "A"), "IOQUZ", "IQ", 0.03),
            Series(layouts_of("A AA AAA", _number(4), longest=7), "Q", share=0.05),
            Series(layouts_of(_number(4), "A AA AAA", longest=7), "Q", share=0.01),
        ),
    ),
    "GE": Format(_WIKI + "Georgia_(country)", (_series("AA999AA AAA999"),)),
    "GG": Format(_WIKI + "Guernsey", (Series(layouts_of("19 199 1999 19999")),)),
    "GI": Format(
        _WIKI + "Gibraltar", (Series(layouts_of("g", "999 9999 99999")), Series(layouts_of("g", "9999", "A")))
    ),
    "GR": Format(
        "letters common to both alphabets: " + _WIKI + "Greece",
        (_series("AAA9999 AAA999 AAA99 AA9999", _only("ABEZHIKMNOPTYX")),),
    ),
    "HR": Format("no Q, W, X, Y: " + _WIKI + "Croatia", (Series(layouts_of("AA", "999 9999", "A AA"), "QWXY"),)),
    "HU": Format(
        "four letters since July 2022; one letter and five digits for a time or for trials: " + _WIKI + "Hungary",
        (_series("AAAA999 AAA999"), _series("e99999 m99999 p99999 v99999 x99999 z99999", share=0.005)),
    ),
    "IE": Format(
        "S.I. 318/1992; year (and half), letters of the county, number",
        (Series(layouts_of("99 991", "A AA", _number(6), longest=9), _only("CDEGHKLMNORSTWXY")),),
    ),
    "IM": Format(_WIKI + "the_Isle_of_Man", (_series("man999 man9999 man999A Amn999 Amn999A 999man"),)),
    "IS": Format(_WIKI + "Iceland", (_series("AA999 AAA99"),)),
    "IT": Format(
        "D.P.R. 495/1992, art. 255 and appendices: since 1994, no I, O, Q, U; before, province and number",
        (
            _series("AA999AA", "IOQU", share=0.85),
            _series("AA99999", "IOQU", share=0.12),
            _series("AA999999 AA99999S AAS99999", "QWXY", "IOQU", 0.03),
        ),
    ),
    "JE": Format(_WIKI + "Jersey", (Series(layouts_of("j", _number(6))),)),
    "LI": Format(_WIKI + "Liechtenstein", (Series(layouts_of("fl", _number(5))),)),
    "LT": Format("no Q, W, X: " + _WIKI + "Lithuania", (_series("AAA999 AA999 999AA", "QWX"),)),
    "LU": Format(_WIKI + "Luxembourg", (_series("AA9999 9999 99999"),)),
    "LV": Format(_WIKI + "Latvia", (Series(layouts_of("A AA", _number(4))),)),
    "MC": Format(_WIKI + "Monaco", (_series("9999 A999 9A99 99A9 999A"),)),
    "MD": Format(_WIKI + "Moldova", (Series(layouts_of("AAA AAAA", _digits(3)), "Q"),)),
    "ME": Format(_WIKI + "Montenegro", (_series("AAAA999 AAA999"),)),
    "MK": Format(_WIKI + "North_Macedonia", (_series("AA9999AA AA999AA"),)),
    "MT": Format(_WIKI + "Malta", (_series("AAA999"),)),
    "NL": Format(
        "RDW sidecodes 1 to 13; no C, Q, and no vowels since sidecode 4: " + _WIKI + "the_Netherlands",
        (
            _series("AA9999 9999AA 99AA99", "CIOQ", share=0.05),
            _series("AA99AA AAAA99 99AAAA 99AAA9 9AAA99 AA999A A999AA AAA99A A99AAA 9AA999 999AA9", "ACEIOQU"),
        ),
    ),
    "NO": Format(_WIKI + "Norway", (_series("AA19999 AA1999", "IOQ"),)),
    "PL": Format(
        "no B, D, I, O, Z behind the district: " + _WIKI + "Poland",
        (
            Series(layouts_of("AA", "99999 9999S 999SS 9S999 9SS99 9999 999S 99SS"), "", "BDIOQZ"),
            Series(
                layouts_of("AAA", "S999 99SS 9S99 99S9 9SS9 SS99 99999 9999S 999SS S99S S9SS 999 99S 9S9 S99"),
                "",
                "BDIOQZ",
            ),
            Series(layouts_of("A9", "AAA AAAA AAAAA AAA9 AAA99 AA9 AA99 AAAA9"), share=0.01),
        ),
    ),
    "PT": Format(
        "Decreto-Lei 54/2005 and 2/2020: pairs of letters and of digits; for export five digits and a letter",
        (_series("AA99AA 99AA99 9999AA AA9999"), _series("99999A", share=0.001)),
    ),
    "RO": Format("no Q: " + _WIKI + "Romania", (_series("AA99AAA b999AAA b99AAA", "Q"),)),
    "RS": Format(_WIKI + "Serbia", (Series(layouts_of("AA", "999 9999 99999", "AA")),)),
    "RU": Format(
        "GOST R 50577-2018",
        (
            Series(layouts_of("A999AA", "99 999"), _CYRILLIC),
            Series(layouts_of("AA9999 AA999 9999AA", "99 999"), _CYRILLIC, share=0.1),
        ),
    ),
    "SE": Format(
        "no I, Q, V, and no O at the end: " + _WIKI + "Sweden",
        (_series("AAA999 AAA99S", "IQV", "IOQV"),),
    ),
    "SI": Format(
        "the administrative units' letters: " + _WIKI + "Slovenia",
        (Series(layouts_of("ce go kk kp kr lj mb ms nm po sg", "???? ????? ??????")),),
    ),
    "SK": Format(
        "P and five digits: police; " + _WIKI + "Slovakia", (_series("AA999AA"), _series("p99999", share=0.002))
    ),
    "SM": Format(_WIKI + "San_Marino", (_series("A9999 A999"),)),
    "TR": Format(
        "no Q, W, X: " + _WIKI + "Turkey",
        (_series("99A9999 99A99999 99AA999 99AA9999 99AAA99 99AAA999", "QWX"),),
    ),
    "UA": Format(_WIKI + "Ukraine", (_series("AA9999AA 99999AA", _EAST_SLAVIC),)),
    "VA": Format(_WIKI + "Vatican_City", (Series(layouts_of("scv cv", _digits(5))),)),
    "XK": Format(_WIKI + "Kosovo", (_series("99999AA 999ks999"),)),
    # Not Europe
    "AR": Format(_WIKI + "Argentina", (_series("AA999AA AAA999", share=0.7), _series("A999AAA 999AAA", share=0.3))),
    "BR": Format(
        "Resolução CONTRAN 969/2022 (Mercosul); before, Resolução 231/2007", (_series("AAA9A99 AAA9999"),)
    ),
    "IN": Format(
        "Central Motor Vehicles Rules 1989, rule 50: state, district, serial, number; BH since 2021",
        (
            Series(layouts_of(_INDIAN_STATES, "99 1", "S SS SSS", _number(4)), "", "IO"),
            Series(layouts_of(_INDIAN_STATES, "99", "S SS", "0999"), "", "IO"),
            _series("99bh9999A 99bh9999AA", share=0.01),
        ),
    ),
    "TN": Format("the word is no character: " + _WIKI + "Tunisia", (Series(layouts_of(_digits(7, 3))),)),
    "US": Format(
        "the commonest of the states' series; the owner's own words are common, none longer than 8: "
        + _WIKI
        + "the_United_States",
        (
            _series("AAA9999", share=0.5),
            _series("9AAA999 AAA999 999AAA", share=0.3),
            _series("AAA9A9A AAA99A A99AAA AAAA99 AA99999", share=0.1),
            Series(tuple("?" * count for count in range(2, 9)), share=0.1),
        ),
    ),
    "VN": Format(
        "no I, J, O, Q, W: " + _WIKI + "Vietnam",
        (Series(layouts_of("99A 99AA 99A9", "9999 99999"), "IJOQW"),),
    ),
    "ANY": Format("no format is known: 2 to 10 characters", (Series(tuple("?" * count for count in range(2, 11))),)),
}  # fmt: skip
"""The ready-made formats; ``ANY`` takes every text of 2 to 10 characters."""

VEHICLES: dict[str, float] = {
    "AD": 0.1, "AL": 0.8, "AM": 0.7, "AR": 17, "AT": 7.2, "AZ": 1.5, "BA": 1.2, "BE": 7.5, "BG": 4, "BR": 120, "BY": 4,
    "CH": 6.5, "CY": 0.9, "CZ": 8.5, "DE": 60, "DK": 3.4, "EE": 1, "ES": 36, "FI": 6.5, "FO": 0.04, "FR": 47, "GB": 42,
    "GE": 1.6, "GG": 0.1, "GI": 0.04, "GR": 9, "HR": 2.5, "HU": 5.5, "IE": 3, "IM": 0.1, "IN": 340, "IS": 0.4, "IT": 54,
    "JE": 0.13, "LI": 0.05, "LT": 2, "LU": 0.6, "LV": 1, "MC": 0.05, "MD": 1.1, "ME": 0.3, "MK": 0.6, "MT": 0.45,
    "NL": 13, "NO": 4.5, "PL": 36, "PT": 8, "RO": 10, "RS": 3, "RU": 62, "SE": 7.2, "SI": 1.7, "SK": 4, "SM": 0.06,
    "TN": 2.5, "TR": 31, "UA": 12, "US": 290, "VA": 0.01, "VN": 6, "XK": 0.5,
}  # fmt: skip
"""Registered vehicles in millions, rounded, in the 2020s; motorcycles are added where they have the same plates:
en.wikipedia.org/wiki/List_of_countries_and_territories_by_motor_vehicles_per_capita. Ratios count, not digits."""
