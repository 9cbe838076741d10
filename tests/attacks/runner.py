"""The link and the mailbox alone, in a process of their own: ``runner.py SETTINGS``, for limits a test sets itself.

Each line on standard input is a question, each line on standard output its answer in JSON. Standard error is the log.
The whole daemon is questioned in the same way: :mod:`daemon_runner`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import uvloop

from edge.config import LinkSettings
from edge.crypto.opener import OpenJob, open_batch
from edge.crypto.packet import Opened
from edge.errors import SecretError
from edge.link.mailbox import Mailbox
from edge.link.server import LinkServer
from edge.model import Claim, Packet

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.support.link import ANNA, BRUNO

REGISTRY = {driver.uid: driver for driver in (ANNA, BRUNO)}

Open = Callable[[Sequence[Packet]], Awaitable[tuple[Sequence[Claim | Opened], Counter[str]]]]
"""Opens the packets of a window: what they say, and why the others say nothing."""


async def open_here(packets: Sequence[Packet]) -> tuple[list[Opened], Counter[str]]:
    """What *packets* say, judged in this process as the unit's workers do."""
    known = [packet for packet in packets if packet.uid in REGISTRY]
    answers = open_batch([OpenJob(p, REGISTRY[p.uid].private, REGISTRY[p.uid].licence) for p in known])
    reasons = Counter(answer for answer in answers if isinstance(answer, str))
    reasons["uid"] = len(packets) - len(known)
    return [answer for answer in answers if isinstance(answer, Opened)], +reasons


def resident_kb() -> int:
    gc.collect()
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def state(server: LinkServer, mailbox: Mailbox) -> dict[str, Any]:
    exchange = server.exchange
    return {
        "counters": dict(server.counters),
        "connections": server.connections,
        "sessions": len(exchange.eio.sockets),
        "environ": len(exchange.environ),
        "rooms": sum(map(len, exchange.manager.rooms.values())),
        "pending": sum(map(len, exchange.manager.pending_connect.values())),
        "attachments": len(exchange._binary_packet),
        "nonces": server.open_challenges,
        "addresses": server.gate.tracked_addresses,
        "mailbox": len(mailbox),
        "tasks": len(asyncio.all_tasks()),
    }


async def answer(question: str, server: LinkServer, mailbox: Mailbox, open_packets: Open) -> Any:
    match question:
        case "state":
            return state(server, mailbox)
        case "memory":
            return resident_kb()
        case "open":
            said, reasons = await open_packets(mailbox.window(-(2**62), 2**62))
            return {"claims": [[each.licence, each.plate] for each in said], "reasons": dict(reasons)}
        case "reset":
            mailbox.expire(2**62)
            server.counters.clear()
            server.gate.forget_rates()
            return None
        case "break":
            server.exchange.on("connect", fail)
            return None
    raise ValueError(question)


class Broken(Exception):
    """A fault of our own."""


async def fail(*_: object) -> None:
    """Fail in the handler of CONNECT."""
    raise Broken("what a car sent")


async def serve(server: LinkServer, mailbox: Mailbox, open_packets: Open) -> None:
    """Answer questions until whoever asks is gone; then end as SIGTERM does."""
    loop = asyncio.get_running_loop()
    questions = asyncio.StreamReader()
    pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    print(json.dumps(server.port), flush=True)
    try:
        while line := await questions.readline():
            print(json.dumps(await answer(line.decode().strip(), server, mailbox, open_packets)), flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        pipe.close()


def reload(server: LinkServer) -> None:
    """As the unit does it: a certificate that cannot be used changes nothing."""
    try:
        server.reload_tls()
    except SecretError as error:
        logging.getLogger("runner").warning("%s", error)


async def link(settings: LinkSettings) -> None:
    mailbox = Mailbox(settings.mailbox_packets, settings.packet_ttl_s, settings.packets_per_uid)
    server = LinkServer(settings, mailbox)
    await server.start()
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, reload, server)
    asking = asyncio.create_task(serve(server, mailbox, open_here))
    await stopped.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await server.stop()


def say_everything() -> None:
    """Log all that anything would say: what a log could leak, it leaks here."""
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)


if __name__ == "__main__":
    say_everything()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(link(LinkSettings.model_validate_json(sys.argv[1])))
