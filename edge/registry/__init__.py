"""The police registry: who holds which licence, who keeps which vehicle, and the private key of each licence's chip.

The daemon reads it (:class:`Registry`); the police's commands make and change it (the other functions).
"""

from edge.registry.enrol import (
    DriverSummary,
    Enrolment,
    create_registry,
    enrol_driver,
    list_drivers,
    remove_driver,
    rotate_master_key,
)
from edge.registry.lookup import RegisteredKey, Registry
from edge.registry.reopen import reopen_packet
from edge.registry.vault import create_master_key, load_master_key

__all__ = [
    "DriverSummary",
    "Enrolment",
    "RegisteredKey",
    "Registry",
    "create_master_key",
    "create_registry",
    "enrol_driver",
    "list_drivers",
    "load_master_key",
    "remove_driver",
    "reopen_packet",
    "rotate_master_key",
]
