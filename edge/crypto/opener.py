"""Opening the packets of a window; runs in a worker process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from edge.crypto.packet import Opened, open_packet
from edge.crypto.rsa_key import load_private_key
from edge.errors import PacketError, SecretError
from edge.model import Packet, Rejection

PARSED_KEYS: Final = 1024
"""Parsed keys that a worker caches, about 6 kB each; the least recently used one is dropped first."""


class OpenJob(NamedTuple):
    """One packet to open.

    Attributes:
        packet: the sealed packet.
        private_der: the private key of its uid, PKCS#1 DER.
        licence: the licence number that the registry has for that uid.
    """

    packet: Packet
    private_der: bytes
    licence: str


parsed_key = lru_cache(maxsize=PARSED_KEYS)(load_private_key)
""":func:`~edge.crypto.rsa_key.load_private_key`, cached by the DER."""


def open_batch(items: Sequence[OpenJob]) -> list[Opened | Rejection]:
    """Open every packet of *items*.

    Anybody who has the public key can make a packet with a right hash. So a packet counts only for the licence number
    that the registry has for its uid.

    Returns:
        One answer per item, in order: the packet's contents, or the reason why the packet was rejected.
    """
    return [_open(item) for item in items]


def _open(item: OpenJob) -> Opened | Rejection:
    try:
        opened = open_packet(parsed_key(item.private_der), item.packet)
    except PacketError as error:
        return error.reason
    except SecretError:
        return Rejection.DAMAGED_KEY
    return opened if opened.licence == item.licence else Rejection.FOREIGN_LICENCE
