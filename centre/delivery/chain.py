"""The entries that follow what is known of a unit's chain, checked with the rules of every package's check.

Pure but for the signatures, which libsodium checks: in 0.6 of OpenSSL's time. A key whose point is not of the group of
prime order signs nothing: with one of small order one signature holds for every message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError

from edge.cases.evidence import DOMAIN, Chain, Link, Mismatch, Signature, check_chain, parse_canonical, sha256

SIGNATURE_BYTES, KEY_BYTES = 64, 32


def follow(known: Chain, links: Sequence[Link]) -> Chain:
    """Check that *links* follow *known*, each signed with the key of its time.

    Returns:
        The longer chain: ``headers`` end with those of *links*, and ``hash_of`` has their hashes.

    Raises:
        Mismatch: they do not; ``entry`` says where.
    """
    chain = check_chain(links, known)
    if chain.unsigned:
        raise Mismatch(f"entry {chain.unsigned[0]} is not signed")
    check(chain.signatures)
    return chain


@lru_cache(maxsize=16_384)
def is_key(public_key: bytes) -> bool:
    """Whether *public_key* is one: a point of the group of prime order."""
    return len(public_key) == KEY_BYTES and bool(crypto_core_ed25519_is_valid_point(public_key))


def check(signatures: Iterable[Signature]) -> None:
    """Check each of *signatures*.

    Raises:
        Mismatch: one is wrong.
    """
    for seq, public_key, message, signature in signatures:
        try:
            if len(signature) != SIGNATURE_BYTES or not is_key(public_key):
                raise BadSignatureError
            crypto_sign_open(signature + message, public_key)
        except BadSignatureError:
            error = Mismatch(f"the signature of entry {seq} is wrong: it was altered or made with another key")
            error.entry = seq
            raise error from None


def is_signed(link: Link, keys: Mapping[str, bytes]) -> bool:
    """Whether *link* carries a signature of one of the unit's *keys*."""
    public_key = keys.get(link.key_id or "")
    if public_key is None or link.signature is None:
        return False
    try:
        check([Signature(0, public_key, DOMAIN + link.header, link.signature)])
        return link.body is None or parse_canonical(link.header, "the entry")["body"] == sha256(link.body)
    except (Mismatch, KeyError):
        return False
