"""asyncpg ships no types: what the centre uses of it has these names."""

from __future__ import annotations

from typing import Any, TypeAlias

Connection: TypeAlias = Any
"""An ``asyncpg.Connection``, or one of a pool."""
Pool: TypeAlias = Any
"""An ``asyncpg.Pool``."""
Row: TypeAlias = Any
"""An ``asyncpg.Record``."""
