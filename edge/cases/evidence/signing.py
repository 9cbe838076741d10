"""The unit's signing key: Ed25519 (RFC 8032), one 32-byte seed in a key file.

A key enters the chain by a ``key`` entry that holds its public half. The first one signs itself; every later one is
signed by the key it supersedes, so whoever trusts the first trusts the rest.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import time
from pathlib import Path

from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

from edge.cases.evidence.chain import DOMAIN, HEAD, INSERT, Entry, chain
from edge.cases.storage.database import writing
from edge.crypto.keyfile import KEY_BYTES, read_key, sync_folder, write_key
from edge.errors import SecretError

WHAT = "the signing key"
KEY_KIND = "key"

LAST_KEY = "SELECT body FROM entries WHERE kind = 'key' ORDER BY seq DESC LIMIT 1"
UNSIGNED = "SELECT seq, header FROM entries WHERE signature IS NULL ORDER BY seq"
SIGN = "UPDATE entries SET signature = ?, key_id = ? WHERE seq = ? AND signature IS NULL"


class Signer:
    """Signs entries with the Ed25519 key of *seed* (32 bytes); shows no more of it than its public half."""

    def __init__(self, seed: bytes) -> None:
        """Derive the key pair."""
        key = ECC.construct(curve="Ed25519", seed=seed)
        self._scheme = eddsa.new(key, mode="rfc8032")
        self.public_key = bytes(key.public_key().export_key(format="raw"))
        self.key_id = hashlib.sha256(self.public_key).hexdigest()[:16]

    def public_pem(self) -> str:
        """The public key as PEM text."""
        return str(eddsa.import_public_key(self.public_key).export_key(format="PEM")).rstrip() + "\n"

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of *message*."""
        return bytes(self._scheme.sign(message))


def load_signer(path: Path) -> Signer:
    """The signer of the key file (or systemd credential) at *path*.

    Raises:
        SecretError: the key is missing, unreadable, or readable by others.
    """
    return Signer(read_key(path, WHAT))


def create_signing_key(path: Path) -> Signer:
    """Make a new key and write it to *path*.

    Raises:
        SecretError: the file exists already or cannot be written.
    """
    seed = secrets.token_bytes(KEY_BYTES)
    write_key(path, seed, WHAT)
    return Signer(seed)


def introduction(head: tuple[int, str] | None, last_key: bytes | None, signer: Signer) -> Entry | None:
    """The ``key`` entry that a chain needs before *signer* may sign in it; None if it knows this key already.

    *last_key* is the body of the chain's last ``key`` entry.

    Raises:
        SecretError: the chain is signed with another key.
    """
    if last_key is None:
        return _key_entry(head, signer, supersedes=None, by=signer)
    known = json.loads(last_key)["key_id"]
    if known != signer.key_id:
        raise SecretError(
            f"the cases are signed with key {known}, this is {signer.key_id}", "put the right key file there"
        )
    return None


def countersign(state_dir: Path, signer: Signer) -> int:
    """Sign every entry that waits for it (officers' reviews); returns how many there were.

    Raises:
        SecretError: the cases are signed with another key.
        CaseError: the store cannot be written.
    """
    with writing(state_dir) as database:
        _introduce(database, signer)
        return _sign_waiting(database, signer)


def rotate_signing_key(state_dir: Path, path: Path) -> Signer:
    """Supersede the key at *path*: it signs what waits and vouches for the new one, which signs from then on.

    The new key is on the disk (``path`` + ``.new``) before the chain knows it, and replaces *path* at the end; the
    superseded key stays as ``.old`` until somebody destroys it. An interrupted rotation is finished by calling again.

    Raises:
        SecretError: a key is missing or not the chain's.
        CaseError: the store cannot be written.
    """
    fresh = path.with_name(path.name + ".new")
    old = load_signer(path)
    new = load_signer(fresh) if fresh.exists() else create_signing_key(fresh)
    with writing(state_dir) as database:
        last = database.execute(LAST_KEY).fetchone()
        if last is None or json.loads(last[0])["key_id"] != new.key_id:
            _introduce(database, old)
            _sign_waiting(database, old)
            entry = _key_entry(database.execute(HEAD).fetchone(), new, supersedes=old.key_id, by=old)
            database.execute(INSERT, entry.row())
            proof = chain((entry.seq, entry.hash), "rotation", None, {}, at_utc=time.time(), signer=new)
            database.execute(INSERT, proof.row())
    superseded = path.with_name(path.name + ".old")
    superseded.unlink(missing_ok=True)
    superseded.hardlink_to(path)
    fresh.replace(path)
    sync_folder(path.parent)
    return new


def _key_entry(head: tuple[int, str] | None, signer: Signer, *, supersedes: str | None, by: Signer) -> Entry:
    content = {"key_id": signer.key_id, "public_key": signer.public_key.hex(), "supersedes": supersedes}
    return chain(head, KEY_KIND, None, content, at_utc=time.time(), signer=by)


def _introduce(database: sqlite3.Connection, signer: Signer) -> None:
    last = database.execute(LAST_KEY).fetchone()
    entry = introduction(database.execute(HEAD).fetchone(), last[0] if last else None, signer)
    if entry is not None:
        database.execute(INSERT, entry.row())


def _sign_waiting(database: sqlite3.Connection, signer: Signer) -> int:
    waiting = database.execute(UNSIGNED).fetchall()
    rows = [(signer.sign(DOMAIN + header), signer.key_id, seq) for seq, header in waiting]
    database.executemany(SIGN, rows)
    return len(rows)
