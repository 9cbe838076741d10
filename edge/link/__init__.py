"""The public side of the unit: cars connect, answer a challenge and leave a sealed packet.

Names are loaded on first use: server and client need aiohttp and python-socketio, the rest of the room does not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from edge.link.answering import Signing, make_answer
    from edge.link.car import deliver, deliver_answer, deliver_once
    from edge.link.mailbox import Mailbox
    from edge.link.server import LinkServer

__all__ = ["LinkServer", "Mailbox", "Signing", "deliver", "deliver_answer", "deliver_once", "make_answer"]

_MODULES: Final = {
    "LinkServer": "edge.link.server",
    "Mailbox": "edge.link.mailbox",
    "Signing": "edge.link.answering",
    "make_answer": "edge.link.answering",
    "deliver": "edge.link.car",
    "deliver_once": "edge.link.car",
    "deliver_answer": "edge.link.car",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
