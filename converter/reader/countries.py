"""The countries that the reader's network tells apart."""

from __future__ import annotations

from converter.synth import LAYOUTS

COUNTRIES = tuple(sorted({layout.home or layout.iso for layout in LAYOUTS} - {""}))
"""ISO 3166-1 codes, in the order of the network's outputs."""
UNKNOWN = -1
"""Class of a plate of no country in particular: nothing is learnt from it about countries."""
_CLASS = {code: number for number, code in enumerate(COUNTRIES)}


def country_class(code: str) -> int:
    """Return the output that stands for *code*, or :data:`UNKNOWN`."""
    return _CLASS.get(code, UNKNOWN)
