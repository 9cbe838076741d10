"""Modules that are imported when a test uses them: collecting the tests must not load the networks' libraries."""

from __future__ import annotations

import importlib
from typing import Any


class Lazy:
    """Stands for a module until one of its names is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # pytest asks everything that a test module holds for some private names
            raise AttributeError(f"{self._name}.{name} is private")
        return getattr(importlib.import_module(self._name), name)


def lazy(name: str) -> Any:
    """The module *name*, for ``torch`` and what imports it: torch alone takes 1.5 s of processor time to import."""
    return Lazy(name)
