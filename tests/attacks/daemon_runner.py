"""The daemon, whole, questioned over a pipe like the link that runner.py runs: ``daemon_runner.py CONFIG``."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from runner import say_everything, serve

from edge.config import Settings, load
from edge.daemon import main, wiring
from edge.daemon.wiring import Parts


async def build(settings: Settings, stack: AsyncExitStack) -> Parts:
    """The daemon's parts, which also answer questions."""
    parts = await wiring.build(settings, stack)
    asking = asyncio.create_task(serve(parts.link, parts.mailbox, parts.opener))
    stack.callback(asking.cancel)
    return parts


if __name__ == "__main__":
    say_everything()
    main.build = build
    sys.exit(main.run(load(Path(sys.argv[1]))))
