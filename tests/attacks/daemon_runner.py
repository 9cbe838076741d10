"""The daemon, whole, questioned over a pipe like the link that runner.py runs: ``daemon_runner.py CONFIG``."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

from runner import say_everything, serve

from edge.config import Settings, load
from edge.daemon import main
from edge.daemon.main import loop
from edge.daemon.systemd import Notifier
from edge.daemon.wiring import Parts
from edge.flow.opening import WindowOpener
from edge.identify.formats import Formats, licence_pattern


async def answering(settings: Settings, parts: Parts, stopped: asyncio.Event, notifier: Notifier) -> None:
    """The daemon's loop, which also answers questions."""
    assert parts.registry is not None
    plates = Formats(settings.verdict.plate_countries, settings.verdict.plate_pattern).pattern
    opener = WindowOpener(parts.registry, parts.openers, plates, licence_pattern(settings.verdict.licence_pattern))
    asking = asyncio.create_task(serve(parts.link, parts.mailbox, opener))
    try:
        await loop(parts, stopped, notifier)
    finally:
        asking.cancel()


if __name__ == "__main__":
    say_everything()
    given = load(Path(sys.argv[1]))
    main.loop = partial(answering, given)
    sys.exit(main.run(given))
