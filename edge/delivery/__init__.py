"""Delivery to the centre, and openings there. ``wire`` and ``openings`` are what both sides say."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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

_MODULES: Final = {
    "Client": "edge.delivery.client",
    "Courier": "edge.delivery.courier",
    "DailyBudget": "edge.delivery.budget",
    "GATHER_S": "edge.delivery.progress",
    "OpeningService": "edge.delivery.openings",
    "Ordered": "edge.delivery.obeying",
    "Progress": "edge.delivery.progress",
    "RemoteOpener": "edge.delivery.remote",
    "enclosed": "edge.delivery.openings",
    "fetch_service": "edge.delivery.remote",
    "join_centre": "edge.delivery.joining",
    "load_service": "edge.delivery.remote",
    "open_courier": "edge.delivery.opening",
    "open_remote": "edge.delivery.opening",
    "ordered": "edge.delivery.obeying",
    "trusting": "edge.delivery.client",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
