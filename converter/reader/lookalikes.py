"""Characters that a doubtful picture confuses: the verdict's own table."""

from edge.twins import LOOKALIKES

__all__ = ["LOOKALIKES"]
