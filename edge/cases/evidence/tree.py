"""The Merkle tree over the entries of a chain, hashed as RFC 6962 (section 2.1) says: pure.

A leaf is the hash of ``0x00`` and an entry's header, an inner node that of ``0x01`` and its two children. A *tile* is a
whole subtree of :data:`TILE` leaves. Its root stands for it: the tree of all entries is that of its tiles' roots, with
the entries after the last whole tile as one more. So whoever keeps the tiles' roots needs to read no more than one tile
for a root, and two for a proof.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

TILE = 256
"""Leaves of a tile; a power of two, so that tiles are subtrees."""


def leaf_hash(header: bytes) -> bytes:
    """The leaf of an entry with that *header*, 32 bytes."""
    return hashlib.sha256(b"\0" + header).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The inner node above *left* and *right*, 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over *hashes*, which are leaves, or roots of whole subtrees of one size (the last may be smaller)."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    middle = _middle(len(hashes))
    return node_hash(root_of(hashes[:middle]), root_of(hashes[middle:]))


def path_of(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """The inclusion proof of ``hashes[index]`` in their tree: the siblings on its way to the root, lowest first."""
    if len(hashes) == 1:
        return []
    middle = _middle(len(hashes))
    if index < middle:
        return [*path_of(index, hashes[:middle]), root_of(hashes[middle:])]
    return [*path_of(index - middle, hashes[middle:]), root_of(hashes[:middle])]


def _middle(count: int) -> int:
    """The largest power of two below *count*: how many hashes are in the left half."""
    return 1 << (count - 1).bit_length() - 1
