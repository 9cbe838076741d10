"""The bare work that opening is measured against."""

from __future__ import annotations

import time

from edge.crypto.packet import open_packet
from edge.crypto.rsa_key import load_private_key
from edge.model import Packet


def decrypt_many(der: bytes, packet: Packet, count: int, fresh: bool) -> float:
    """Seconds that *count* decryptions of *packet* take, with keys that are parsed beforehand.

    *fresh*: each with a key of its own, at whose first use PyCryptodome makes what blinds it.
    """
    keys = [load_private_key(der) for _ in range(count if fresh else 1)]
    started = time.perf_counter()
    for number in range(count):
        open_packet(keys[number % len(keys)], packet)
    return time.perf_counter() - started
