"""The police registry: who holds which licence, who keeps which vehicle, and the private key of each licence's chip.

The daemon reads it (:class:`Registry`); the police's commands make and change it (the other functions).
"""

from edge.registry.certify import certify_chip
from edge.registry.counters import Counters, pack_seen, take_over, unpack_seen
from edge.registry.enrol import (
    Enrolment,
    create_registry,
    enrol_driver,
    make_chip,
    remove_driver,
    replace_chip,
    revoke_chip,
)
from edge.registry.lookup import RegisteredKey, Registry
from edge.registry.migrate import migrate_registry
from edge.registry.particulars import OPTIONS, Particulars, check_text
from edge.registry.reopen import reopen_packet
from edge.registry.rows import uid_hash
from edge.registry.survey import (
    DriverSummary,
    check_portrait,
    check_registry,
    everything,
    list_drivers,
    rotate_master_key,
)
from edge.registry.uid_key import UidKey
from edge.registry.vault import create_master_key, load_master_key

__all__ = [
    "OPTIONS",
    "Counters",
    "DriverSummary",
    "Enrolment",
    "Particulars",
    "RegisteredKey",
    "Registry",
    "UidKey",
    "certify_chip",
    "check_portrait",
    "check_registry",
    "check_text",
    "create_master_key",
    "create_registry",
    "enrol_driver",
    "everything",
    "list_drivers",
    "load_master_key",
    "make_chip",
    "migrate_registry",
    "pack_seen",
    "remove_driver",
    "reopen_packet",
    "replace_chip",
    "revoke_chip",
    "rotate_master_key",
    "take_over",
    "uid_hash",
    "unpack_seen",
]
