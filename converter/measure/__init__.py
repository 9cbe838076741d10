"""How good the networks are: metrics, goals, reports, pictures of errors.

The face of this room leaves out what needs the unit's networks: import :mod:`converter.measure.reports`, ``together``
and ``plate_sheet`` by their own names.
"""

from converter.measure.contact_sheet import GREEN, Cell, contact_sheet
from converter.measure.goals import HELD_OUT_RIGHTLY, NAMED_RIGHTLY, NAMED_WRONGLY, Figure, Goal, goal_table
from converter.measure.plots import plot_losses, training_curves

__all__ = [
    "GREEN",
    "HELD_OUT_RIGHTLY",
    "NAMED_RIGHTLY",
    "NAMED_WRONGLY",
    "Cell",
    "Figure",
    "Goal",
    "contact_sheet",
    "goal_table",
    "plot_losses",
    "training_curves",
]
