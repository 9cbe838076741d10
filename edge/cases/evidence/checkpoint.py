"""Checkpoints: what the unit signs as the head of its chain, for somebody outside who remembers it.

A checkpoint is canonical JSON: ``at`` (seconds since the epoch), ``format``, ``hash`` and ``seq`` of the newest entry,
``key_id``, ``unit`` (serial number), ``root`` (of the Merkle tree over all entries up to that one; not in checkpoints
of format 1), and ``signature``: Ed25519 over :data:`CHECKPOINT_DOMAIN` and the same object without it.
:func:`edge.cases.evidence.verify.read_checkpoint` reads it.
"""

from __future__ import annotations

from edge.cases.evidence.chain import Signs, canonical
from edge.cases.evidence.verify import CHECKPOINT_DOMAIN, CHECKPOINT_FORMAT


def sign_checkpoint(signer: Signs, unit: str, seq: int, digest: str, root: str, *, at_utc: float) -> bytes:
    """The checkpoint of the *unit* whose newest entry is number *seq* with the hash *digest*, as a file holds it.

    *root* is that of the tree over its entries, in hex.
    """
    content = {
        "at": at_utc,
        "format": CHECKPOINT_FORMAT,
        "hash": digest,
        "key_id": signer.key_id,
        "root": root,
        "seq": seq,
        "unit": unit,
    }
    signature = signer.sign(CHECKPOINT_DOMAIN + canonical(content)).hex()
    return canonical({**content, "signature": signature}) + b"\n"
