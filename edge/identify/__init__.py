"""From plate reads and claims to a verdict: pure functions on numbers and texts."""

from edge.identify.candidates import reading
from edge.identify.colours import Colour, weighed
from edge.identify.ctc import log_likelihoods
from edge.identify.fleets import met
from edge.identify.format_table import FORMATS
from edge.identify.formats import Formats
from edge.identify.motion import Lens, width_noise_px
from edge.identify.origin import format_of
from edge.identify.plausibility import plausibility
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
    "plausibility",
    "reading",
    "strip_ratios",
    "weighed",
    "width_noise_px",
    "with_strip",
]
