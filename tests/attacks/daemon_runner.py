"""The daemon, whole, questioned over a pipe like the link that runner.py runs: ``daemon_runner.py CONFIG``."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from runner import say_everything, serve

from edge.config import load
from edge.daemon import main


class QuestionedUnit(main.Unit):
    """The daemon's unit, which also answers questions."""

    async def start(self, stack: AsyncExitStack) -> None:
        await super().start(stack)
        self._asking = asyncio.create_task(serve(self._link, self._flow._mailbox, self._open_packets))
        stack.callback(self._asking.cancel)


if __name__ == "__main__":
    say_everything()
    main.Unit = QuestionedUnit  # type: ignore[misc]
    sys.exit(main.run(load(Path(sys.argv[1]))))
