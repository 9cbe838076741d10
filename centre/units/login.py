"""Login: a challenge, an Ed25519 signature over it, a token that lives for minutes. No clock of the unit is asked.

The unit's key is the one that signs its chain. If the unit changed its key since it was heard of last, it shows the
``key`` entries of its chain: each new key is signed by the one before.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from centre.database import DOOR, Connection, Door
from centre.errors import Refused
from edge.cases.evidence import DOMAIN, HEADER_KEYS, KEY_KIND, Link, Mismatch, parse_canonical, sha256
from edge.crypto import is_key
from edge.delivery.wire import login_message

CHALLENGE_LIFE = timedelta(seconds=60)
MOST_TOKENS = 4
MOST_KEYS = 64
NOBODY = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
"""The key that stands for that of a unit which does not exist: refusing it takes as long."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A unit that has logged in."""

    unit: int
    serial: str


def refusal() -> Refused:
    """The one answer to every login that fails: it does not tell which units there are."""
    return Refused("login", 401, "the login is not valid", "check [unit] serial, the signing key and the unit's state")


async def challenge(connection: Connection, serial: str) -> str:
    """A challenge for the unit *serial*: 64 hex digits, used once within a minute. Unknown units get one as well.

    Nothing is kept of it: whoever asks for many writes nothing, and takes none from the unit.
    """
    return str(await connection.fetchval("SELECT new_challenge($1)", serial))


async def log_in(
    connection: Connection,
    *,
    centre: str,
    serial: str,
    challenge: str,
    signature: bytes,
    keys: Sequence[Link],
    life_s: float,
    network: str | None = None,
) -> str:
    """Exchange a signed challenge for a token, which is kept as its hash alone.

    *keys* are the ``key`` entries of the unit's chain, if it shows them. The token counts from *network* alone; None:
    from any.

    Raises:
        Refused: the unit is not active, the challenge is none of its own, used or old, or the signature is wrong.
    """
    row = await connection.fetchrow(
        "SELECT id, public_key, is_challenge($1, $2, $3) AS is_one FROM (SELECT) AS asked LEFT JOIN units"
        " ON serial = $1 AND state = 'active' AND public_key IS NOT NULL",
        serial,
        challenge,
        CHALLENGE_LIFE,
    )
    message, first = login_message(centre, serial, challenge), row["public_key"] or NOBODY
    for public_key in (first, *_successors(first, keys)):
        if _holds(public_key, message, signature):
            break
    else:
        raise refusal()
    if row["id"] is None or not row["is_one"]:
        raise refusal()
    used = await connection.fetchval(
        "INSERT INTO challenges VALUES ($1, $2, now() + $3::interval) ON CONFLICT DO NOTHING RETURNING 1",
        _digest(challenge),
        row["id"],
        CHALLENGE_LIFE,
    )
    if used is None:
        raise refusal()
    token = secrets.token_urlsafe(32)
    await connection.execute(
        "INSERT INTO tokens (token_sha256, unit_id, until, network)"
        " VALUES ($1, $2, now() + make_interval(secs => $3), $4)",
        _digest(token),
        row["id"],
        life_s,
        network,
    )
    await connection.execute(
        "DELETE FROM tokens WHERE unit_id = $1 AND token_sha256 NOT IN"
        " (SELECT token_sha256 FROM tokens WHERE unit_id = $1 ORDER BY until DESC LIMIT $2)",
        row["id"],
        MOST_TOKENS,
    )
    return token


_OF_TOKEN = f"SELECT {DOOR}, id, serial FROM (SELECT) AS nobody LEFT JOIN unit_of_token($2, $3) ON true"  # noqa: S608


async def visitor_of(
    connection: Connection, token: str, network: str | None = None, door: Door | None = None
) -> Visitor:
    """The active unit that was given *token*; with a *network*, it was given there or counts anywhere.

    *connection* was taken at this *door* (:func:`centre.database.at_the_door`), if there is one.

    Raises:
        Refused: the token is unknown, over, or another network's, or the unit is not active any more.
    """
    row = await connection.fetchrow(_OF_TOKEN, door.shown if door is not None else "", _digest(token), network)
    if door is not None:
        door.passed()
    if row["id"] is None:
        raise refusal()
    return Visitor(row["id"], row["serial"])


async def forget_old(connection: Connection) -> None:
    """Delete challenges and tokens that are over."""
    await connection.execute("SELECT forget_what_is_over()")


def _successors(public_key: bytes, keys: Sequence[Link]) -> list[bytes]:
    """The keys that follow *public_key* by the ``key`` entries *keys*, each signed by the one before."""
    current, found = public_key, list[bytes]()
    try:
        for link in keys[:MOST_KEYS]:
            header = parse_canonical(link.header, "the header")
            content = parse_canonical(link.body or b"", "the key")
            fits = set(header) == HEADER_KEYS and header["kind"] == KEY_KIND
            fits = fits and header["body"] == sha256(link.body or b"") and link.key_id == sha256(current)[:16]
            new = bytes.fromhex(content["public_key"])
            fits = fits and new != current and _holds(current, DOMAIN + link.header, link.signature or b"")
            if fits and is_key(new):
                current = new
                found = [new]
    except (Mismatch, KeyError, TypeError, ValueError):
        return []
    return found


def _holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return True


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
