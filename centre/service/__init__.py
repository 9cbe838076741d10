"""The running process: certificates, start and stop, health and metrics."""

from centre.service.main import Files, database, listen, own_files, run, running, serve

__all__ = ["Files", "database", "listen", "own_files", "run", "running", "serve"]
