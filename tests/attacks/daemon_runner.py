"""The daemon, whole, questioned over a pipe like the link that runner.py runs: ``daemon_runner.py CONFIG``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from runner import say_everything, serve

from edge.config import load
from edge.daemon import main
from edge.daemon.main import loop
from edge.daemon.systemd import Notifier
from edge.daemon.wiring import Parts


async def answering(parts: Parts, stopped: asyncio.Event, notifier: Notifier) -> None:
    """The daemon's loop, which also answers questions."""
    asking = asyncio.create_task(serve(parts.link, parts.mailbox, parts.opener))
    try:
        await loop(parts, stopped, notifier)
    finally:
        asking.cancel()


if __name__ == "__main__":
    say_everything()
    main.loop = answering
    sys.exit(main.run(load(Path(sys.argv[1]))))
