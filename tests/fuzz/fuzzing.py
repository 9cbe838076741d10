"""Shares of the cases, and what the fuzzers throw."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

CASES = int(os.environ.get("AUTOVELOX_FUZZ_CASES", "1500"))
"""All fuzzers but the packages', which takes a fifth on top: a few in the tests, 100,000 in ``make fuzz``."""


def share(part: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a fuzzer for its *part* of :data:`CASES`."""
    return settings(
        max_examples=max(1, round(CASES * part)),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def damaged(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """A text as it is, cut short, doubled, or with something put into it."""

    @st.composite
    def damage(draw: Callable[[Any], Any]) -> str:
        text: str = draw(texts)
        position = draw(st.integers(0, len(text)))
        piece = draw(st.sampled_from(["", "\0", '"', "{", "[" * 40, "NaN", "-", "²", "\ud800", "\u202e", "/x,", "1-"]))
        tail = text[position:] if draw(st.booleans()) else ""
        return text[:position] + piece + tail

    return st.one_of(texts, damage())


def dumped(values: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    """The JSON of *values*, as Python writes it."""
    return values.map(json.dumps)
