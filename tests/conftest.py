"""For all tests: what cannot run here is left out, and the last line says so; and which tests share a process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.support import needs

os.environ["LC_ALL"] = "C.UTF-8"  # a test that wants another language than English asks for it
os.environ.pop("LANGUAGE", None)
settings.register_profile("any machine", deadline=None)  # no test asserts a time, not even of one example
settings.load_profile("any machine")

collect_ignore = ["edge/viewer"] if needs.lacking(("_tkinter",)) else []  # its modules import Tk at once

GROUPS = {
    "tests/architecture/": "source",
    "tests/attacks/": "unit",
    "tests/interop/": "unit",
    "tests/edge/viewer/": "display",
    "tests/chaos/": "machine",
    "tests/hardware/": "machine",
    "tests/system/": "machine",
}
"""Folder -> group; the tests of a group run one after the other, in one process.

``source``: they look at the same syntax trees. ``unit``: they question one daemon, which takes long to start.
``display``: one X server has one keyboard and one focus.
``machine``: each starts daemons with workers of its own, and measures what they take.
"""


def group_of(nodeid: str) -> str:
    """The group of a test; a file that is in none is a group by itself, so that its fixtures are made once."""
    found = next((group for folder, group in GROUPS.items() if nodeid.startswith(folder)), None)
    return found or nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole groups; pytest-xdist's own ``loadgroup`` ignores the groups under pytest 9.2 (seen in 3.8.0)."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in needs.left_out():
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """A command line that runs in a test's own process sets PYTHONSAFEPATH; the tests after it start without."""
    before = os.environ.get("PYTHONSAFEPATH")
    yield
    if before is None:
        os.environ.pop("PYTHONSAFEPATH", None)
    else:
        os.environ["PYTHONSAFEPATH"] = before
