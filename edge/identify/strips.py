"""What the strip at a plate's left end says of its country.

The strip network tells distinguishing signs (``I``, ``D``, ``SLO``) apart, and a plate without a strip. Not every plate
of a country has one: older series, owners' choice. The table holds how many do. It is knowledge, not fitted to
pictures; the shares are round numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

STRIP_SHARES = {
    "AT": 0.9, "BE": 0.9, "BG": 0.9, "CY": 0.7, "CZ": 0.95, "DE": 0.93, "DK": 0.6, "EE": 0.95, "ES": 0.9, "FI": 0.8,
    "FR": 0.93, "GB": 0.35, "GR": 0.9, "HR": 0.5, "HU": 0.97, "IE": 0.95, "IT": 0.9, "LT": 0.97, "LU": 0.97, "LV": 0.97,
    "MT": 0.97, "NL": 0.95, "PL": 0.97, "PT": 0.93, "RO": 0.97, "SE": 0.85, "SI": 0.9, "SK": 0.95,  # European Union, GB
    "AD": 0.5, "AL": 0.9, "AM": 0.5, "AZ": 0.8, "BA": 0.7, "BY": 0.9, "FO": 0.9, "GE": 0.9, "GG": 0.2, "GI": 0.7,
    "IM": 0.4, "IN": 0.2, "IS": 0.5, "JE": 0.5, "MC": 0.4, "MD": 0.9, "ME": 0.9, "MK": 0.9, "NO": 0.7, "RS": 0.8,
    "SM": 0.3, "TR": 0.95, "UA": 0.9, "VA": 0.3, "XK": 0.9,
}  # fmt: skip
"""Share of a country's plates that have a strip with its sign at the left end; 0 for a country that is not listed."""
NO_STRIP = ""
"""Name of the network's class of plates without a strip."""
UNFAMILIAR = 1e-3
"""What a strip unlike all that the network has learnt counts, beside 1 for one that says nothing."""


def strip_ratios(classes: Mapping[str, float], priors: Mapping[str, float], codes: Sequence[str]) -> dict[str, float]:
    """How many times likelier the strip is on plates of each country of *codes* than on plates of any.

    Args:
        classes: the network's probability (0 to 1) of each country's sign, and of :data:`NO_STRIP`.
        priors: the share of each class among the plates that the network has learnt from.
        codes: ISO codes of countries.
    """
    bare = classes[NO_STRIP] / priors[NO_STRIP]
    ratios = {}
    for code in codes:
        share = STRIP_SHARES.get(code, 0.0) if code in classes else 0.0
        signed = classes[code] / priors[code] if share else 0.0
        ratios[code] = UNFAMILIAR + share * signed + (1 - share) * bare
    return ratios


def with_strip(seen: Mapping[str, float], ratios: Mapping[str, float]) -> dict[str, float]:
    """The probability of each country of *seen*, given the strip's *ratios* as well; see :func:`strip_ratios`."""
    judged = {code: probability * ratios[code] for code, probability in seen.items()}
    total = sum(judged.values())
    return {code: value / total for code, value in judged.items()} if total > 0 else dict(seen)
