"""PostgreSQL: the centre's own server or the authority's, the pool of connections, and the numbered schema."""

from centre.database.binaries import find_binaries
from centre.database.embedded import DATABASE, OPENER_ROLE, SERVICE_ROLE, SETTINGS, EmbeddedServer
from centre.database.migrate import migrate, steps
from centre.database.pool import ACQUIRE_TIMEOUT_S, BUSY, GONE, open_as, open_pool, transaction
from centre.database.types import Connection, Pool, Row

__all__ = [
    "ACQUIRE_TIMEOUT_S",
    "BUSY",
    "DATABASE",
    "GONE",
    "OPENER_ROLE",
    "SERVICE_ROLE",
    "SETTINGS",
    "Connection",
    "EmbeddedServer",
    "Pool",
    "Row",
    "find_binaries",
    "migrate",
    "open_as",
    "open_pool",
    "steps",
    "transaction",
]
