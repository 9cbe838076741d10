"""The bare work that opening is measured against."""

from __future__ import annotations

from edge.link.packet import load_private_key, open_packet
from edge.model import Packet


def decrypt_many(der: bytes, packet: Packet, count: int) -> None:
    """*count* decryptions of *packet* with a key that is parsed once."""
    key = load_private_key(der)
    for _ in range(count):
        open_packet(key, packet)
