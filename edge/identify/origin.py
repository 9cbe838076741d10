"""Where a plate comes from, and which format of that country it has.

The network sees the strip, the lettering and the layout; the text has a format that some countries have and others have
not. Together they are a posterior over countries: the network's log-probabilities, and the penalty of a text that fits
no format of a country. Claims carry no country, so nothing here rejects a claim.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, lru_cache

from edge.identify.format_table import FORMATS
from edge.identify.formats import Layouts, layout_of
from edge.identify.special_series import is_special
from edge.model import Country

ALIEN = 3.0
"""What a text pays, in nats, in a country of which no ready-made format fits: series of the army, of dealers and of the
owner's own words are not written down."""

SPECIAL = 1.0
"""What a text of a special series pays in its country. Few plates have one, but few texts, too: any of them is about as
likely as one of an ordinary series."""

UNWRITTEN = 1.0
"""What any text pays in a country whose formats are not written down."""

NEGLIGIBLE = 1e-3
"""A country of less probability by the picture is left out: there are 63, and most of a plate's are."""

TOLD_LEAST = 0.8
"""The least probability of a country that is told; below, the plate's country is not known."""


def origin(seen: Mapping[str, float], text: str) -> Country | None:
    """The country of a plate that says *text*.

    None where no country reaches :data:`TOLD_LEAST`, or the network tells no countries.

    *seen* has the reader's probability (0 to 1) of each country by the picture.
    """
    if not seen:
        return None
    judged = posterior(seen, text, special=True)
    code = max(judged, key=judged.__getitem__)
    return Country(code, judged[code]) if judged[code] >= TOLD_LEAST else None


def decisive(seen: Mapping[str, float], text: str) -> Mapping[str, float]:
    """*seen* where it tells the country of a plate that says *text*, by ordinary series alone; else nothing."""
    return seen if seen and max(posterior(seen, text).values()) >= TOLD_LEAST else {}


def posterior(
    seen: Mapping[str, float], text: str, least: float = NEGLIGIBLE, *, special: bool = False
) -> dict[str, float]:
    """The probability of each country of *seen*, given *text* as well; see :func:`origin`.

    It is 0 where *seen* has less than *least*, unless all have. *special* says that special series count, too: what is
    read, and who is identified, does not rest on them.
    """
    pays = _pays_special if special else _pays
    likely = {code: share for code, share in seen.items() if share >= least} or seen
    judged = {code: max(share, 1e-9) * math.exp(-pays(code, text)) for code, share in likely.items()}
    total = sum(judged.values())
    return dict.fromkeys(seen, 0.0) | {code: value / total for code, value in judged.items()}


def format_of(text: str, code: str | None = None) -> str | None:
    """The layout that *text* has on plates of country *code*, such as ``AA999AA`` (``A`` letter, ``9`` digit).

    *code* None means any country. None where no usual format fits.
    """
    formats = _formats(code) if code else _anywhere()
    return layout_of(text) if formats is not None and formats.usual(text) else None


@lru_cache(maxsize=1)
def _anywhere() -> Layouts:
    return Layouts()


def prepare() -> None:
    """Make what the first look at a plate would make: for a process of which others are forked."""
    _anywhere()
    for code in FORMATS:
        _formats(code)


def log_share(text: str, seen: Mapping[str, float]) -> float:
    """The logarithm of the share of plates, among those that look as *seen*, of a series that *text* fits."""
    likely = (share * math.exp(-_pays(code, text)) for code, share in seen.items() if share >= NEGLIGIBLE)
    return math.log(sum(likely) + 1e-9)


@lru_cache(maxsize=4096)
def _pays(code: str, text: str) -> float:
    formats = _formats(code)
    if formats is None:
        return UNWRITTEN
    vehicles = formats.vehicles(text)
    return min(ALIEN, math.log(formats.fleet / vehicles)) if vehicles > 0 else ALIEN


@lru_cache(maxsize=4096)
def _pays_special(code: str, text: str) -> float:
    pays = _pays(code, text)
    return min(pays, SPECIAL) if pays > SPECIAL and is_special(code, text) else pays


@cache
def _formats(code: str) -> Layouts | None:
    """The formats of one country, None where they are not written down."""
    return Layouts((code,)) if code in FORMATS else None
