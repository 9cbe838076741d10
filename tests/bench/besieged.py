"""The rows of ``make bench`` about crowds: how many honest visits get through while the unit is besieged."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from Crypto.PublicKey import RSA
from processes import FOLDER, Row, Server, apart

VISITS, VISITS_A_SECOND = 100, 10
LEAD_S = 5.0
"""How long a siege goes on before the first honest car comes: its burst is spent, places and mailbox are taken."""
WINDOW_S = 10.0
FIRST_TRY, WITH_RETRIES = 0.80, 0.95

CONNECTS, IDLE_CONNECTS, PACKETS, HELLOS = 150, 1000, 400, 400
"""How many a second."""


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
    """More idle connections than there are places, from twenty addresses."""
    with serving() as server, siege(server, "connects", IDLE_CONNECTS, 20):
        visits = honest(server, "apart")
        text = f", {server.ask()['connections']} open"
        return [row(f"visits, {IDLE_CONNECTS} idle connects/s from 20 addresses", visits, text)]


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


ROWS = {"address": one_address, "idle": idle, "packets": packets, "hellos": hellos}
