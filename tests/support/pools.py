"""Workers that may read the tests, whose functions they are to run: a unit's read the program alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge.workers import WorkerSetup

ROOT = Path(__file__).resolve().parents[2]
READABLE = (ROOT, Path("/etc/mime.types"))
"""The whole checkout: a package without ``__init__.py`` is found by listing the folder that it is in."""


def with_tests(setup: WorkerSetup) -> WorkerSetup:
    """*setup* for workers that import tests."""
    return replace(setup, reads=(*setup.reads, *READABLE))
