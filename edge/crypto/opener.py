"""Opening the packets of a window; runs in a process that ends with its batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from Crypto.PublicKey.RSA import RsaKey

from edge.crypto.packet import Opened, open_packet
from edge.crypto.rsa_key import load_private_key
from edge.crypto.sealing import unseal_secret
from edge.errors import PacketError, SecretError
from edge.model import Packet, Rejection


class SealedKey(NamedTuple):
    """A private key (PKCS#1 DER) as the registry has it, and the key (32 bytes) and context that unseal it alone.

    So no process but the one that opens the packet ever holds a private key.
    """

    sealed: bytes
    key: bytes
    context: str


class OpenJob(NamedTuple):
    """One packet to open.

    Attributes:
        packet: the sealed packet.
        private: the private key of its uid, sealed.
        licence: the licence number that the registry has for that uid.
    """

    packet: Packet
    private: SealedKey
    licence: str


def open_batch(items: Sequence[OpenJob]) -> list[Opened | Rejection]:
    """Open every packet of *items*.

    Anybody who has the public key can make a packet with a right hash. So a packet counts only for the licence number
    that the registry has for its uid.

    Returns:
        One answer per item, in order: the packet's contents, or the reason why the packet was rejected.
    """
    keys: dict[SealedKey, RsaKey] = {}  # a key of several packets is loaded once; it ends with the batch
    return [_open(item, keys) for item in items]


def _open(item: OpenJob, keys: dict[SealedKey, RsaKey]) -> Opened | Rejection:
    try:
        if (private := keys.get(item.private)) is None:
            unsealed = unseal_secret(item.private.key, item.private.sealed, item.private.context)
            private = keys[item.private] = load_private_key(unsealed)
        opened = open_packet(private, item.packet)
    except PacketError as error:
        return error.reason
    except SecretError:
        return Rejection.DAMAGED_KEY
    return opened if opened.licence == item.licence else Rejection.FOREIGN_LICENCE
