"""How often a unit in Europe meets plates of each country, before it has seen anything of them.

The networks have learnt from drawn plates, of which small countries have their share. On the road there are more French
plates than Maltese ones, and hardly any Australian. It is knowledge, not fitted to pictures; the shares are round
numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from edge.identify.format_table import VEHICLES

OVERSEAS = frozenset(("AR", "AU", "BR", "IN", "MX", "TN", "US", "VN"))
"""Countries whose vehicles come to Europe by ship."""
OVERSEAS_WEIGHT = 0.3
"""How often one of their plates is met, beside 1 for a European country of ten million vehicles. A low weight costs
their plates where they do drive: they would be told for European ones."""
_MIDDLING = 10.0
_EXPONENT = 0.15
"""A tenfold fleet is met 1.4 times as often, no more: most units see their own country, which may be a small one."""


def met(seen: Mapping[str, float]) -> dict[str, float]:
    """The probability of each country of *seen*, given how often its plates are met as well."""
    judged = {code: probability * _weight(code) for code, probability in seen.items()}
    total = sum(judged.values())
    return {code: value / total for code, value in judged.items()} if total > 0 else dict(seen)


@cache
def _weight(code: str) -> float:
    if code in OVERSEAS:
        return OVERSEAS_WEIGHT
    return float((VEHICLES.get(code, _MIDDLING) / _MIDDLING) ** _EXPONENT)
