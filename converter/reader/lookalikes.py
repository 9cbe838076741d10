"""Characters that a doubtful picture confuses: the verdict's own table."""

from edge.identify.twins import LOOKALIKES

__all__ = ["LOOKALIKES"]
