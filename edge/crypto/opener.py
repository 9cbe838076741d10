"""Opening the packets of a window; runs in a process that ends with its batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from Crypto.PublicKey.RSA import RsaKey

from edge.crypto.chip_signature import is_chips, message_of
from edge.crypto.packet import Opened, open_packet
from edge.crypto.rsa_key import load_private_key
from edge.crypto.sealed_uid import unseal_uid
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
        verify_key: the public half of the chip's signing key (DER); None for a chip that signs nothing.
    """

    packet: Packet
    private: SealedKey
    licence: str
    verify_key: bytes | None = None


def unseal_uids(packets: Sequence[Packet], private: SealedKey) -> list[tuple[str, int] | Rejection]:
    """The uids and counters of *packets* of version 2; the *private* half of what they are sealed to is sealed.

    Returns:
        One answer per packet, in order: its uid and counter, or the reason why the packet was rejected.
    """
    try:
        key = unseal_secret(private.key, private.sealed, private.context)
    except SecretError:
        return [Rejection.DAMAGED_KEY] * len(packets)
    return [_unseal(key, packet) for packet in packets]


def _unseal(key: bytes, packet: Packet) -> tuple[str, int] | Rejection:
    try:
        return unseal_uid(key, packet.sealed_uid, packet.nonce)
    except PacketError as error:
        return error.reason


def open_batch(items: Sequence[OpenJob]) -> list[Opened | Rejection]:
    """Open every packet of *items*.

    Anybody who has the public key can make a packet with a right hash. So a packet counts only for the licence number
    that the registry has for its uid; and where its chip signs, only with the chip's signature, in version 2.
    The signature is looked at first, which costs a thirtieth of a decryption: rubbish costs next to nothing.

    Returns:
        One answer per item, in order: the packet's contents, or the reason why the packet was rejected.
    """
    keys: dict[SealedKey, RsaKey] = {}  # a key of several packets is loaded once; it ends with the batch
    return [_open(item, keys) for item in items]


def _open(item: OpenJob, keys: dict[SealedKey, RsaKey]) -> Opened | Rejection:
    packet = item.packet
    if (packet.version == 1) != (item.verify_key is None):  # no way back to version 1 for a chip that signs
        return Rejection.VERSION
    if item.verify_key is not None and not is_chips(item.verify_key, message_of(packet), packet.signature):
        return Rejection.SIGNATURE
    try:
        if (private := keys.get(item.private)) is None:
            unsealed = unseal_secret(item.private.key, item.private.sealed, item.private.context)
            private = keys[item.private] = load_private_key(unsealed)
        opened = open_packet(private, packet)
    except PacketError as error:
        return error.reason
    except SecretError:
        return Rejection.DAMAGED_KEY
    return opened if opened.licence == item.licence else Rejection.FOREIGN_LICENCE
