"""Worker processes with a deadline. What they do comes from whoever builds the pool."""

from edge.workers.pool import WorkerPool, WorkerSetup
from edge.workers.process import NICENESS

__all__ = ["NICENESS", "WorkerPool", "WorkerSetup"]
