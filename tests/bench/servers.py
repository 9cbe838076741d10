"""The two servers that are measured side by side, each in a process of its own: ``servers.py ours|bare [settings]``.

``bare`` is python-socketio on aiohttp doing the same exchange with no checks at all.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import Any

import socketio
import uvloop
from aiohttp import web

from edge.config import LinkSettings
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer

WINDOW_S = 16.0
"""As the unit has it: the window before a trigger and after it, and some seconds more."""


async def ours(settings: LinkSettings) -> tuple[LinkServer, Mailbox]:
    """The unit's own server and its mailbox."""
    mailbox = Mailbox(settings.mailbox_packets, WINDOW_S, settings.packets_per_uid)
    server = LinkServer(settings, mailbox)
    await server.start()
    return server, mailbox


async def bare() -> int:
    """The bare server; returns its port."""
    server = socketio.AsyncServer(async_mode="aiohttp", always_connect=True, transports=["websocket"])
    packets: list[tuple[str, str]] = []

    @server.event
    async def connect(sid: str, environ: dict[str, object], auth: object = None) -> None:
        await server.emit("challenge", {"nonce": secrets.token_hex(16), "timestamp": int(time.time())}, to=sid)

    @server.event
    async def packet(sid: str, body: dict[str, str]) -> dict[str, str]:
        packets.append((body["uid"], body["payload"]))
        return {"status": "accepted"}

    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    return site.port


def used() -> dict[str, float]:
    """CPU seconds of this process so far, and its resident memory in bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"cpu_s": time.process_time(), "resident": pages * os.sysconf("SC_PAGE_SIZE")}


def inside(link: LinkServer | None, mailbox: Mailbox | None) -> dict[str, Any]:
    """What our server counts and holds; ``honest`` are the uids that honest cars of the bench have."""
    if link is None or mailbox is None:
        return {"counters": {}}
    uids = [packet.uid for packet in mailbox.window(0, 2**62)]
    return {
        "counters": dict(link.counters),
        "connections": link.connections,
        "mailbox": len(uids),
        "honest": [uid for uid in uids if uid.startswith("honest")],
    }


async def main() -> None:
    link: LinkServer | None = None
    mailbox: Mailbox | None = None
    if sys.argv[1] == "ours":
        link, mailbox = await ours(LinkSettings.model_validate_json(sys.argv[2]))
        port = link.port
    else:
        port = await bare()
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    questions = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    print(port, flush=True)

    async def answer() -> None:
        while await questions.readline():
            print(json.dumps({**used(), **inside(link, mailbox)}), flush=True)
        stopped.set()

    answering = asyncio.create_task(answer())
    await stopped.wait()
    answering.cancel()
    os._exit(0)  # what is left of thousands of clients is of no interest


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
