"""From plate reads and claims to a verdict: pure functions on numbers and texts."""

from edge.identify.candidates import reading
from edge.identify.formats import Formats
from edge.identify.thresholds import Thresholds
from edge.identify.verdict import ANY_FORMAT, best_first, identify, judge, listed

__all__ = ["ANY_FORMAT", "Formats", "Thresholds", "best_first", "identify", "judge", "listed", "reading"]
