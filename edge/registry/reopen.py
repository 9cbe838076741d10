"""Opening the packet of a decided case once more, from its manifest: anybody with the registry can repeat it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from edge.crypto.packet import open_packet
from edge.crypto.rsa_key import load_private_key
from edge.errors import PacketError, RegistryError
from edge.model import Packet
from edge.registry.schema import KEY_CHECK, check_key, writing
from edge.registry.vault import unseal


def reopen(path: Path, master_key: bytes, manifest: bytes) -> str:
    """Open the offender's packet in *manifest* with the registry at *path*; returns what holds, as one sentence.

    Raises:
        RegistryError: the manifest names nobody or is none, the registry does not know the chip any more, or what the
            packet says is not what the case says.
        SecretError: *master_key* is not the registry's.
    """
    number, said, packet, uid_sha256 = _parsed(manifest)
    with writing(path) as database:
        sealed = database.execute(KEY_CHECK).fetchone()
        check_key(master_key, sealed[0] if sealed else None)
        rows = database.execute("SELECT uid, licence, sealed_key FROM chips").fetchall()
    chip = next((row for row in rows if hashlib.sha256(row[0].encode("utf-8")).hexdigest() == uid_sha256), None)
    if chip is None:
        raise RegistryError(f"the registry does not know the chip of case {number}", "it was removed or replaced since")
    uid, licence, sealed_key = chip
    try:
        opened = open_packet(load_private_key(unseal(master_key, sealed_key, uid)), packet)
    except PacketError as error:
        raise RegistryError(
            f"the packet of case {number} does not hold ({error.reason})",
            "do not use it as evidence, and look into how the case was made",
        ) from None
    if not hmac.compare_digest(f"{opened.plate}|{opened.licence}|{licence}", f"{said[0]}|{said[1]}|{said[1]}"):
        raise RegistryError(
            f"the packet of case {number} says another plate or licence than the case",
            "do not use it as evidence, and look into how the case was made",
        )
    return (
        f"The packet of case {number} opens: it answers this unit's challenge and says the plate and the licence that"
        " the case says, and the licence is the chip's own"
    )


def _parsed(manifest: bytes) -> tuple[int, tuple[str, str], Packet, str]:
    """Number, plate and licence of the case, its packet (without a uid), and the SHA-256 of the uid."""
    try:
        document: dict[str, Any] = json.loads(manifest)
        number, record = document["number"], document["packet"]
        if record is None:
            raise RegistryError(f"case {number} names nobody", "there is no packet to open")
        packet = Packet(
            uid="",
            payload=base64.b64decode(record["payload"], validate=True),
            nonce=record["nonce"],
            challenged_at=record["challenged_at"],
            received_utc=record["received_utc"],
            received_monotonic_ns=record["received_monotonic_ns"],
        )
        return number, (document["verdict"]["plate"], document["driver"]["licence"]), packet, record["uid_sha256"]
    except (ValueError, KeyError, TypeError):
        raise RegistryError("the file is no manifest of a decided case", "name manifest.json of a package") from None
