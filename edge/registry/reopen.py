"""Opening the packet of a decided case again, from its manifest, with the registry and its master key."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path
from typing import Any

from edge.crypto.packet import open_packet
from edge.crypto.rsa_key import load_private_key
from edge.errors import PacketError, RegistryError
from edge.model import Packet
from edge.registry.rows import Chip, select, verified
from edge.registry.schema import check_master_key, read_transaction
from edge.registry.vault import RegistryKeys, unseal


def reopen_packet(path: Path, master_key: bytes, manifest: bytes) -> str:
    """Open the offender's packet in *manifest* with the registry at *path*, and compare it with the case.

    Returns:
        One sentence that says what the packet proves.

    Raises:
        RegistryError: this is not a manifest or it names no driver, the registry does not have the chip (any more), or
            its row was altered, or the packet does not say what the case says.
        SecretError: *master_key* is not the registry's.
    """
    number, plate, licence, packet, uid_sha256 = _parse(manifest)
    keys = RegistryKeys.of(master_key)
    with read_transaction(path) as database:
        check_master_key(database, master_key)
        row = database.execute(select("chips", "WHERE uid_sha256 = ?"), (uid_sha256,)).fetchone()
    if row is None:
        raise RegistryError(
            f"the registry does not have the chip of case {number}", "look in a backup of the registry from that time"
        )
    chip = Chip(*verified(keys.rows, "chips", row))  # type: ignore[arg-type]
    private = unseal(keys.chip(uid_sha256), chip.sealed_key, uid_sha256.hex())
    try:
        opened = open_packet(load_private_key(private), packet)
    except PacketError as error:
        raise RegistryError(
            f"the packet of case {number} is not valid ({error.reason})",
            "do not use it as evidence, and find out how the case was made",
        ) from None
    if not hmac.compare_digest(f"{opened.plate}|{opened.licence}|{chip.licence}", f"{plate}|{licence}|{licence}"):
        raise RegistryError(
            f"the packet of case {number} says another plate or licence than the case",
            "do not use it as evidence, and find out how the case was made",
        )
    return (
        f"The packet of case {number} opens: it answers this unit's challenge and says the plate and the licence that"
        " the case says, and the licence is the chip's own"
    )


def _parse(manifest: bytes) -> tuple[int, str, str, Packet, bytes]:
    """Number, plate and licence of the case, its packet (the uid left empty), and the SHA-256 of the uid."""
    try:
        document: dict[str, Any] = json.loads(manifest)
        number, record = document["number"], document["packet"]
        if record is None:
            raise RegistryError(f"case {number} names no driver", "choose a case with the verdict identified")
        packet = Packet(
            uid="",
            payload=base64.b64decode(record["payload"], validate=True),
            nonce=record["nonce"],
            challenged_at=record["challenged_at"],
            received_utc=record["received_utc"],
            received_monotonic_ns=int(record["received_monotonic_ns"]),
        )
        return (
            number,
            document["verdict"]["plate"],
            document["driver"]["licence"],
            packet,
            bytes.fromhex(record["uid_sha256"]),
        )
    except (ValueError, KeyError, TypeError):
        raise RegistryError(
            "the file is not the manifest of a decided case", "name manifest.json of a package"
        ) from None
