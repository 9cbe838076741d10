"""Opening the packets of a window in a worker process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from edge.crypto.packet import Opened, load_private_key, open_packet
from edge.errors import PacketError, SecretError
from edge.model import Packet, Rejection

PARSED_KEYS: Final = 1024
"""Parsed keys a worker keeps, about 6 kB each; the least recently used one goes first."""


class OpenJob(NamedTuple):
    """A sealed packet, the private key of its uid (PKCS#1 DER) and the licence number the registry has for that uid."""

    packet: Packet
    private_der: bytes
    licence: str


_parsed_key = lru_cache(maxsize=PARSED_KEYS)(load_private_key)


def open_batch(items: Sequence[OpenJob]) -> list[Opened | Rejection]:
    """Open every packet of *items*; one answer an item, in order: what it says, or why it is rejected.

    A hash inside RSA authenticates nobody who has the public key, so a packet speaks only for the licence number that
    the registry holds for its uid.
    """
    return [_open(item) for item in items]


def _open(item: OpenJob) -> Opened | Rejection:
    try:
        opened = open_packet(_parsed_key(item.private_der), item.packet)
    except PacketError as error:
        return error.reason
    except SecretError:
        return Rejection.DAMAGED_KEY
    return opened if opened.licence == item.licence else Rejection.FOREIGN_LICENCE
