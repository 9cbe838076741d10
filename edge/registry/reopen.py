"""Opening the packet of a decided case again, from its manifest, with the registry and its master key."""

from __future__ import annotations

import base64
import hmac
import json
from pathlib import Path
from typing import Any

from edge.crypto import Opened, is_chips, load_private_key, message_of, open_packet
from edge.errors import PacketError, RegistryError
from edge.model import Packet, Rejection
from edge.registry.rows import ChipRow, select, verified
from edge.registry.schema import check_master_key, read_transaction
from edge.registry.vault import RegistryKeys, unseal_secret

CLAIMS_FORMAT = "autovelox-claims/1"


def is_claims(document: bytes) -> bool:
    """Whether *document* is a file of the claims of an ambiguous case, as ``autovelox cases claims`` writes it."""
    try:
        return bool(json.loads(document)["format"] == CLAIMS_FORMAT)
    except (ValueError, KeyError, TypeError):
        return False


def reopen_claims(path: Path, master_key: bytes, document: bytes) -> list[str]:
    """Open the claims of an ambiguous case in *document* with the registry at *path*.

    Returns:
        One sentence a claim: which licence claims which plate, or why its packet is not valid.

    Raises:
        RegistryError: this is no such file, or the registry cannot be read.
        SecretError: *master_key* is not the registry's.
    """
    try:
        content: dict[str, Any] = json.loads(document)
        number = int(content["case"])
        sealed = [(_packet(record), bytes.fromhex(record["uid_sha256"])) for record in content["packets"]]
    except (ValueError, KeyError, TypeError):
        raise RegistryError(
            "the file does not hold the claims of a case", "take it out with autovelox cases claims"
        ) from None
    return [_claim(path, master_key, number, packet, uid_sha256) for packet, uid_sha256 in sealed]


def _claim(path: Path, master_key: bytes, number: int, packet: Packet, uid_sha256: bytes) -> str:
    chip, private = _chip(path, master_key, number, uid_sha256)
    try:
        opened = _open(chip, private, packet)
    except PacketError as error:
        return f"case {number}: a packet is not valid ({error.reason})"
    if not hmac.compare_digest(opened.licence, chip.licence):
        return f"case {number}: a packet names a licence that is not its chip's own"
    return f"case {number}: licence {opened.licence} claims plate {opened.plate}"


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
    chip, private = _chip(path, master_key, number, uid_sha256)
    try:
        opened = _open(chip, private, packet)
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
        + ("" if packet.version == 1 else ". The driver's chip signed it, with the key that the registry has for it")
    )


def _open(chip: ChipRow, private: bytes, packet: Packet) -> Opened:
    """The contents of *packet*, which counts only with the signature of a *chip* that signs.

    Raises:
        PacketError: it is not valid.
    """
    if (packet.version == 1) != (chip.verify_key is None):
        raise PacketError(Rejection.VERSION)
    if chip.verify_key is not None and not is_chips(chip.verify_key, message_of(packet), packet.signature):
        raise PacketError(Rejection.SIGNATURE)
    return open_packet(load_private_key(private), packet)


def _chip(path: Path, master_key: bytes, number: int, uid_sha256: bytes) -> tuple[ChipRow, bytes]:
    """The registry's chip with that hash of its uid, and its private key."""
    keys = RegistryKeys.of(master_key)
    with read_transaction(path) as database:
        check_master_key(database, master_key)
        row = database.execute(select("chips", "WHERE uid_sha256 = ?"), (uid_sha256,)).fetchone()
    if row is None:
        raise RegistryError(
            f"the registry does not have the chip of case {number}", "look in a backup of the registry from that time"
        )
    chip = ChipRow(*verified(keys.rows, "chips", row))  # type: ignore[arg-type]
    return chip, unseal_secret(keys.chip(uid_sha256), chip.sealed_key, uid_sha256.hex())


def _packet(record: dict[str, Any]) -> Packet:
    """The sealed packet of a manifest's record, its uid left empty."""
    return Packet(
        uid="",
        payload=base64.b64decode(record["payload"], validate=True),
        nonce=record["nonce"],
        challenged_at=record["challenged_at"],
        received_utc=record["received_utc"],
        received_monotonic_ns=int(record["received_monotonic_ns"]),
        version=record.get("version", 1),
        sealed_uid=base64.b64decode(record.get("sealed_uid", ""), validate=True),
        counter=record.get("counter", 0),
        signature=base64.b64decode(record.get("signature", ""), validate=True),
        unit=record.get("unit", ""),
        endpoint=record.get("endpoint", ""),
    )


def _parse(manifest: bytes) -> tuple[int, str, str, Packet, bytes]:
    """Number, plate and licence of the case, its packet (the uid left empty), and the SHA-256 of the uid."""
    try:
        document: dict[str, Any] = json.loads(manifest)
        number, record = document["number"], document["packet"]
        if record is None:
            raise RegistryError(f"case {number} names no driver", "choose a case with the verdict identified")
        return (
            number,
            document["verdict"]["plate"],
            document["driver"]["licence"],
            _packet(record),
            bytes.fromhex(record["uid_sha256"]),
        )
    except (ValueError, KeyError, TypeError):
        raise RegistryError(
            "the file is not the manifest of a decided case", "name manifest.json of a package"
        ) from None
