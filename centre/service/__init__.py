"""The running process: certificates, start and stop, health and metrics."""

from centre.service.main import Files, database, listen, own_files, run, running, serve
from centre.service.telling import check

__all__ = ["Files", "check", "database", "listen", "own_files", "run", "running", "serve"]
