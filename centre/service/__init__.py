"""The running process: certificates, start and stop, health and metrics."""

from centre.service.main import database, own_files, run, running

__all__ = ["database", "own_files", "run", "running"]
