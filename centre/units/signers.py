"""The officers whose signatures make an order, by the public keys that they brought; their private keys are theirs."""

from __future__ import annotations

from centre.database import Connection, Row
from centre.errors import CentreError
from edge.delivery.orders import MAX_SIGNERS, OfficerKey


async def add_signer(connection: Connection, key: OfficerKey) -> None:
    """Let the officer with *key* sign orders. Units learn of it from a person: ``autovelox centre signers``.

    Raises:
        CentreError: the name is none, or has a key, or the key was another's.
    """
    if not key.name.strip() or not key.name.isprintable() or len(key.name) > 100:
        raise CentreError("that is no name of an officer", "write it in a hundred letters")
    if len(await current_signers(connection)) >= MAX_SIGNERS:
        raise CentreError(f"{MAX_SIGNERS} officers sign orders already", "end the key of one")
    row = await connection.fetchval(
        "INSERT INTO signers (key_id, name, public_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1",
        key.key_id,
        key.name,
        key.public_key,
    )
    if row is None:
        raise CentreError(f"{key.name} has a key, or the key is not new", "end the former one: signers end KEY")


async def end_signer(connection: Connection, key_id: str) -> str:
    """Let the key sign nothing any more; returns the officer's name. Units go on trusting it until they are told.

    Raises:
        CentreError: no such key is in use.
    """
    name = await connection.fetchval(
        "UPDATE signers SET ended_at = now() WHERE key_id = $1 AND ended_at IS NULL RETURNING name", key_id
    )
    if name is None:
        raise CentreError(f"there is no key {key_id} in use", "autovelox-centre signers list shows which there are")
    return str(name)


async def list_signers(connection: Connection) -> list[Row]:
    """All keys there ever were: key_id, name, added_at, ended_at."""
    rows: list[Row] = await connection.fetch("SELECT key_id, name, added_at, ended_at FROM signers ORDER BY added_at")
    return rows


async def current_signers(connection: Connection) -> list[OfficerKey]:
    """The keys in use."""
    rows = await connection.fetch("SELECT name, public_key FROM signers WHERE ended_at IS NULL ORDER BY name")
    return [OfficerKey(row["name"], bytes(row["public_key"])) for row in rows]
