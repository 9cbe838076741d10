"""The rows of ``make bench`` about crowds: how many honest visits get through while the unit is besieged."""

from __future__ import annotations

import heapq
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from Crypto.PublicKey import RSA
from processes import FOLDER, Row, Server, apart

from edge.config import LinkSettings
from edge.link.mailbox import Mailbox
from edge.model import Packet

VISITS, VISITS_A_SECOND = 100, 10
LEAD_S = 5.0
"""How long a siege goes on before the first honest car comes: its burst is spent, places and mailbox are taken."""
WINDOW_S = 10.0
FIRST_TRY, WITH_RETRIES = 0.80, 0.95

CONNECTS, IDLE_CONNECTS, PACKETS, HELLOS, STORED = 150, 2000, 400, 400, 700
"""How many a second; STORED go straight into a mailbox, without a link that would have to take them."""
IDLE_ADDRESSES = 40
RETRIES_AFTER_S = (0.5, 1.0, 2.0, 4.0)
"""The pauses of the reference car, without their jitter."""
CHECK = 99
"""In place of an attempt: whether the packet is still there when its window closes."""


@contextmanager
def siege(server: Server, mode: str, rate: float, *more: int) -> Iterator[None]:
    """Besiege *server* in the background."""
    command = [sys.executable, str(FOLDER / "siege.py"), mode, str(server.port), str(rate), *map(str, more)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        time.sleep(LEAD_S)
        yield
    finally:
        process.communicate()


def honest(server: Server, source: str, ca: Path | None = None) -> list[tuple[str, int, float]]:
    """Honest visits; for each its uid, at which attempt it was accepted (0: never), and when."""
    numbers = [str(server.port), str(VISITS_A_SECOND), str(VISITS), source, *([str(ca)] if ca is not None else [])]
    command = [sys.executable, str(FOLDER / "siege.py"), "honest", *numbers]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return [(uid, attempt, at) for uid, attempt, at in json.loads(done.stdout)]


def row(what: str, visits: Sequence[tuple[str, int, float]], more: str = "", *, good: bool = True) -> Row:
    """A row of how many of *visits* were accepted."""
    first, in_all = (sum(0 < attempt <= most for _, attempt, _ in visits) / len(visits) for most in (1, 99))
    text = f"{first:.0%} at the first try, {in_all:.0%} with retries{more}"
    wanted = f">= {FIRST_TRY:.2f}, {WITH_RETRIES}"
    return Row(what, text, first, wanted, good and first >= FIRST_TRY and in_all >= WITH_RETRIES)


def one_address() -> list[Row]:
    """Connects from the address that honest cars have as well."""
    with serving() as server, siege(server, "connects", CONNECTS, 1):
        visits = honest(server, "crowded")
        return [row(f"visits, {CONNECTS} connects/s from the same address", visits)]


def idle() -> list[Row]:
    """More idle connections than there are places."""
    with serving() as server, siege(server, "connects", IDLE_CONNECTS, IDLE_ADDRESSES):
        visits = honest(server, "apart")
        text = f", {server.ask()['connections']} open"
        return [row(f"visits, {IDLE_CONNECTS} idle connects/s from {IDLE_ADDRESSES} addresses", visits, text)]


def packets() -> list[Row]:
    """Packets from thousands of addresses, each in a network of its own; honest packets must still be there."""
    with serving() as server, siege(server, "packets", PACKETS):
        visits = honest(server, "apart")
        answer = server.ask()
        now = time.monotonic()
        expected = [uid for uid, attempt, at in visits if attempt and now - at < WINDOW_S]
        kept = sum(uid in answer["honest"] for uid in expected)
        text = f"; {kept} of {len(expected)} packets whose window is open kept, of {answer['mailbox']}"
        what = f"visits, {PACKETS} packets/s, each of another network"
        return [row(what, visits, text, good=kept == len(expected) > 0)]


def mailbox() -> list[Row]:
    """Packets of thousands of networks against honest ones, one a second, by a clock of our own: no link slows them."""
    limits = LinkSettings()
    box = Mailbox(limits.mailbox_packets, 16.0, limits.packets_per_uid)
    visits: list[tuple[str, int, float]] = []
    kept = 0
    queue = [(number / STORED, f"rubbish{number}", 0) for number in range(60 * STORED)]
    queue += [(float(second), f"honest{second}", 1) for second in range(5, 40)]
    heapq.heapify(queue)
    while queue:
        at_s, uid, attempt = heapq.heappop(queue)
        number = int(re.sub(r"\D", "", uid))
        source = f"10.0.{number}.1" if attempt else f"{number // 250 % 200 + 11}.{number % 250}.0.1"
        if attempt == CHECK:
            kept += any(packet.uid == uid for packet in box.window(0, 2**62))
        elif box.put(Packet(uid, b"", f"{uid} {at_s}", 0, at_s, round(at_s * 1e9)), source):
            if attempt:
                visits.append((uid, attempt, at_s))
                heapq.heappush(queue, (at_s + WINDOW_S, uid, CHECK))
        elif 0 < attempt <= len(RETRIES_AFTER_S):
            heapq.heappush(queue, (at_s + RETRIES_AFTER_S[attempt - 1], uid, attempt + 1))
        elif attempt:
            visits.append((uid, 0, at_s))
    accepted = sum(attempt > 0 for _, attempt, _ in visits)
    text = f"; {kept} of {accepted} kept for {WINDOW_S:.0f} s"
    return [row(f"mailbox, {STORED} packets/s, each of another network", visits, text, good=kept == accepted)]


def hellos() -> list[Row]:
    """More TLS handshakes than an RSA-4096 key can sign."""
    with TemporaryDirectory() as folder:
        key, certificate = Path(folder) / "key.pem", Path(folder) / "certificate.pem"
        key.write_bytes(RSA.generate(4096).export_key())
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        command = ["openssl", "req", "-x509", "-key", str(key), "-out", str(certificate), "-days", "2", *names]
        subprocess.run(command, check=True, capture_output=True)
        with serving(tls_certificate=str(certificate), tls_key=str(key)) as server:
            with siege(server, "hellos", HELLOS):
                visits = honest(server, "apart", certificate)
            return [row(f"visits over TLS, {HELLOS} ClientHellos/s, RSA-4096", visits)]


@contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """The link with the unit's own limits, on a core of its own."""
    server = Server("ours", **settings)
    try:
        with apart(server):
            yield server
    finally:
        server.stop()


ROWS = {"address": one_address, "idle": idle, "packets": packets, "mailbox": mailbox, "hellos": hellos}
