"""Where a plate comes from, and which format of that country it has.

The networks see the strip, the lettering and the layout; the text has a format that some countries have and others have
not. Together they are a posterior over countries. Which country is told rests on how often each country's plates say
the text (:func:`country_shares`); what is read, and who is identified, on the penalty of a text that fits no format of
a country (:func:`posterior`). Claims carry no country, so nothing here rejects a claim.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, lru_cache

from edge.identify.format_table import FORMATS
from edge.identify.formats import Layouts, layout_of
from edge.identify.frequencies import log_frequency
from edge.identify.frequencies import prepare as prepare_frequencies
from edge.model import Country

ALIEN = 3.0
"""What a text pays, in nats, in a country of which no ready-made format fits: series of the army, of dealers and of the
owner's own words are not written down."""

TEXT_WEIGHT = 0.8
"""How far the logarithm of a text's frequency counts for the country: the reader's network sees the text as well.
Chosen on the European crops that figures are fitted on."""

UNWRITTEN = 1.0
"""What any text pays in a country whose formats are not written down."""

NEGLIGIBLE = 1e-3
"""A country of less probability by the picture is left out of :func:`posterior`: of 63, most of a plate's are."""

FAINTEST = 1e-9
"""No country is less probable by the picture."""

TOLD_LEAST = 0.6
"""The least probability of a country that is told; below, the plate's country is not known. Of the European crops that
figures are fitted on it is the lowest tenth from which at most one in a hundred told is told wrongly."""

DECISIVE_LEAST = 0.8
"""The least probability of a country that settles characters of one shape."""


def origin(seen: Mapping[str, float], text: str) -> Country | None:
    """The country of a plate that says *text*.

    None where no country reaches :data:`TOLD_LEAST`, or the network tells no countries.

    *seen* has the reader's probability (0 to 1) of each country by the picture.
    """
    if not seen:
        return None
    judged = country_shares(seen, text)
    code = max(judged, key=judged.__getitem__)
    return Country(code, judged[code]) if judged[code] >= TOLD_LEAST else None


def decisive(seen: Mapping[str, float], text: str) -> Mapping[str, float]:
    """*seen* where it is sure of the country of a plate that says *text*, by ordinary series alone; else nothing.

    It is sure from :data:`DECISIVE_LEAST` on.
    """
    return seen if seen and max(posterior(seen, text).values()) >= DECISIVE_LEAST else {}


def country_shares(seen: Mapping[str, float], text: str) -> dict[str, float]:
    """The probability of each country of *seen*, given how often its plates say *text* as well; see :func:`origin`."""
    logs = {
        code: math.log(max(share, FAINTEST)) + TEXT_WEIGHT * log_frequency(code, text) for code, share in seen.items()
    }
    most = max(logs.values())
    judged = {code: math.exp(value - most) for code, value in logs.items()}
    total = sum(judged.values())
    return {code: value / total for code, value in judged.items()}


def posterior(seen: Mapping[str, float], text: str, least: float = NEGLIGIBLE) -> dict[str, float]:
    """The probability of each country of *seen*, given the format of *text* as well; see :func:`decisive`.

    It is 0 where *seen* has less than *least*, unless all have.
    """
    likely = {code: share for code, share in seen.items() if share >= least} or seen
    judged = {code: max(share, 1e-9) * math.exp(-_pays(code, text)) for code, share in likely.items()}
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
    prepare_frequencies()


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


@cache
def _formats(code: str) -> Layouts | None:
    """The formats of one country, None where they are not written down."""
    return Layouts((code,)) if code in FORMATS else None
