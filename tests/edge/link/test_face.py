"""What the link's package gives its neighbours, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import edge.link
from edge.link.mailbox import Mailbox

HEAVY = {"aiohttp", "socketio", "engineio"}


@pytest.mark.parametrize("module", ["edge.link", "edge.link.commands", "edge.link.mailbox", "edge.link.gate"])
def test_the_libraries_of_the_server_are_not_loaded_before_they_are_needed(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    assert not HEAVY & set(loaded.split())


def test_every_name_of_the_face_is_there() -> None:
    assert edge.link.Mailbox is Mailbox
    assert all(callable(getattr(edge.link, name)) for name in edge.link.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        edge.link.Nothing  # noqa: B018
