"""From plate reads and claims to a verdict: pure functions on numbers and texts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from edge.identify.candidates import reading
    from edge.identify.colours import Colour, weighed
    from edge.identify.ctc import log_likelihoods
    from edge.identify.fleets import met
    from edge.identify.format_table import FORMATS
    from edge.identify.formats import Formats
    from edge.identify.motion import Lens, width_noise_px
    from edge.identify.origin import format_of
    from edge.identify.plausible import CLEAR_CHARACTERS, MIN_CHARACTERS, Likeness, is_clear, likeness
    from edge.identify.strips import NO_STRIP, strip_ratios, with_strip
    from edge.identify.thresholds import Thresholds
    from edge.identify.verdict import ANY_FORMAT, best_first, identify, judge, listed

__all__ = [
    "ANY_FORMAT",
    "CLEAR_CHARACTERS",
    "FORMATS",
    "MIN_CHARACTERS",
    "NO_STRIP",
    "Colour",
    "Formats",
    "Lens",
    "Likeness",
    "Thresholds",
    "best_first",
    "format_of",
    "identify",
    "is_clear",
    "judge",
    "likeness",
    "listed",
    "log_likelihoods",
    "met",
    "reading",
    "strip_ratios",
    "weighed",
    "width_noise_px",
    "with_strip",
]

_MODULES: Final = {
    "ANY_FORMAT": "edge.identify.verdict",
    "CLEAR_CHARACTERS": "edge.identify.plausible",
    "Colour": "edge.identify.colours",
    "FORMATS": "edge.identify.format_table",
    "Formats": "edge.identify.formats",
    "Lens": "edge.identify.motion",
    "Likeness": "edge.identify.plausible",
    "MIN_CHARACTERS": "edge.identify.plausible",
    "NO_STRIP": "edge.identify.strips",
    "Thresholds": "edge.identify.thresholds",
    "best_first": "edge.identify.verdict",
    "format_of": "edge.identify.origin",
    "identify": "edge.identify.verdict",
    "is_clear": "edge.identify.plausible",
    "judge": "edge.identify.verdict",
    "likeness": "edge.identify.plausible",
    "listed": "edge.identify.verdict",
    "log_likelihoods": "edge.identify.ctc",
    "met": "edge.identify.fleets",
    "reading": "edge.identify.candidates",
    "strip_ratios": "edge.identify.strips",
    "weighed": "edge.identify.colours",
    "width_noise_px": "edge.identify.motion",
    "with_strip": "edge.identify.strips",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
