"""The service as a process: start, answer, stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

from edge.cases.evidence import Signer
from edge.crypto.memory import keep_to_itself
from edge.officers.office import Office
from edge.officers.server import Server

log = logging.getLogger(__name__)


def run(state_dir: Path, signer: Signer, socket: Path) -> int:
    """Answer officers' programs at *socket* until SIGTERM or SIGINT; returns 0.

    Raises:
        CaseError: it cannot listen there.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    keep_to_itself()
    asyncio.run(_serve(Office(state_dir, signer), socket))
    return 0


async def _serve(office: Office, socket: Path) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = Server(office, socket)
    await server.start()
    try:
        log.info("officers' programs are answered at %s", socket)
        await stopped.wait()
    finally:
        await server.stop()
        await asyncio.to_thread(office.close)
    log.info("stopped")
