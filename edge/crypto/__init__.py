"""Packets, RSA keys, chips and key files: pure cryptography, and the files that hold keys."""

from edge.crypto.chip import Chip, load_chip, save_chip
from edge.crypto.chip_certificate import (
    AUTHORITY_FORMAT,
    ChipCertificate,
    certify_chip,
    licence_hash,
    read_authority,
)
from edge.crypto.chip_key import (
    ChipKey,
    FileChipKey,
    check_request,
    load_chip_key,
    make_request,
    save_chip_key,
)
from edge.crypto.chip_signature import SIGNATURE_BYTES, is_chips, message_of, packet_message
from edge.crypto.ed25519 import Ed25519Key, is_key, is_signed
from edge.crypto.enclosure import disclose, enclose
from edge.crypto.keyfile import KEY_BYTES, credential_or_file, read_key, sync_folder, write_key
from edge.crypto.memory import forbid_inspection
from edge.crypto.opener import OpenJob, SealedKey, open_batch, unseal_uids
from edge.crypto.packet import PAYLOAD_BYTES, Opened, open_packet, read_plaintext, seal
from edge.crypto.position import Position
from edge.crypto.rsa_key import KEY_BITS, generate_private_key, load_private_key, load_public_key
from edge.crypto.sealed_uid import MAX_COUNTER, SEALED_UID_BYTES, UID, new_registry_key, seal_uid
from edge.crypto.sealing import seal_secret, unseal_secret
from edge.crypto.signed_challenge import ChallengeSigner, SignedChallenge, check_challenge, read_challenge
from edge.crypto.token_chip import open_token
from edge.crypto.token_session import as_secret_error, token_session
from edge.crypto.token_uri import URI_EXAMPLE, is_token_uri, read_token_uri
from edge.crypto.unit_certificate import UnitCertificate, is_serial

__all__ = [
    "AUTHORITY_FORMAT",
    "KEY_BITS",
    "KEY_BYTES",
    "MAX_COUNTER",
    "PAYLOAD_BYTES",
    "SEALED_UID_BYTES",
    "SIGNATURE_BYTES",
    "UID",
    "URI_EXAMPLE",
    "ChallengeSigner",
    "Chip",
    "ChipCertificate",
    "ChipKey",
    "Ed25519Key",
    "FileChipKey",
    "OpenJob",
    "Opened",
    "Position",
    "SealedKey",
    "SignedChallenge",
    "UnitCertificate",
    "as_secret_error",
    "certify_chip",
    "check_challenge",
    "check_request",
    "credential_or_file",
    "disclose",
    "enclose",
    "forbid_inspection",
    "generate_private_key",
    "is_chips",
    "is_key",
    "is_serial",
    "is_signed",
    "is_token_uri",
    "licence_hash",
    "load_chip",
    "load_chip_key",
    "load_private_key",
    "load_public_key",
    "make_request",
    "message_of",
    "new_registry_key",
    "open_batch",
    "open_packet",
    "open_token",
    "packet_message",
    "read_authority",
    "read_challenge",
    "read_key",
    "read_plaintext",
    "read_token_uri",
    "save_chip",
    "save_chip_key",
    "seal",
    "seal_secret",
    "seal_uid",
    "sync_folder",
    "token_session",
    "unseal_secret",
    "unseal_uids",
    "write_key",
]
