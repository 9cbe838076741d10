"""PostgreSQL: the centre's own server or the authority's, the pool of connections, and the numbered schema."""

from centre.database.binaries import find_binaries
from centre.database.embedded import DATABASE, OPENER_ROLE, SERVICE_ROLE, SETTINGS, EmbeddedServer
from centre.database.migrate import migrate, steps
from centre.database.pool import BUSY, GONE, NoneFree, open_as, open_pool, taken, transaction, why_not
from centre.database.types import Connection, Pool, Row
from centre.database.visits import DOOR, Door, as_house, as_login, as_unit, at_the_door, showing

__all__ = [
    "BUSY",
    "DATABASE",
    "DOOR",
    "GONE",
    "OPENER_ROLE",
    "SERVICE_ROLE",
    "SETTINGS",
    "Connection",
    "Door",
    "EmbeddedServer",
    "NoneFree",
    "Pool",
    "Row",
    "as_house",
    "as_login",
    "as_unit",
    "at_the_door",
    "find_binaries",
    "migrate",
    "open_as",
    "open_pool",
    "showing",
    "steps",
    "taken",
    "transaction",
    "why_not",
]
