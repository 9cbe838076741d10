"""What a text says in km/h where the law counts in miles per hour."""

from __future__ import annotations

import re

BESIDE = re.compile(r"mph\s\([\d.,]+\skm/h\)")
"""How km/h may stand: in brackets, after the figure that counts."""


def lone(text: str) -> list[str]:
    """The places in *text* in which km/h stand alone."""
    squeezed = re.sub(r"\s+", " ", text)
    return re.findall(r".{0,30}km/h.{0,10}", BESIDE.sub("mph", squeezed))
