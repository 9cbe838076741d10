"""The authority's certificates of chips, kept in the registry: cases of such a chip hold the authority's word."""

from __future__ import annotations

import time
from pathlib import Path

from edge.crypto import ChipCertificate, licence_hash
from edge.errors import RegistryError, SecretError
from edge.registry.change import change
from edge.registry.rows import ChipRow, select, verified


def certify_chip(path: Path, master_key: bytes, certificate: bytes, authority: bytes) -> None:
    """Keep the authority's *certificate* (a file's bytes) with the chip whose signing key it names.

    *authority* is the authority's public key, 32 bytes. Cases hold the certificate from then on.

    Raises:
        RegistryError: no chip in use has that key, or its row was altered.
        SecretError: *master_key* is not the registry's; or the authority did not make the certificate, it is over, or
            it is for another licence.
    """
    found = ChipCertificate.of_document(certificate)
    if not found.is_valid(authority, time.time()):
        raise SecretError(
            "the certificate was not made by that authority, or it is over", "let the authority certify the chip again"
        )
    with change(path, master_key) as registry:
        query = select("chips", "WHERE verify_key = ? AND revoked_at IS NULL")
        row = registry.database.execute(query, (found.verify_key,)).fetchone()
        if row is None:
            raise RegistryError("no chip in use has that signing key", "enrol or replace it with the chip's request")
        chip = ChipRow(*verified(registry.keys.rows, "chips", row))  # type: ignore[arg-type]
        if licence_hash(chip.licence) != found.licence_sha256:
            raise SecretError("the certificate is for another licence", "let the authority certify the chip's request")
        registry.replace("chips", chip._replace(certified_until=found.valid_until, certification=found.signature))
