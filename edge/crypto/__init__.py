"""Packets, RSA keys, chips and key files: pure cryptography, and the files that hold keys."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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
    from edge.crypto.ed25519 import Ed25519Key, is_key, is_signed, public_pem
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
    "public_pem",
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
    "unseal_secret",
    "unseal_uids",
    "write_key",
]

_MODULES: Final = {
    "AUTHORITY_FORMAT": "edge.crypto.chip_certificate",
    "ChallengeSigner": "edge.crypto.signed_challenge",
    "Chip": "edge.crypto.chip",
    "ChipCertificate": "edge.crypto.chip_certificate",
    "ChipKey": "edge.crypto.chip_key",
    "Ed25519Key": "edge.crypto.ed25519",
    "FileChipKey": "edge.crypto.chip_key",
    "KEY_BITS": "edge.crypto.rsa_key",
    "KEY_BYTES": "edge.crypto.keyfile",
    "MAX_COUNTER": "edge.crypto.sealed_uid",
    "OpenJob": "edge.crypto.opener",
    "Opened": "edge.crypto.packet",
    "PAYLOAD_BYTES": "edge.crypto.packet",
    "Position": "edge.crypto.position",
    "SEALED_UID_BYTES": "edge.crypto.sealed_uid",
    "SIGNATURE_BYTES": "edge.crypto.chip_signature",
    "SealedKey": "edge.crypto.opener",
    "SignedChallenge": "edge.crypto.signed_challenge",
    "UID": "edge.crypto.sealed_uid",
    "URI_EXAMPLE": "edge.crypto.token_uri",
    "UnitCertificate": "edge.crypto.unit_certificate",
    "certify_chip": "edge.crypto.chip_certificate",
    "check_challenge": "edge.crypto.signed_challenge",
    "check_request": "edge.crypto.chip_key",
    "credential_or_file": "edge.crypto.keyfile",
    "disclose": "edge.crypto.enclosure",
    "enclose": "edge.crypto.enclosure",
    "forbid_inspection": "edge.crypto.memory",
    "generate_private_key": "edge.crypto.rsa_key",
    "is_chips": "edge.crypto.chip_signature",
    "is_key": "edge.crypto.ed25519",
    "is_serial": "edge.crypto.unit_certificate",
    "is_signed": "edge.crypto.ed25519",
    "is_token_uri": "edge.crypto.token_uri",
    "licence_hash": "edge.crypto.chip_certificate",
    "load_chip": "edge.crypto.chip",
    "load_chip_key": "edge.crypto.chip_key",
    "load_private_key": "edge.crypto.rsa_key",
    "load_public_key": "edge.crypto.rsa_key",
    "make_request": "edge.crypto.chip_key",
    "message_of": "edge.crypto.chip_signature",
    "new_registry_key": "edge.crypto.sealed_uid",
    "open_batch": "edge.crypto.opener",
    "open_packet": "edge.crypto.packet",
    "open_token": "edge.crypto.token_chip",
    "packet_message": "edge.crypto.chip_signature",
    "public_pem": "edge.crypto.ed25519",
    "read_authority": "edge.crypto.chip_certificate",
    "read_challenge": "edge.crypto.signed_challenge",
    "read_key": "edge.crypto.keyfile",
    "read_plaintext": "edge.crypto.packet",
    "read_token_uri": "edge.crypto.token_uri",
    "save_chip": "edge.crypto.chip",
    "save_chip_key": "edge.crypto.chip_key",
    "seal": "edge.crypto.packet",
    "seal_secret": "edge.crypto.sealing",
    "seal_uid": "edge.crypto.sealed_uid",
    "sync_folder": "edge.crypto.keyfile",
    "unseal_secret": "edge.crypto.sealing",
    "unseal_uids": "edge.crypto.opener",
    "write_key": "edge.crypto.keyfile",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
