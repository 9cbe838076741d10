"""What no program can do without that takes entries in and checks them: processor time of one, in microseconds."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence

from centre.delivery import check_signatures
from edge.cases.evidence import DOMAIN, Link, Signature

TIMES = 20
"""The least of so many counts."""


def signature_us(links: Sequence[Link], public_key: bytes) -> float:
    """Its signature alone, as the centre checks it; all *links* are signed with *public_key*."""
    signatures = [Signature(0, public_key, DOMAIN + link.header, link.signature or b"") for link in links]
    return _used_us(lambda: check_signatures(signatures)) / len(links)


def json_us(data: bytes, entries: int) -> float:
    """Its JSON, and the hashes of header and body, once; *data* are so many *entries* as a unit sends them."""

    def read() -> None:
        for line in data.splitlines():
            entry = json.loads(line)
            for part in (entry["header"], entry["body"]):
                json.loads(part)
                hashlib.sha256(part.encode()).digest()

    return _used_us(read) / entries


def _used_us(act: Callable[[], object]) -> float:
    used = []
    for _ in range(TIMES):
        before_s = time.process_time()
        act()
        used.append(time.process_time() - before_s)
    return 1e6 * min(used)
