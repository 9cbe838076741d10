"""The service as a process: start, answer, stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

from edge.cases import Signer, StateFolder
from edge.config import ReviewSettings
from edge.crypto import forbid_inspection
from edge.officers.office import NO_RULES, Office
from edge.officers.server import Server

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""How often it looks for a configuration that the centre ordered."""


def run(
    state_dir: Path,
    signer: Signer,
    path: Path,
    rules: ReviewSettings = NO_RULES,
    *,
    language: str = "en",
    models: Path | None = None,
) -> int:
    """Answer officers' programs at the Unix socket *path* until SIGTERM or SIGINT, by *rules*; returns 0.

    *language* is that of the papers it makes, *models* the folder with the detector that redacts photos.

    Raises:
        CaseError: it cannot listen there.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    forbid_inspection()
    asyncio.run(_serve(Office(state_dir, signer, rules, language=language, models=models), path))
    return 0


async def _serve(office: Office, path: Path) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = Server(office, path)
    await server.start()
    try:
        log.info("officers' programs are answered at %s", path)
        _tell_manager("READY=1")
        watching = asyncio.create_task(_stop_when_ordered(StateFolder(office.state_dir).ordered, stopped))
        await stopped.wait()
        watching.cancel()
    finally:
        await server.stop()
        await asyncio.to_thread(office.close)
    log.info("stopped")


async def _stop_when_ordered(file: Path, stopped: asyncio.Event) -> None:
    """Stop when the centre ordered another configuration: the service manager starts us again, with its rules."""
    before = _version(file)
    while (now := _version(file)) == before:  # noqa: ASYNC110 - a file tells nobody of its change
        await asyncio.sleep(LOOK_S)
    log.info("the centre ordered another configuration: %s", "stopping" if now else "it is gone, stopping")
    stopped.set()


def _version(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _tell_manager(state: str) -> None:
    """Tell the service manager, if there is one, as sd_notify(3) does: who starts us goes on when we listen."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)
