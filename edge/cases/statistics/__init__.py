"""Counts of a unit's cases, for publication; ``plot`` draws them and loads Pillow."""

from edge.cases.statistics.counts import BIN_KMH, WEEKDAYS, Statistics, statistics_of

__all__ = ["BIN_KMH", "WEEKDAYS", "Statistics", "statistics_of"]
