"""Packets, RSA keys, chips and key files: pure cryptography, and the files that hold keys."""

from edge.crypto.chip import Chip, load_chip, save_chip
from edge.crypto.keyfile import KEY_BYTES, read_key, sync_folder, write_key
from edge.crypto.memory import forbid_inspection
from edge.crypto.opener import OpenJob, SealedKey, open_batch
from edge.crypto.packet import PAYLOAD_BYTES, Opened, open_packet, seal
from edge.crypto.rsa_key import KEY_BITS, generate_private_key, load_private_key, load_public_key
from edge.crypto.sealing import seal_secret, unseal_secret

__all__ = [
    "KEY_BITS",
    "KEY_BYTES",
    "PAYLOAD_BYTES",
    "Chip",
    "OpenJob",
    "Opened",
    "SealedKey",
    "forbid_inspection",
    "generate_private_key",
    "load_chip",
    "load_private_key",
    "load_public_key",
    "open_batch",
    "open_packet",
    "read_key",
    "save_chip",
    "seal",
    "seal_secret",
    "sync_folder",
    "unseal_secret",
    "write_key",
]
