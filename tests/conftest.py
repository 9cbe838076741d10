"""Which tests share a process where several run side by side (``make test``)."""

from __future__ import annotations

from pathlib import Path

import pytest

GROUPS = {
    "attacks": "unit",
    "interop": "unit",
    "edge/viewer": "display",
    "chaos": "machine",
    "hardware": "machine",
    "system": "machine",
}
"""Folder -> group; the tests of a group run one after the other, in one process.

``unit``: they question one daemon, which takes long to start. ``display``: one X server has one keyboard and one focus.
``machine``: each starts daemons with workers of its own, and measures what they take.
"""
FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark every test of a group for pytest-xdist, where that is installed."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            folder = item.path.relative_to(FOLDER).parent.as_posix()
            group = next((GROUPS[place] for place in GROUPS if f"{folder}/".startswith(f"{place}/")), None)
            if group is not None:
                item.add_marker(pytest.mark.xdist_group(group))
