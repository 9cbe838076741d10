"""The registry at headquarters: drivers, chips and vehicles in PostgreSQL, private keys under a hierarchy of keys."""

from centre.registry.counters import PostgresCounters, pseudonym
from centre.registry.enrolling import Change, MadeChip, changing
from centre.registry.importing import import_registry
from centre.registry.keys import OF_NO_DRIVER, ROOT_NAME, RootKey, load_root_key, make_root_key
from centre.registry.lookup import PostgresRegistry
from centre.registry.rotation import rotate_root, rotate_shard
from edge.registry import OPTIONS, Enrolment, Particulars, make_chip

__all__ = [
    "OF_NO_DRIVER",
    "OPTIONS",
    "ROOT_NAME",
    "Change",
    "Enrolment",
    "MadeChip",
    "Particulars",
    "PostgresCounters",
    "PostgresRegistry",
    "RootKey",
    "changing",
    "import_registry",
    "load_root_key",
    "make_chip",
    "make_root_key",
    "pseudonym",
    "rotate_root",
    "rotate_shard",
]
