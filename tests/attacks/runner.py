"""A unit reduced to what faces the street: the real link in a process of its own, questioned over a pipe.

Each line on standard input is a question, each line on standard output its answer in JSON. Standard error is the log.
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
from pathlib import Path
from typing import Any

import uvloop

from edge.config import LinkSettings
from edge.errors import SecretError
from edge.link.mailbox import Mailbox
from edge.link.opener import OpenJob, open_batch
from edge.link.packet import Opened
from edge.link.server import LinkServer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from linkkit import ANNA, BRUNO

REGISTRY = {driver.uid: driver for driver in (ANNA, BRUNO)}


def resident_kb() -> int:
    gc.collect()
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def opened(mailbox: Mailbox) -> dict[str, Any]:
    """What the packets in the mailbox say, judged as the unit does."""
    packets = mailbox.window(-(2**62), 2**62)
    known = [packet for packet in packets if packet.uid in REGISTRY]
    answers = open_batch([OpenJob(p, REGISTRY[p.uid].der, REGISTRY[p.uid].licence) for p in known])
    reasons = Counter(answer for answer in answers if isinstance(answer, str))
    reasons["uid"] = len(packets) - len(known)
    claims = [[answer.licence, answer.plate] for answer in answers if isinstance(answer, Opened)]
    return {"claims": claims, "reasons": dict(+reasons)}


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
        "mailbox": len(mailbox),
        "tasks": len(asyncio.all_tasks()),
        "resident_kb": resident_kb(),
    }


def answer(question: str, server: LinkServer, mailbox: Mailbox) -> Any:
    match question:
        case "state":
            return state(server, mailbox)
        case "open":
            return opened(mailbox)
        case "reset":
            mailbox.expire(2**62)
            server.counters.clear()
            server._gate._buckets.clear()
            return None
    raise ValueError(question)


def reload(server: LinkServer) -> None:
    """As the unit does it: a certificate that cannot be used changes nothing."""
    try:
        server.reload_tls()
    except SecretError as error:
        logging.getLogger("runner").warning("%s", error)


async def main() -> None:
    settings = LinkSettings.model_validate_json(sys.argv[1])
    mailbox = Mailbox(settings.mailbox_packets, settings.packet_ttl_s, settings.packets_per_uid)
    server = LinkServer(settings, mailbox)
    await server.start()
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    loop.add_signal_handler(signal.SIGHUP, reload, server)
    questions = asyncio.StreamReader()
    pipe, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    print(json.dumps(server.port), flush=True)

    async def serve() -> None:
        while line := await questions.readline():
            print(json.dumps(answer(line.decode().strip(), server, mailbox)), flush=True)
        stopped.set()  # whoever asked is gone

    asking = asyncio.create_task(serve())
    await stopped.wait()
    asking.cancel()
    pipe.close()
    await server.stop()


if __name__ == "__main__":
    # Everything that anything would say: what a log could leak, it leaks here.
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
