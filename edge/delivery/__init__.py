"""Delivery to the centre: a client on the unit's chain, in a task of its own. ``wire`` is what both sides say."""

from edge.delivery.budget import DailyBudget
from edge.delivery.client import Client, trusting
from edge.delivery.courier import Courier
from edge.delivery.joining import join_centre
from edge.delivery.opening import open_courier

__all__ = ["Client", "Courier", "DailyBudget", "join_centre", "open_courier", "trusting"]
