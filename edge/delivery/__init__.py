"""Delivery to the centre, and openings there. ``wire`` and ``openings`` are what both sides say."""

from edge.delivery.budget import DailyBudget
from edge.delivery.client import Client, trusting
from edge.delivery.courier import Courier
from edge.delivery.joining import join_centre
from edge.delivery.obeying import Ordered, ordered
from edge.delivery.opening import open_courier, open_remote
from edge.delivery.openings import OpeningService, enclosed
from edge.delivery.progress import GATHER_S, Progress
from edge.delivery.remote import RemoteOpener, fetch_service, load_service

__all__ = [
    "GATHER_S",
    "Client",
    "Courier",
    "DailyBudget",
    "OpeningService",
    "Ordered",
    "Progress",
    "RemoteOpener",
    "enclosed",
    "fetch_service",
    "join_centre",
    "load_service",
    "open_courier",
    "open_remote",
    "ordered",
    "trusting",
]
