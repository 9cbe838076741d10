"""How good the networks are: metrics, goals, reports, pictures of errors.

The face of this room leaves out what needs the unit's networks: import :mod:`converter.measure.reports`, ``together``
and ``strip`` by their own names.
"""

from converter.measure.contact_sheet import GREEN, Cell, contact_sheet
from converter.measure.goals import NAMED_RIGHTLY, NAMED_WRONGLY, Figure, goal_table
from converter.measure.plots import plot_losses, training_curves

__all__ = [
    "GREEN",
    "NAMED_RIGHTLY",
    "NAMED_WRONGLY",
    "Cell",
    "Figure",
    "contact_sheet",
    "goal_table",
    "plot_losses",
    "training_curves",
]
