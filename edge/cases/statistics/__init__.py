"""Counts of a unit's cases, for publication; ``table`` says and ``plot`` draws them, in the report's languages."""

from edge.cases.statistics.counts import BIN, Statistics, statistics_of

__all__ = ["BIN", "Statistics", "statistics_of"]
