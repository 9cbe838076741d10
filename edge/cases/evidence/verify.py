#!/usr/bin/env python3
"""Check an Autovelox evidence package. Needs Python 3.9 or newer and PyCryptodome, nothing else.

    python3 -I verify.py EXPORT.zip [--key public-key.pem] [--authority authority.json] [--report REPORT.pdf]
                         [--opener opener.json] [--checkpoint FILE] [--lang it]

A copy of this file is in every package; take one from a source you trust if you do not trust the package.
Longer than 300 lines because the whole check can be read and run from this one file: it shares no code with the unit.

The steps, in this order:

 1. Container: every byte of the file is where a unit puts it. Names come from a closed pattern, each once, in order.
 2. Chain: entries are numbered from 1 and written canonically; each holds the hash of the one before; case numbers have
    no gap; nothing is said of a case before it was filed; time runs backwards only where a `clock` entry says so. What
    two officers decide was asked for by one account and agreed to in time by another before it was done. A judgement
    is withdrawn once, by an entry about the same case.
 3. Keys, of the group of prime order: the first signs its own entry, every later one is introduced by the key before
    it, and from then on the earlier key signs nothing. No entry is unsigned.
 4. Signatures (Ed25519), every one of them.
 5. Trust: the key you named is one of the chain's. Without ``--key`` the package is only shown to agree with itself.
 6. Export: the newest entry is the signed export; it names every file of the package with its hash, and all contents
    of entries that must be there are there, and no others.
 7. Cases: manifest, photos and portrait are those that the signed verdict names; and where the driver's chip signed
    its answer (protocol version 2), that signature (RSASSA-PSS) is right under the key that the case names. With
    ``--authority`` each named driver's chip must have signed, with a key that the authority certified for that licence.
    With ``--opener`` whoever is named was named by the opening service of the centre: it signed verdict, driver and
    packet, for this case of this unit.
 8. Checkpoint (``--checkpoint``): the chain still holds the entry that the unit's signed checkpoint names.
 9. Report (``--report``): the printed report is one that the chain names.

That is a package with the whole chain (format 2). One of format 3 has the entries that matter for its cases alone, each
with a proof (RFC 6962) that it is in the tree over all entries, whose root the unit signed. Then step 2 is: the proofs
lead to that root, the newest entry is the tree's last, and the entries are those that the signed export names. That no
case number is left out of the chain is not proved by it.

A package of format 1 goes through the same steps as far as its format allows, and the result says what is not proved.

Exit code 0: everything holds, and what was proved is printed. 1: it does not, and one sentence says why. 2: the check
could not be made: wrong usage, a file that cannot be read, or a key file that holds no key.
"""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # the folder of this file may be an unpacked package: nothing in it may pass for a library

import argparse
import base64
import functools
import hashlib
import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

DOMAIN = b"autovelox-entry-1\n"
CHIP_DOMAIN = "autovelox packet 2"
CERTIFICATE_DOMAIN = "autovelox chip 2"
AUTHORITY_FORMAT = "autovelox-authority/2"
ED25519_ORDER = (1 << 252) + 27742317777372353535851937790883648493
ED25519_BASE = b"\x58" + 31 * b"\x66"
ED25519_NEUTRAL = b"\x01" + 31 * b"\x00"
"""Order, generator and neutral element of the group of prime order (RFC 8032, section 5.1), points as keys are."""
SIGNED_OCTETS = ("sealed_uid", "payload", "signature", "verify_key")
OPENER_FORMAT = "autovelox-opener/1"
OPENING_DOMAIN, OPENING_FORMAT = b"autovelox-opening-statement-1\n", "autovelox-opening/1"
CHECKPOINT_DOMAIN = b"autovelox-checkpoint-1\n"
AGREEMENTS = {
    "agrees": "are consistent with the radar",
    "contradicts": "contradict the radar",
    "other_fits": "another vehicle fits the radar better",
    "tells_nothing": "tell nothing of the speed",
}
DOUBTING = ("contradicts", "other_fits")
KMH, MPH = "km/h", "mph"
KM_OF_A_MILE = Fraction("1.609344")
NO_HASH = "0" * 64
SEAL_1, SEAL = b"autovelox-sha256:", b"autovelox-2-sha256:"
SEAL_HEX = 64
CHAIN_NAME = "chain.jsonl"
INFO_NAME = "export.json"
PACKAGE_FORMAT, PROVED_FORMAT = "autovelox-export/2", "autovelox-export/3"
"""A package with the whole chain, and one with proofs."""
CASE_FORMAT_1, CHECKPOINT_FORMAT_1, CHECKPOINT_FORMAT = (
    "autovelox-case/1",
    "autovelox-checkpoint/1",
    "autovelox-checkpoint/2",
)
PAPERS = {"README.txt", "export.json", "public-key.pem", "verify.py"}
MEMBER_NAME = re.compile(
    r"cases/[0-9]{8}/((redacted-)?[0-9]{1,4}\.jpg|manifest\.json|overlay\.jpg|portrait|report\.pdf)"
    r"|README\.txt|export\.json|public-key\.pem|verify\.py|chain\.jsonl"
)
LARGEST_MEMBER = 1 << 28
LARGEST_INTEGER = (1 << 53) - 1
BLOCK = 1 << 20
HEADER_KEYS = {"at", "body", "case", "kind", "previous", "seq"}
LINE_KEYS = {"header", "body", "signature", "key_id"}
CHECKPOINT_KEYS = {"at", "format", "hash", "key_id", "root", "seq", "signature", "unit"}
CHECKPOINT_KEYS_1 = CHECKPOINT_KEYS - {"root"}
HASH_HEX = re.compile("[0-9a-f]{64}")
JUDGEMENTS = {"confirm", "confirm_vehicle", "set_name_aside", "dismiss", "correct_plate"}
REVIEWS = JUDGEMENTS | {"withdraw", "hold", "release", "keeper_asked", "driver_named_by_keeper", "closed"}
UNITS_OWN = {"list", "search", "request", "agree", "refuse", "trust_clock"}
"""Entries whose contents stay on the unit where they are about no case: what officers did that concerns others."""
ANSWERED = {"request", "agree", "refuse"}
NEEDS_AGREEMENT = {
    "confirm": "confirm",
    "confirm_vehicle": "confirm_vehicle",
    "set_name_aside": "set_name_aside",
    "dismiss": "dismiss",
    "correct_plate": "correct_plate",
    "withdraw": "withdraw",
    "purge": "purge",
    "view": "claims",
    "trust_clock": "trust_clock",
    "rotation": "rotate_key",
}
"""Kinds of entries that may name the `request` they fulfil, and the action that must have been asked for."""
LOCAL, CENTRAL, END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
ZIP_VERSION, ZIP_MADE_BY, ZIP_DATE, ZIP_ATTRIBUTES = 20, 3 << 8 | 20, 1 << 5 | 1, 0o600 << 16
"""Constant fields of a package's ZIP headers: stored, Unix, 1 January 1980, mode 0600."""
FORMAT_1_LIMITS = (
    "It is a package of format 1, which cannot prove that no entry is missing at its end,"
    " nor that the unit made its reports, overlays and papers"
)


REDACTED = (
    "The package is redacted: its photos are copies that the unit made to show the vehicle of the case alone, and the"
    " originals, whose SHA-256 the manifest holds, are with the authority"
)
FELL = "an officer read another plate than the one the driver's chip claimed, and this name no longer follows"


class Mismatch(Exception):
    """A check failed; the message is one sentence for the reader. ``entry`` is the entry that failed, if one did."""

    entry: int | None = None


class NotProved(Exception):
    """The package holds no proof of what was asked; the message is one sentence for the reader."""


class KeyFileError(Exception):
    """A file that should hold a public key holds none."""


class Link(NamedTuple):
    """An entry as it was stored: ``body`` is None where it was purged or is not part of the package."""

    header: bytes
    body: bytes | None
    signature: bytes | None
    key_id: str | None


class Signature(NamedTuple):
    """A signature that has not been checked yet."""

    seq: int
    public_key: bytes
    message: bytes
    signature: bytes


class Checkpoint(NamedTuple):
    """What a unit signed as the head of its chain: entry number, hash, and the time in seconds since the epoch.

    ``root`` is that of the tree over all entries up to this one; empty in a checkpoint of format 1.
    """

    seq: int
    hash: str
    at: float
    unit: str
    key_id: str
    message: bytes
    signature: bytes
    root: str = ""


@dataclass
class Chain:
    """What the entries of a chain say, after their hashes and keys were checked.

    Of a package with proofs it has the entries that are there; ``entries`` counts all of the tree. ``leaves`` are the
    leaves of the tree over the entries, of a whole chain. ``backwards``: entries that are earlier than the one before,
    and that no ``clock`` entry explains. Cases up to number ``earlier_cases`` were filed in entries that were checked
    before, and need not be in ``filed``. ``requests`` are the cases and contents of requests by entry number,
    ``answers`` the kind of entry that answered each. ``withdrawn`` are the entries of judgements that were withdrawn.
    """

    entries: int = 0
    head: str = NO_HASH
    headers: list[dict[str, Any]] = field(default_factory=list)
    by_seq: dict[int, dict[str, Any]] = field(default_factory=dict)
    hash_of: dict[int, str] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)
    filed: set[int] = field(default_factory=set)
    decided: dict[int, int] = field(default_factory=dict)
    purged: set[int] = field(default_factory=set)
    exports: set[tuple[int, int]] = field(default_factory=set)
    unsigned: list[int] = field(default_factory=list)
    backwards: set[int] = field(default_factory=set)
    keys: dict[str, bytes] = field(default_factory=dict)
    first_key: str = ""
    current_key: str = ""
    last_signed_by: dict[str, int] = field(default_factory=dict)
    requests: dict[int, tuple[Any, dict[str, Any] | None]] = field(default_factory=dict)
    answers: dict[int, str] = field(default_factory=dict)
    withdrawn: set[int] = field(default_factory=set)
    signatures: list[Signature] = field(default_factory=list)
    earlier_cases: int = 0


class Trust(NamedTuple):
    """What a package is held against, as far as it is given.

    ``key`` is the unit's public key, ``authority`` that of the authority that certifies chips, ``opener`` that of the
    centre's opening service, 32 bytes each.
    """

    key: bytes | None = None
    checkpoint: Checkpoint | None = None
    authority: bytes | None = None
    opener: bytes | None = None


@dataclass
class Verified:
    """What was proved of a package; ``facts`` are lines for a person, ``reports`` the SHA-256 of chained reports."""

    sentence: str
    facts: list[str]
    reports: dict[str, str]


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def canonical(value: Any) -> bytes:
    """*value* as canonical JSON (RFC 8785).

    Raises:
        ValueError: a number is not finite or not exact, or a text is no Unicode.
    """
    return _json(value).encode("utf-8")


def _json(value: Any) -> str:
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(_json(name) + ":" + _json(item) for name, item in pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ValueError("an integer beyond 2^53 is not exact everywhere")
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """A float as ECMAScript writes it: the shortest digits that give the same number again."""
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    if not isinstance(exponent, int):
        raise ValueError("a number is not finite")
    text = "".join(map(str, digits)).rstrip("0")
    point = exponent + len(digits)
    if not text:
        return "0"
    minus = "-" if sign else ""
    if 0 < point <= 21:
        whole, rest = text[:point].ljust(point, "0"), text[point:]
        return minus + whole + ("." + rest if rest else "")
    if -6 < point <= 0:
        return minus + "0." + "0" * -point + text
    mantissa = text[0] + ("." + text[1:] if text[1:] else "")
    return f"{minus}{mantissa}e{point - 1:+d}"


def parse_canonical(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in *data*, which must be written canonically.

    Until format 2 units wrote numbers as Python does (``60.0``, not ``60``): both ways count, a hash covers either.
    """
    try:
        value = json.loads(data)
        if not isinstance(value, dict) or (data != _python_json(value) and data != canonical(value)):
            raise ValueError
    except (ValueError, RecursionError):
        raise Mismatch(f"{what} is not canonical JSON: it was altered") from None
    return value


def _python_json(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


# Steps 2 and 3: the chain and its keys.


def check_chain(links: Iterable[Link], known: Chain | None = None) -> Chain:
    """Check hashes, order, numbering and keys from the first entry on. Signatures are collected, not checked.

    *known* is what earlier entries said: then *links* are those that follow them, and *known* is added to.
    """
    chain = Chain() if known is None else known
    early: list[tuple[int, Link]] = []  # signed before the chain names its first key
    for seq, link in enumerate(links, chain.entries + 1):
        try:
            _add_link(chain, seq, link, early)
        except Mismatch as error:
            error.entry = seq
            raise
    for seq, link in early:
        if link.key_id != chain.first_key:
            raise Mismatch(f"entry {seq} is signed with a key that was never introduced")
        _collect(chain, seq, link)
    missing = set(range(chain.earlier_cases + 1, max(chain.filed, default=0) + 1)) - chain.filed
    if missing:
        raise Mismatch(f"case {min(missing)} is missing: the numbers of cases have a gap")
    return chain


def _add_link(chain: Chain, seq: int, link: Link, early: list[tuple[int, Link]]) -> None:
    header = _read_header(link, seq)
    if header["seq"] != seq:
        raise Mismatch(f"entry {seq} of the chain is missing or out of order")
    if header["previous"] != chain.head:
        raise Mismatch(f"entry {seq} does not follow from entry {seq - 1}: one of them was altered or removed")
    kind = header["kind"]
    _check_body(seq, link, header)
    if kind == "key":
        _add_key(chain, seq, link)
    elif link.signature is None:
        chain.unsigned.append(seq)
    elif not chain.current_key:
        early.append((seq, link))
    else:
        _check_key(chain, seq, link)
    _check_time(chain, seq, header, link.body)
    _check_agreement(chain, seq, header, link.body)
    _check_withdrawal(chain, seq, header, link.body)
    _count(chain, seq, kind, header["case"])
    _enter(chain, seq, link, header)
    chain.leaves.append(_hashed(b"\0", link.header))


def _read_header(link: Link, seq: int) -> dict[str, Any]:
    header = parse_canonical(link.header, f"entry {seq} of the chain")
    if set(header) != HEADER_KEYS or type(header["seq"]) is not int:
        raise Mismatch(f"entry {seq} of the chain is missing or out of order")
    case, kind = header["case"], header["kind"]
    if not (case is None or type(case) is int) or not isinstance(kind, str) or type(header["at"]) not in (int, float):
        raise Mismatch(f"entry {seq} of the chain is not one that a unit writes")
    return header


def _check_body(seq: int, link: Link, header: dict[str, Any]) -> None:
    kind = header["kind"]
    if link.body is not None and sha256(link.body) != header["body"]:
        raise Mismatch(f"the content of entry {seq} ({kind}) was altered")
    if (link.signature is None) != (link.key_id is None):
        raise Mismatch(f"entry {seq} has half a signature")


def _check_key(chain: Chain, seq: int, link: Link) -> None:
    """The entry must be signed with the key of its time."""
    if link.key_id == chain.current_key:
        _collect(chain, seq, link)
    elif link.key_id in chain.keys:
        raise Mismatch(f"entry {seq} is signed with key {link.key_id}, which signs nothing since it was superseded")
    else:
        raise Mismatch(f"entry {seq} is signed with a key that was never introduced")


def _enter(chain: Chain, seq: int, link: Link, header: dict[str, Any]) -> None:
    chain.entries, chain.head = seq, sha256(link.header)
    chain.headers.append(header)
    chain.by_seq[seq], chain.hash_of[seq] = header, chain.head


def _add_key(chain: Chain, seq: int, link: Link) -> None:
    if link.body is None:
        raise Mismatch(f"entry {seq} should introduce a key and is empty")
    content = parse_canonical(link.body, f"the key of entry {seq}")
    try:
        public_key = bytes.fromhex(content["public_key"])
    except (KeyError, TypeError, ValueError):
        raise Mismatch(f"the key of entry {seq} cannot be read") from None
    key_id = sha256(public_key)[:16]
    if not _is_key(public_key) or content["public_key"] != public_key.hex() or key_id in chain.keys:
        raise Mismatch(f"the key of entry {seq} is none that a unit introduces")
    if link.signature is None:
        raise Mismatch(f"entry {seq} introduces a key and nobody signed it")
    if content.get("key_id") != key_id or link.key_id != (chain.current_key or key_id):
        raise Mismatch(f"the key of entry {seq} was not introduced by the key before it")
    chain.keys[key_id] = public_key
    _collect(chain, seq, link)  # signed with the key that it supersedes, or with itself if it is the first
    chain.current_key, chain.first_key = key_id, chain.first_key or key_id


def _collect(chain: Chain, seq: int, link: Link) -> None:
    assert link.signature is not None and link.key_id is not None
    chain.signatures.append(Signature(seq, chain.keys[link.key_id], DOMAIN + link.header, link.signature))
    chain.last_signed_by[link.key_id] = max(seq, chain.last_signed_by.get(link.key_id, 0))


def _is_key(public_key: bytes) -> bool:
    """Whether it is one with which anything can be signed; nobody writes later entries with another."""
    try:
        ed25519(public_key)
    except ValueError:
        return False
    return True


def _check_time(chain: Chain, seq: int, header: dict[str, Any], body: bytes | None) -> None:
    if header["kind"] == "clock":
        told = parse_canonical(body, f"the clock entry {seq}").get("backwards") if body is not None else None
        chain.backwards.difference_update(told if isinstance(told, list) else ())
    elif chain.headers and header["at"] < chain.headers[-1]["at"]:
        chain.backwards.add(seq)


def _check_agreement(chain: Chain, seq: int, header: dict[str, Any], body: bytes | None) -> None:
    """Check what two officers decide: a request, its answer, or what was done because of it.

    A request whose content is not there (purged, the unit's own, of an earlier delivery) is held against nothing.
    """
    kind = header["kind"]
    is_done = kind in NEEDS_AGREEMENT and body is not None and (b'"request":' in body or b'"second":' in body)
    if kind not in ANSWERED and not is_done:
        return
    content = parse_canonical(body, f"the content of entry {seq}") if body is not None else None
    if kind == "request":
        chain.requests[seq] = (header["case"], content)
        return
    if content is None or (kind not in ANSWERED and not content.keys() & {"request", "second"}):
        return
    number = content.get("request")
    if type(number) is not int or (number not in chain.requests and (number in chain.by_seq or not 0 < number < seq)):
        raise Mismatch(f"entry {seq} ({kind}) names a request that is none")
    about, asked = chain.requests.get(number, (None, None))
    if asked is None:
        return
    try:
        if kind in ANSWERED:
            if number in chain.answers or header["case"] != about:
                raise Mismatch(f"entry {seq} answers request {number}, which is answered or about another case")
            same = content["uid"] == asked["uid"] or content["account"] == asked["account"]
            if kind == "agree" and (same or header["at"] > asked["until_utc"]):
                raise Mismatch(f"request {number} was agreed to by who asked, or too late")
            chain.answers[number] = kind
            return
        if chain.answers.get(number) != "agree" or asked["action"] != NEEDS_AGREEMENT[kind]:
            raise Mismatch(f"entry {seq} ({kind}) was done without a second officer")
        is_asked = header["case"] is None or header["case"] in asked["cases"]
        if not is_asked or any(content.get(name) != asked.get(name) for name in ("plate", "judgement")):
            raise Mismatch(f"entry {seq} ({kind}) is not what request {number} asked for")
    except (KeyError, TypeError):
        raise Mismatch(f"entry {seq} ({kind}) is not one that a unit writes") from None


def _check_withdrawal(chain: Chain, seq: int, header: dict[str, Any], body: bytes | None) -> None:
    """Check that what is withdrawn is a judgement of the same case, and that it still counts.

    One whose entry is not there (of an earlier delivery) is held against nothing but its number.
    """
    if header["kind"] != "withdraw" or body is None:
        return
    number = parse_canonical(body, f"the content of entry {seq}").get("judgement")
    if type(number) is not int or not 0 < number < seq:
        raise Mismatch(f"entry {seq} (withdraw) names no entry before it")
    named = chain.by_seq.get(number)
    if named is not None and (named["kind"] not in JUDGEMENTS or named["case"] != header["case"]):
        raise Mismatch(f"entry {seq} (withdraw) names a judgement that is none of its case")
    if number in chain.withdrawn:
        raise Mismatch(f"entry {seq} (withdraw) names a judgement that was withdrawn before")
    chain.withdrawn.add(number)


def _count(chain: Chain, seq: int, kind: str, case: Any) -> None:
    if kind == "filed":
        if case is None:
            raise Mismatch(f"entry {seq} files no case")
        if case in chain.filed or case <= chain.earlier_cases:
            raise Mismatch(f"case {case} was filed twice")
    elif case is not None and case > chain.earlier_cases and case not in chain.filed:
        raise Mismatch(f"case {case} was never filed, and entry {seq} speaks of it")
    _note(chain, seq, kind, case)


def _note(chain: Chain, seq: int, kind: str, case: Any) -> None:
    """Keep what an entry says of its case."""
    if kind == "filed":
        chain.filed.add(case)
    elif kind == "decided":
        if case in chain.decided:
            raise Mismatch(f"case {case} was decided twice")
        chain.decided[case] = seq
    elif kind == "purge":
        chain.purged.add(case)
    elif kind == "export":
        chain.exports.add((case, seq))


# Step 2 of a package of format 3: entries with proofs.


def check_proved(lines: Sequence[tuple[Link, list[str]]], checkpoint: Checkpoint) -> Chain:
    """Check entries that have proofs against the *checkpoint* that is in the package with them, and their keys.

    All of a chain's keys are among them, so the key of each one's time is known. Signatures are collected, not checked.
    """
    chain = Chain()
    for link, proof in lines:
        header = _read_header(link, chain.entries + 1)
        seq = header["seq"]
        if seq <= chain.entries or seq > checkpoint.seq:
            raise Mismatch(f"entry {seq} of the package is out of order")
        if chain.by_seq.get(seq - 1) is not None and header["previous"] != chain.head:
            raise Mismatch(f"entry {seq} does not follow from entry {seq - 1}: one of them was altered")
        _check_body(seq, link, header)
        if link.signature is None:
            raise Mismatch(f"entry {seq} is not signed")
        if root_of_proof(seq - 1, checkpoint.seq, _hashed(b"\0", link.header), proof) != checkpoint.root:
            raise Mismatch(f"entry {seq} is not in the tree that the unit signed")
        if header["kind"] == "key":
            _add_key(chain, seq, link)
        else:
            _check_key(chain, seq, link)
        _check_agreement(chain, seq, header, link.body)
        _check_withdrawal(chain, seq, header, link.body)
        _note(chain, seq, header["kind"], header["case"])
        _enter(chain, seq, link, header)
    if chain.entries != checkpoint.seq or chain.head != checkpoint.hash:
        raise Mismatch("the newest entry of the package is not the one that the unit signed the tree of")
    if checkpoint.key_id != chain.current_key:
        raise Mismatch("the tree was not signed with the key of its time")
    public_key = chain.keys[checkpoint.key_id]
    chain.signatures.append(Signature(checkpoint.seq, public_key, checkpoint.message, checkpoint.signature))
    return chain


def root_of_proof(index: int, size: int, leaf: bytes, proof: Sequence[str]) -> str:
    """The root (hex) to which *proof* leads from the *leaf* at *index* (from 0) in a tree of *size* (RFC 9162)."""
    found, last = leaf, size - 1
    for sibling in proof:
        if last == 0:
            raise Mismatch(f"the proof of entry {index + 1} is too long")
        other = bytes.fromhex(sibling)
        if index & 1 or index == last:
            found = _hashed(b"\1", other + found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = _hashed(b"\1", found + other)
        index, last = index >> 1, last >> 1
    if last:
        raise Mismatch("the proof of an entry is cut off")
    return found.hex()


def root_of_leaves(leaves: Sequence[bytes]) -> str:
    """The root (hex) of the tree over *leaves* (RFC 6962, 2.1)."""
    whole: list[tuple[int, bytes]] = []  # whole subtrees from the left, with their sizes
    for leaf in leaves:
        size, found = 1, leaf
        while whole and whole[-1][0] == size:
            size, found = 2 * size, _hashed(b"\1", whole.pop()[1] + found)
        whole.append((size, found))
    found = whole.pop()[1] if whole else hashlib.sha256(b"").digest()
    while whole:
        found = _hashed(b"\1", whole.pop()[1] + found)
    return found.hex()


def _hashed(prefix: bytes, data: bytes) -> bytes:
    return hashlib.sha256(prefix + data).digest()


# Steps 4, 5 and 8: signatures, trust, checkpoint.


class Ed25519:
    """Checks signatures of one public key (RFC 8032), as strictly as OpenSSL and libsodium together.

    PyCryptodome alone would take what those refuse: it multiplies both sides of the equation by 8, so that points which
    differ by one of small order are the same to it. Then whoever made a key or signature of that kind could say
    afterwards that it counts, or that it does not. One whose point is the neutral element, which gives the secret
    away, OpenSSL takes and libsodium refuses.
    """

    def __init__(self, public_key: bytes) -> None:
        """Raises ValueError: *public_key* is none, or its point is not of the group of prime order."""
        from Crypto.Signature import eddsa  # where it is used, here and below: who reads the chain checks no signature

        point = eddsa.import_public_key(public_key).pointQ
        if point.is_point_at_infinity() or not (point * ED25519_ORDER).is_point_at_infinity():
            raise ValueError("the key is not of the group of prime order")
        self._public_key, self._minus = public_key, -point
        self._base = eddsa.import_public_key(ED25519_BASE).pointQ

    def verify(self, message: bytes, signature: bytes) -> None:
        """Raises ValueError: *signature* is not one of *message*."""
        first, second = signature[:32], int.from_bytes(signature[32:], "little")
        digest = hashlib.sha512(first + self._public_key + message).digest()
        x, y = (self._base * second + self._minus * (int.from_bytes(digest, "little") % ED25519_ORDER)).xy
        point = (int(y) | (int(x) & 1) << 255).to_bytes(32, "little")
        if len(signature) != 64 or second >= ED25519_ORDER or point != first or first == ED25519_NEUTRAL:
            raise ValueError("the signature is wrong")


@functools.lru_cache(maxsize=256)
def ed25519(public_key: bytes) -> Ed25519:
    """What checks signatures of *public_key*, 32 bytes; raises ValueError as :class:`Ed25519` does."""
    return Ed25519(public_key)


def check_signatures(signatures: Iterable[Signature]) -> None:
    """Check each signature."""
    for seq, public_key, message, signature in signatures:
        try:
            ed25519(public_key).verify(message, signature)
        except ValueError:
            error = Mismatch(f"the signature of entry {seq} is wrong: it was altered or made with another key")
            error.entry = seq
            raise error from None


def check_trust(chain: Chain, trusted: bytes, cases: Iterable[int]) -> None:
    """Check that *trusted* (32 bytes, the authority's key) vouches for the cases' verdicts.

    A key vouches for what comes after it, which it or its successors signed, and for what came before through the
    hashes in the entries that it signed. Only of the newest key is it unknown whether it signed anything.
    """
    key_id = sha256(trusted)[:16]
    if chain.keys.get(key_id) != trusted:
        raise Mismatch(f"this chain was not signed with the key you trust ({key_id})")
    for number in cases:
        if key_id == chain.current_key and chain.last_signed_by.get(key_id, 0) < chain.decided.get(number, 0):
            raise Mismatch(f"the key you trust ({key_id}) does not vouch for case {number}")


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in the file at *path*; its signature is not checked yet.

    Raises:
        KeyFileError: it is no checkpoint.
        OSError: the file cannot be read.
    """
    return parse_checkpoint(path.read_bytes(), str(path))


def parse_checkpoint(data: bytes, what: str) -> Checkpoint:
    """The checkpoint in *data*, the content of a file; *what* names it. Its signature is not checked yet.

    Raises:
        KeyFileError: it is no checkpoint.
    """
    try:
        content = parse_canonical(data.rstrip(b"\n"), "the checkpoint")
        keys = CHECKPOINT_KEYS if content.get("format") == CHECKPOINT_FORMAT else CHECKPOINT_KEYS_1
        if set(content) != keys or content["format"] not in (CHECKPOINT_FORMAT, CHECKPOINT_FORMAT_1):
            raise ValueError
        signature, root = bytes.fromhex(content["signature"]), str(content.get("root", ""))
        message = CHECKPOINT_DOMAIN + canonical({name: content[name] for name in keys - {"signature"}})
        at, seq, unit = float(content["at"]), int(content["seq"]), str(content["unit"])
        return Checkpoint(seq, str(content["hash"]), at, unit, content["key_id"], message, signature, root)
    except (Mismatch, ValueError, TypeError):
        raise KeyFileError(f"{what} is no checkpoint of a unit") from None


def check_checkpoint(chain: Chain, checkpoint: Checkpoint) -> None:
    """Check that the *checkpoint* was signed with a key of the chain, and that the chain holds its entry.

    The hash of an entry stands for all entries before it, so a chain that holds it holds them, and their tree.

    Raises:
        NotProved: the chain is that of a package with proofs, and has none for that entry.
    """
    public_key = chain.keys.get(checkpoint.key_id)
    if public_key is None:
        raise Mismatch(f"the checkpoint was signed with key {checkpoint.key_id}, which is none of this chain")
    try:
        check_signatures([Signature(0, public_key, checkpoint.message, checkpoint.signature)])
    except Mismatch:
        raise Mismatch("the checkpoint's own signature is wrong") from None
    if chain.entries < checkpoint.seq:
        raise Mismatch(
            f"the chain has {chain.entries} entries and the checkpoint {checkpoint.seq}: its end was cut off,"
            " or the package is older than the checkpoint"
        )
    if checkpoint.seq >= 1 and checkpoint.seq not in chain.hash_of:
        raise NotProved(
            f"the package has no proof of entry {checkpoint.seq}, which the checkpoint names: have it exported for this"
            " checkpoint, or with the whole chain"
        )
    if chain.hash_of.get(checkpoint.seq) != checkpoint.hash:
        raise Mismatch(f"entry {checkpoint.seq} is not the one of the checkpoint: the chain was rewritten")
    whole = len(chain.leaves) == chain.entries
    if checkpoint.root and whole and root_of_leaves(chain.leaves[: checkpoint.seq]) != checkpoint.root:
        raise Mismatch(f"the tree up to entry {checkpoint.seq} is not the one of the checkpoint")


# Step 1: the container.


class Package:
    """The members of a package, by name: where their bytes begin, how many there are, and their SHA-256.

    A unit stores members without compression, in the order of their names, the chain last, with headers that follow
    from name, size and CRC-32 alone. So the whole file follows from the members, and is compared with that.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        """Read *file* of *size* bytes from its beginning to its end.

        Raises:
            Mismatch: a byte is not where a unit puts it.
        """
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        self.hashes: dict[str, str] = {}
        directory, offset = bytearray(), 0
        while (head := self._take(offset, LOCAL.size))[:4] == b"PK\3\4":
            directory += self._add_member(offset, head)
            offset = sum(self._places[next(reversed(self._places))])
        count = len(self._places)
        end = END.pack(b"PK\5\6", 0, 0, count, count, len(directory), offset, len(SEAL) + SEAL_HEX) + SEAL
        wanted = bytes(directory) + end
        if self._take(offset, len(wanted)) != wanted or offset + len(wanted) + SEAL_HEX != size:
            raise Mismatch("the package holds bytes that belong to no file of it")
        names = list(self._places)
        if names != [*sorted(set(names) - {CHAIN_NAME}), CHAIN_NAME]:
            raise Mismatch("the package holds a file twice or out of order, or has no chain")

    def _take(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def _add_member(self, offset: int, head: bytes) -> bytes:
        """Check the member whose local header *head* begins at *offset*; returns its entry of the directory."""
        fields = LOCAL.unpack(head) if len(head) == LOCAL.size else (b"",) * 11
        crc, size, length = fields[6], fields[8], fields[9]
        name = self._take(offset + LOCAL.size, length).decode("ascii", "replace") if isinstance(length, int) else ""
        if not MEMBER_NAME.fullmatch(name) or name in self._places:
            raise Mismatch("the package holds a file twice, or one of a name that no unit gives")
        if size > LARGEST_MEMBER:
            raise Mismatch(f"{name} is larger than anything the unit makes")
        common = (0, 0, 0, ZIP_DATE, crc, size, size, length, 0)
        if head != LOCAL.pack(b"PK\3\4", ZIP_VERSION, *common):
            raise Mismatch(f"{name} is not stored as a unit stores it")
        start, left, found, digest = offset + LOCAL.size + length, size, 0, hashlib.sha256()
        self._file.seek(start)
        while left:
            block = self._file.read(min(BLOCK, left))
            if not block:
                raise Mismatch(f"{name} is cut off")
            found, left = zlib.crc32(block, found), left - len(block)
            digest.update(block)
        if found != crc:
            raise Mismatch(f"{name} was changed after it was written")
        self._places[name], self.hashes[name] = (start, size), digest.hexdigest()
        entry = CENTRAL.pack(b"PK\1\2", ZIP_MADE_BY, ZIP_VERSION, *common, 0, 0, 0, ZIP_ATTRIBUTES, offset)
        return entry + name.encode("ascii")

    def read(self, name: str) -> bytes:
        """The bytes of a member."""
        if name not in self._places:
            raise Mismatch(f"{name} is missing from the package")
        return self._take(*self._places[name])


class PackageOfFormat1:
    """The members of a package of format 1, an ordinary ZIP file."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names = [info.filename for info in archive.infolist()]
        if len(set(self.names)) != len(self.names):
            raise Mismatch("the package holds a file twice")

    def read(self, name: str) -> bytes:
        """The bytes of a member."""
        try:
            if self._archive.getinfo(name).file_size > LARGEST_MEMBER:
                raise Mismatch(f"{name} is larger than anything the unit makes")
            return self._archive.read(name)
        except KeyError:
            raise Mismatch(f"{name} is missing from the package") from None
        except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError):
            raise Mismatch(f"{name} cannot be unpacked") from None


def read_seal(file: BinaryIO, size: int) -> int:
    """Check the SHA-256 at the end of the package; returns the format that its mark names."""
    left = size - SEAL_HEX
    if left < len(SEAL):
        raise Mismatch("the file is too short to be a package: it was cut off")
    digest, mark = hashlib.sha256(), b""
    file.seek(0)
    while left:
        block = file.read(min(BLOCK, left))
        if not block:
            raise Mismatch("the file got shorter while it was read")
        digest.update(block)
        mark = (mark + block)[-len(SEAL) :]
        left -= len(block)
    if file.read() == digest.hexdigest().encode("ascii"):
        if mark == SEAL:
            return 2
        if mark.endswith(SEAL_1):
            return 1
    raise Mismatch("the package was changed or cut off after it was written")


def read_links(data: bytes) -> Iterator[Link]:
    """The entries in the lines of a package's chain."""
    for link, _ in _read_lines(_lines_of(data), LINE_KEYS):
        yield link


def read_proved(data: bytes) -> tuple[list[tuple[Link, list[str]]], Checkpoint]:
    """The entries with their proofs in the lines of a package's chain, and the checkpoint in its last line."""
    *lines, last = _lines_of(data)
    try:
        checkpoint = parse_checkpoint(last, f"the last line of {CHAIN_NAME}")
    except KeyFileError:
        raise Mismatch(f"the last line of {CHAIN_NAME} is no checkpoint") from None
    if not checkpoint.root:
        raise Mismatch(f"the checkpoint in {CHAIN_NAME} names no tree")
    return list(_read_lines(lines, LINE_KEYS | {"proof"})), checkpoint


def _lines_of(data: bytes) -> list[bytes]:
    if not data.endswith(b"\n"):
        raise Mismatch(f"the last line of {CHAIN_NAME} is cut off")
    return data[:-1].split(b"\n")


def _read_lines(lines: Iterable[bytes], keys: set[str]) -> Iterator[tuple[Link, list[str]]]:
    for number, line in enumerate(lines, 1):
        record = parse_canonical(line, f"line {number} of {CHAIN_NAME}")
        try:
            signature = bytes.fromhex(record["signature"]) if "signature" in record else None
            proof = record.get("proof", [])
            if not set(record) <= keys or (signature is not None and signature.hex() != record["signature"]):
                raise ValueError
            if not all(HASH_HEX.fullmatch(each) for each in proof) or ("proof" in record) != ("proof" in keys):
                raise ValueError
            link = Link(
                record["header"].encode("utf-8"),
                record["body"].encode("utf-8") if "body" in record else None,
                signature,
                record.get("key_id"),
            )
            yield link, proof
        except (KeyError, AttributeError, TypeError, ValueError):
            raise Mismatch(f"line {number} of {CHAIN_NAME} is no entry") from None


# Steps 6 and 7: the export and its cases.


def has_content(kind: str, case: int | None, cases: Iterable[int]) -> bool:
    """Whether an entry has its content in a package of *cases*: it is about one of them, or about none.

    What a unit files and decides is a member of its own; what officers did that concerns no case stays on the unit.
    """
    if case is None:
        return kind not in UNITS_OWN
    return case in cases and kind not in ("filed", "decided")


def check_contents(chain: Chain, links: Sequence[Link], cases: Iterable[int]) -> None:
    """Check that the entries that have their content in a package of *cases* have it, and that no others have."""
    wanted = set(cases)
    for seq, (header, link) in enumerate(zip(chain.headers, links), 1):  # noqa: B905 - Python 3.9 has no strict
        due = has_content(header["kind"], header["case"], wanted)
        if due and link.body is None:
            raise Mismatch(f"the content of entry {seq} ({header['kind']}) is missing from the package")
        if not due and link.body is not None:
            raise Mismatch(f"the content of entry {seq} ({header['kind']}) has no business in the package")


def case_files(manifest: dict[str, Any], folder: str) -> dict[str, str]:
    """The files that a manifest names, by name in the package, with the SHA-256 that they must have."""
    files = {folder + photo["file"].rpartition("/")[2]: photo["sha256"] for photo in manifest["frames"]}
    if manifest.get("driver") and manifest["driver"]["portrait_sha256"]:
        files[folder + "portrait"] = manifest["driver"]["portrait_sha256"]
    return files


def redacted_files(manifest: dict[str, Any], folder: str, members: dict[str, str]) -> dict[str, str]:
    """The files of a case in a redacted package: a copy of each photo, by the export's own word, and no original."""
    names = [f"{folder}redacted-{index}.jpg" for index in range(len(manifest["frames"]))]
    for name in names:
        if name not in members:
            raise Mismatch(f"{name} is missing from the package")
    return {name: members[name] for name in names}


def read_manifest(data: bytes, number: int, digest: str) -> dict[str, Any]:
    """The manifest of case *number*, which must have the SHA-256 *digest* of the chain's entry."""
    if sha256(data) != digest:
        raise Mismatch(f"the manifest of case {number} is not the one in the chain")
    manifest = parse_canonical(data, f"the manifest of case {number}")
    if manifest["number"] != number:
        raise Mismatch(f"the manifest of case {number} is about another case")
    return manifest


def _check_format_2(package: Package, trust: Trust) -> Verified:
    links = list(read_links(package.read(CHAIN_NAME)))
    chain = check_chain(links)
    if chain.unsigned:
        raise Mismatch(f"entry {chain.unsigned[0]} is not signed")
    if not chain.keys or chain.headers[0]["kind"] != "key":
        raise Mismatch("the first entry of the chain introduces no key")
    if chain.backwards:
        raise Mismatch(f"entry {min(chain.backwards)} is earlier than the one before, and no clock entry says why")
    export = _check_export(package, chain, links, PACKAGE_FORMAT)
    return _check_cases(package, chain, links, export, trust)


def _check_format_3(package: Package, trust: Trust) -> Verified:
    lines, own = read_proved(package.read(CHAIN_NAME))
    links = [link for link, _ in lines]
    chain = check_proved(lines, own)
    export = _check_export(package, chain, links, PROVED_FORMAT)
    cases: list[int] = export["cases"]
    seqs = [header["seq"] for header in chain.headers]
    if seqs != export["entries"] + list(range(own.seq - len(cases) + 1, own.seq + 1)):
        raise Mismatch("the entries in the package are not those that the export names")
    verified = _check_cases(package, chain, links, export, trust)
    verified.facts.append(f"Root of the tree      {own.root}")
    return verified


def _check_export(package: Package, chain: Chain, links: Sequence[Link], wanted: str) -> dict[str, Any]:
    """Steps 4 and 6: what the export entry, the newest one, says of the package, which must be what it is."""
    check_signatures(chain.signatures)
    last, body = chain.headers[-1], links[-1].body
    if last["kind"] != "export" or body is None:
        raise Mismatch("the newest entry is not the export: entries are missing at the end, or were added")
    export = parse_canonical(body, "the export entry").get("package")
    if not isinstance(export, dict) or export["format"] != wanted:
        raise Mismatch("the export entry does not name the files of a package")
    cases: list[int] = export["cases"]
    members: dict[str, str] = export["members"]
    found = {name: digest for name, digest in package.hashes.items() if name != CHAIN_NAME}
    for name in sorted({*members, *found}):
        if members.get(name) != found.get(name):
            fault = "missing from the package" if name not in found else "not what was exported"
            raise Mismatch(f"{name} is {fault if name in members else 'in the package, and no signature covers it'}")
    info = parse_canonical(package.read(INFO_NAME), INFO_NAME)
    if info["format"] != wanted or info["cases"] != cases:
        raise Mismatch(f"{INFO_NAME} does not agree with the export entry")
    if not cases or cases != [header["case"] for header in chain.headers[-len(cases) :]]:
        raise Mismatch("the export was not entered for each of its cases")
    return export


def _check_cases(
    package: Package,
    chain: Chain,
    links: Sequence[Link],
    export: dict[str, Any],
    trust: Trust,
) -> Verified:
    """Steps 5 to 8: trust, contents of entries, the files of each case, the checkpoint."""
    cases: list[int] = export["cases"]
    if trust.key is not None:
        check_trust(chain, trust.key, cases)
    check_contents(chain, links, cases)
    facts: list[str] = []
    known = set(PAPERS)
    for number in cases:
        if number not in chain.decided or number in chain.purged:
            raise Mismatch(f"case {number} is in the package and has no verdict in the chain")
        folder = f"cases/{number:08d}/"
        digest = chain.by_seq[chain.decided[number]]["body"]
        manifest = read_manifest(package.read(folder + "manifest.json"), number, digest)
        files = case_files(manifest, folder)
        if export.get("redacted") is True:
            files = redacted_files(manifest, folder, export["members"])
        for name, wanted in files.items():
            if package.hashes.get(name) != wanted:
                raise Mismatch(f"{name} is not what the unit recorded")
        known |= {*files, *(folder + name for name in ("manifest.json", "overlay.jpg", "report.pdf"))}
        facts += _facts(manifest, chain, links, package.hashes, trust)
    if extra := set(package.hashes) - {CHAIN_NAME} - known:
        raise Mismatch(f"{min(extra)} belongs to no case of the package")
    verified = _verified(chain, links, cases, facts, trust)
    if export.get("redacted") is True:
        verified.sentence += f" {REDACTED}."
    return verified


def _check_format_1(package: PackageOfFormat1, trust: Trust) -> Verified:
    links = list(read_links(package.read(CHAIN_NAME)))
    chain = check_chain(links)
    if not chain.keys:
        raise Mismatch("nothing in the package is signed")
    check_signatures(chain.signatures)
    info = parse_canonical(package.read(INFO_NAME), INFO_NAME)
    cases: list[int] = info["cases"]
    if trust.key is not None:
        check_trust(chain, trust.key, cases)
    check_contents(chain, links, cases)
    known = {CHAIN_NAME, INFO_NAME, *info["papers"]}
    hashes: dict[str, str] = {}
    facts: list[str] = []
    for number in cases:
        export_seq = info["exports"][str(number)]
        if number not in chain.decided or (number, export_seq) not in chain.exports:
            raise Mismatch(f"case {number} is in the package and not in the chain")
        if chain.decided[number] in chain.unsigned:
            raise Mismatch(f"case {number} is not signed")
        folder = f"cases/{number:08d}/"
        export = json.loads(links[export_seq - 1].body or b"")
        digest = chain.by_seq[chain.decided[number]]["body"]
        manifest = read_manifest(package.read(folder + "manifest.json"), number, digest)
        if manifest["format"] != CASE_FORMAT_1:
            raise Mismatch(f"case {number} was recorded by a unit that writes packages of format 2, and this is none")
        files = case_files(manifest, folder)
        files.update({folder + name: made for name, made in export["files"].items()})
        for name, wanted in files.items():
            hashes[name] = sha256(package.read(name))
            if hashes[name] != wanted:
                raise Mismatch(f"{name} is not what the unit recorded")
        known |= {folder + "manifest.json", *files}
        hashes[folder + "manifest.json"] = digest
        facts += _facts(manifest, chain, links, hashes, trust)
    for name, wanted in info["papers"].items():
        if sha256(package.read(name)) != wanted:
            raise Mismatch(f"{name} is not what was exported")
    if extra := set(package.names) - known:
        raise Mismatch(f"the package holds {min(extra)}, which no signature covers")
    verified = _verified(chain, links, cases, facts, trust)
    waiting = f", and {len(chain.unsigned)} of its entries are not signed" if chain.unsigned else ""
    verified.sentence += f" {FORMAT_1_LIMITS}{waiting}."
    return verified


def _verified(
    chain: Chain,
    links: Sequence[Link],
    cases: Sequence[int],
    facts: list[str],
    trust: Trust,
) -> Verified:
    numbers = ", ".join(str(number) for number in cases)
    key = "the key you trust" if trust.key is not None else f"key {chain.first_key}: compare it with the authority's"
    count = f"{chain.entries} entries of the chain"
    if len(chain.headers) != chain.entries:
        count = f"{len(chain.headers)} of the {chain.entries} entries of the chain, each proved to be in it"
    sentence = f"Everything holds: case {numbers}, {count}, signed with {key}."
    if (checkpoint := trust.checkpoint) is not None:
        check_checkpoint(chain, checkpoint)
        sentence += f" The chain holds entry {checkpoint.seq} of the checkpoint of {_moment(checkpoint.at)}."
    reports: dict[str, str] = {}
    for header, link in zip(chain.headers, links):  # noqa: B905 - Python 3.9 has no strict
        if header["kind"] == "export" and link.body is not None and header["seq"] not in chain.unsigned:
            content = parse_canonical(link.body, f"entry {header['seq']}")
            if "report.pdf" in content["files"]:
                words = f"the report of case {header['case']} as exported at {_moment(header['at'])}"
                reports[content["files"]["report.pdf"]] = f"{words} by {content['officer']}"
    heads = [f"Signed last with key  {chain.current_key}", f"Head of the chain     {chain.head}"]
    return Verified(sentence, [*facts, *heads], reports)


def _facts(
    manifest: dict[str, Any],
    chain: Chain,
    links: Sequence[Link],
    hashes: dict[str, str],
    trust: Trust,
) -> list[str]:
    """What the package proves of one case, in lines for a person."""
    number, trigger, driver = manifest["number"], manifest["trigger"], manifest.get("driver")
    unit = MPH if manifest.get("speed_unit") == MPH else KMH
    speed = "not measured" if trigger["speed_kmh"] is None else speed_words(trigger["speed_kmh"], unit, beside=True)
    if manifest.get("basis") == "signalled":
        speed = "signalled by the radar, speed not recorded"
    verdict, plate = manifest["verdict"], manifest.get("plate")
    name = f"{driver['first_name']} {driver['last_name']}, licence {driver['licence']}" if driver else "nobody is named"
    lines = [
        f"Case {number}, recorded by unit {manifest['unit'].get('serial', '?')}",
        f"  time      {_moment(trigger['at_utc'])}",
        f"  place     {_place(manifest['site'])}",
        *_instrument(manifest.get("instrument")),
        f"  speed     {speed}, limit {limit_words(manifest['limit_kmh'], unit)}",
        *_assessed(manifest.get("assessment"), unit),
        *_borne_out(manifest.get("plausibility"), unit),
        f"  plate     {verdict['plate'] or (plate['text'] if plate else 'none was read')}",
        f"  verdict   {_standing(manifest)}",
        f"  driver    {name}{_aside(number, chain)}",
        *_opened(manifest, chain, trust.opener),
        *_chip(number, manifest.get("packet"), driver, trust.authority),
        f"  checked   {_selfchecked(number, chain, links)}",
    ]
    corrected = _corrected(number, chain, links)
    if corrected is not None:
        lines.append(f"  corrected {corrected}" + (f": {FELL}" if driver and corrected != verdict["plate"] else ""))
    for header, link in zip(chain.headers, links):  # noqa: B905 - Python 3.9 has no strict
        if header["case"] == number and header["kind"] in REVIEWS and link.body is not None:
            content = parse_canonical(link.body, f"entry {header['seq']}")
            second = f", with {content['second']['officer']}" if "second" in content else ""
            kind = f"{header['kind']}, withdrawn later," if header["seq"] in chain.withdrawn else header["kind"]
            said = f"{kind} by {content['officer']}{second}: {content['reason']}"
            lines.append(f"  officer   {said} ({_moment(header['at'])})")
    folder = f"cases/{number:08d}/"
    own = sorted(name for name in hashes if name.startswith(folder))
    return lines + [f"  SHA-256   {hashes[name]}  {name[len(folder) :]}" for name in own]


def _opened(manifest: dict[str, Any], chain: Chain, opener: bytes | None) -> list[str]:
    """Whether the centre's opening service decided the case; with *opener*, its key, that it decided it so.

    Raises:
        Mismatch: it signed no statement that says of this case of this unit what the manifest says.
        NotProved: a driver is named, and there is no statement.
    """
    number, opening = manifest["number"], manifest.get("opening")
    if not opening:
        if opener is not None and manifest.get("driver"):
            raise NotProved(f"case {number} holds no statement of an opening service")
        return []
    if opener is None:
        return ["  opened    decided at the centre; its statement is not checked, as --opener does"]
    text = opening["statement"].encode("utf-8")
    try:
        signature = bytes.fromhex(opening["signature"])
        ed25519(opener).verify(OPENING_DOMAIN + text, signature)
    except ValueError:
        raise Mismatch(f"the opening service that you trust did not sign the statement of case {number}") from None
    if _stated(parse_canonical(text, "the statement")) != _entered(manifest, chain):
        raise Mismatch(f"the opening service's statement says something else than case {number}")
    return ["  opened    decided at the centre: the opening service that you trust signed it"]


def _stated(statement: dict[str, Any]) -> list[Any]:
    """What the opening service states, for comparison with :func:`_entered`."""
    named = statement["named"] or {"driver": None, "packet": None}
    driver = named["driver"]
    if driver and driver["portrait_sha256"] == sha256(b""):
        driver = {**driver, "portrait_sha256": None}
    whose = [statement[name] for name in ("format", "unit", "case", "filed")]
    return [*whose, *(statement[name] for name in ("verdict", "flags", "plausibility")), driver, named["packet"]]


def _entered(manifest: dict[str, Any], chain: Chain) -> list[Any]:
    """What the unit entered of the same."""
    number = manifest["number"]
    filed = next(header["seq"] for header in chain.headers if header["kind"] == "filed" and header["case"] == number)
    whose = [OPENING_FORMAT, manifest["unit"]["serial"], number, chain.hash_of[filed]]
    return [*whose, *(manifest.get(name) for name in ("verdict", "flags", "plausibility", "driver", "packet"))]


def _chip(
    number: int, packet: dict[str, Any] | None, driver: dict[str, Any] | None, authority: bytes | None
) -> list[str]:
    """What the driver's chip has to do with the answer that the case rests on; its signature is checked.

    *authority* is the public key (32 bytes) of the authority that must have certified the chip, None for any.

    Raises:
        Mismatch: the chip did not sign it, or the authority did not certify the chip's key for the driver's licence.
        NotProved: *authority* is given, and the case does not say that anybody certified the chip.
    """
    if not packet:
        if driver and authority is not None:
            raise NotProved(f"case {number} holds no certificate of the driver's chip")
        return []
    if packet.get("version", 1) == 1:
        if authority is not None:
            raise NotProved(f"case {number} holds no certificate of the driver's chip")
        return ["  chip      protocol version 1: the answer is not signed; the registry's key opens it"]
    from Crypto.Hash import SHA256
    from Crypto.PublicKey import RSA
    from Crypto.Signature import pss

    try:
        octets = {name: base64.b64decode(packet[name], validate=True) for name in SIGNED_OCTETS}
        digests = (sha256(octets["sealed_uid"]), sha256(octets["payload"]))
        endpoint, numbers = packet["endpoint"] or "-", (packet["challenged_at"], packet["counter"])
        words = (packet["unit"], endpoint, packet["nonce"], *map(str, numbers), *digests)
        key = RSA.import_key(octets["verify_key"])
        pss.new(key).verify(SHA256.new("\n".join((CHIP_DOMAIN, *words)).encode()), octets["signature"])
    except (ValueError, KeyError, TypeError, IndexError):
        raise Mismatch(f"the driver's chip did not sign the answer of case {number}") from None
    return [
        "  chip      protocol version 2: the driver's chip signed the answer with key",
        f"            {sha256(octets['verify_key'])}{_certified(number, packet, driver, authority)}",
    ]


def _certified(number: int, packet: dict[str, Any], driver: dict[str, Any] | None, authority: bytes | None) -> str:
    """Whether the authority certified the key that the driver's chip signed with; raises as :func:`_chip` does."""
    if not packet.get("certification"):
        if authority is not None:
            raise NotProved(f"case {number} holds no certificate of the driver's chip")
        return ": compare it with the registry's"
    until = _moment(packet["certified_until"])
    if authority is None:
        return f": certified until {until}, as --authority checks"
    words = (sha256(driver["licence"].encode()) if driver else "", sha256(base64.b64decode(packet["verify_key"])))
    message = "\n".join((CERTIFICATE_DOMAIN, *words, str(packet["certified_until"]))).encode()
    try:
        signature = base64.b64decode(packet["certification"], validate=True)
        ed25519(authority).verify(message, signature)
    except ValueError:
        raise Mismatch(f"the authority did not certify the chip of case {number} for the driver named") from None
    if packet["challenged_at"] >= packet["certified_until"]:
        raise Mismatch(f"the authority's certificate of the chip of case {number} was over when it answered")
    return f": the authority you trust certified it for this driver until {until}"


def _selfchecked(number: int, chain: Chain, links: Sequence[Link]) -> str:
    """Whether the case lies between two good self-checks of the unit."""
    filed = next(header["seq"] for header in chain.headers if header["kind"] == "filed" and header["case"] == number)
    before, after = "none before", "not yet after"
    for header, link in zip(chain.headers, links):  # noqa: B905 - Python 3.9 has no strict
        if header["kind"] != "selfcheck" or link.body is None:
            continue
        good = parse_canonical(link.body, f"entry {header['seq']}").get("good") is True
        words = f"{'good' if good else 'failed'} %s (entry {header['seq']}, {_moment(header['at'])})"
        if header["seq"] < filed:
            before = words % "before"
        elif header["seq"] > chain.decided[number]:
            after = words % "after"
            break
    enclosed = before.startswith("good") and after.startswith("good")
    return f"self-check {before}, {after}" if enclosed else f"NOT between two good self-checks: {before}, {after}"


def _place(site: Any) -> str:
    """The site: one line, or a table with that line, whose orders are said as well."""
    if isinstance(site, str):
        return site
    orders = [str(site[name]) for name in ("ordinance", "decree") if site.get(name)]
    return "; ".join([str(site["text"]), *orders])


def _instrument(instrument: dict[str, Any] | None) -> list[str]:
    """What measured, its approval, and until when its certificate counts."""
    if not instrument:
        return []
    radar, calibration = instrument.get("radar", {}), instrument.get("calibration", {})
    words = [" ".join(str(radar[name]) for name in ("make", "model", "version", "serial") if radar.get(name))]
    words += [f"{name} {instrument[name]}" for name in ("approval", "census") if instrument.get(name)]
    if calibration:
        certificate = f"certificate {calibration['certificate']} of {calibration['laboratory']}"
        words.append(f"{certificate}, {calibration['calibrated_on']}, valid until {calibration['valid_until']}")
    return [f"  measured  {'; '.join(word for word in words if word)}"]


def _aside(number: int, chain: Chain) -> str:
    """That an officer set the name aside and nobody withdrew it, to follow the name; empty if not."""
    found = any(
        header["case"] == number and header["kind"] == "set_name_aside" and header["seq"] not in chain.withdrawn
        for header in chain.headers
    )
    return ": an officer set this name aside, and it is not to be used" if found else ""


def _corrected(number: int, chain: Chain, links: Sequence[Link]) -> str | None:
    """The newest plate that an officer read instead of the unit's, and did not withdraw; None if there is none."""
    plate = None
    for header, link in zip(chain.headers, links):  # noqa: B905 - Python 3.9 has no strict
        if header["seq"] in chain.withdrawn:
            continue
        if header["case"] == number and header["kind"] == "correct_plate" and link.body is not None:
            plate = str(parse_canonical(link.body, f"entry {header['seq']}")["plate"])
    return plate


def in_unit(speed_kmh: float, unit: str) -> float:
    """A recorded speed in what the law counts in; in mph it is cut to one decimal, never rounded up."""
    if unit != MPH:
        return speed_kmh
    return math.floor(Fraction(repr(float(speed_kmh))) / KM_OF_A_MILE * 10) / 10


def speed_words(speed_kmh: float, unit: str, *, beside: bool = False) -> str:
    """A recorded speed as it counts; *beside*: with km/h, cut to one decimal, where that is another unit."""
    said = f"{in_unit(speed_kmh, unit):.1f} {unit}"
    if not beside or unit == KMH:
        return said
    return f"{said} ({math.floor(Fraction(repr(float(speed_kmh))) * 10) / 10:.1f} {KMH})"


def limit_words(limit_kmh: float, unit: str) -> str:
    """The limit as it counts, without a decimal that it does not have."""
    limit = in_unit(limit_kmh, unit)
    said = f"{limit:.0f}" if limit == round(limit) else f"{limit:.1f}"
    return f"{said} {unit}"


def _assessed(assessment: dict[str, Any] | None, unit: str) -> list[str]:
    """What the law makes of the speed, as the unit recorded it."""
    if not assessment:
        return []
    figures = [in_unit(assessment[name], unit) for name in ("deduction_kmh", "remaining_kmh", "excess_kmh")]
    counts = "  counts    less {:.1f} = {:.1f} {unit}, {:.1f} over".format(*figures, unit=unit)
    return [f"{counts} ({assessment['rule']})" + (f"; {assessment['provision']}" if assessment["provision"] else "")]


def _borne_out(plausibility: dict[str, Any] | None, unit: str) -> list[str]:
    """What the photos say of the radar, as the unit recorded it."""
    if not plausibility:
        return []
    figures = ""
    if plausibility["speed_kmh"] is not None:
        error = plausibility["error_kmh"] / (float(KM_OF_A_MILE) if unit == MPH else 1.0)
        figures = f", by them {speed_words(plausibility['speed_kmh'], unit)}, standard deviation {error:.1f}"
    return [f"  photos    {AGREEMENTS.get(plausibility['agreement'], plausibility['agreement'])}{figures}"]


def _standing(manifest: dict[str, Any]) -> str:
    """The verdict as it stands: what is no infringement, and what an officer has to confirm, says so."""
    basis, outcome = manifest.get("basis"), str(manifest["verdict"]["outcome"])
    if basis not in (None, "measured", "signalled"):
        return f"no infringement ({basis})"
    flags = manifest.get("flags", ())
    if (manifest.get("plausibility") or {}).get("agreement") in DOUBTING:
        return f"{outcome}, to be checked"
    keeper = "driver is not the registered keeper" not in flags
    return outcome if keeper or outcome != "identified" else f"{outcome}, to be confirmed"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")  # noqa: UP017 - Python 3.9


def verify_package(
    path: Path,
    trusted: bytes | None = None,
    checkpoint: Checkpoint | None = None,
    authority: bytes | None = None,
    opener: bytes | None = None,
) -> Verified:
    """Check the package at *path*; returns what was proved.

    *trusted* is the unit's public key, *authority* that of the authority that certifies chips, *opener* that of the
    centre's opening service, 32 bytes each, from a source you trust.

    Raises:
        Mismatch: something does not hold.
        NotProved: the package has no proof of the *checkpoint*, no certificate of a named driver's chip, or no
            statement of the opening service.
        OSError: the file cannot be read.
    """
    trust = Trust(trusted, checkpoint, authority, opener)
    with path.open("rb") as file:
        size = path.stat().st_size
        written = read_seal(file, size)
        try:
            if written == 2:
                package = Package(file, size)
                proved = parse_canonical(package.read(INFO_NAME), INFO_NAME).get("format") == PROVED_FORMAT
                return (_check_format_3 if proved else _check_format_2)(package, trust)
            with zipfile.ZipFile(file) as archive:
                return _check_format_1(PackageOfFormat1(archive), trust)
        except (Mismatch, NotProved, OSError):
            raise
        except zipfile.BadZipFile:
            raise Mismatch("the file is no package: it cannot be unpacked") from None
        except Exception:  # a unit writes every field, of the right type; whatever is not so is not by a unit
            raise Mismatch("the package is not built as a unit builds one") from None


def check_package(path: Path, trusted: bytes | None = None) -> str:
    """Check the package at *path* as :func:`verify_package` does; returns what holds, as one sentence."""
    return verify_package(path, trusted).sentence


def check_report(verified: Verified, data: bytes) -> str:
    """Step 9: which chained report *data* is, as a sentence."""
    words = verified.reports.get(sha256(data))
    if words is None:
        raise Mismatch("this report is none that the package's chain names: it was altered, or exported elsewhere")
    return f"The printed report is {words}."


def read_public_key(path: Path) -> bytes:
    """The 32 bytes of an Ed25519 public key, from PEM or hex.

    Raises:
        KeyFileError: it is no such key.
        OSError: the file cannot be read.
    """
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if re.fullmatch("[0-9a-f]{64}", text):
        return bytes.fromhex(text)
    from Crypto.PublicKey import ECC

    try:
        key = ECC.import_key(text)
        if key.curve != "Ed25519" or key.has_private():
            raise ValueError
        return bytes(key.export_key(format="raw"))
    except (ValueError, IndexError, TypeError):
        raise KeyFileError(f"{path} holds no Ed25519 public key (PEM, or 64 hex digits)") from None


def read_authority(path: Path) -> bytes:
    """The 32 bytes of an authority's public key, from the file that it published, PEM or hex.

    Raises:
        KeyFileError: it is no such key.
        OSError: the file cannot be read.
    """
    return _published(path, AUTHORITY_FORMAT, "key")


def read_opener(path: Path) -> bytes:
    """The 32 bytes of the opening service's public key, from the file that the centre published, PEM or hex.

    Raises:
        KeyFileError: it is no such key.
        OSError: the file cannot be read.
    """
    return _published(path, OPENER_FORMAT, "signing_key")


def _published(path: Path, wanted: str, name: str) -> bytes:
    """The key called *name* in a JSON file of the format *wanted*, or of a file with nothing but a key."""
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return read_public_key(path)
    if isinstance(document, dict) and document.get("format") == wanted:
        key = document.get(name)
        if isinstance(key, str) and HASH_HEX.fullmatch(key):
            return bytes.fromhex(key)
    return read_public_key(path)


_ITALIAN = """
< Everything holds: case {}, {} entries of the chain, signed with {t}.
> Tutto è integro: caso {}, {} registrazioni della catena, firmate con {t}.
< Everything holds: case {}, {} of the {} entries of the chain, each proved to be in it, signed with {t}.
> Tutto è integro: caso {}, {} delle {} registrazioni della catena, ognuna con la prova di farne parte, firmate con {t}.
< the key you trust
> la chiave di cui Lei si fida
< key {}: compare it with the authority's
> la chiave {}: va confrontata con quella pubblicata dall'autorità
< The chain holds entry {} of the checkpoint of {}.
> La catena contiene la registrazione {} del punto di controllo del {}.
< It is a package of format 1, which cannot prove that no entry is missing at its end, nor that the unit made its
| reports, overlays and papers{t}.
> È un pacchetto di formato 1: non può provare che alla fine non manchi alcuna registrazione, né che rapporti,
| immagini e documenti siano stati prodotti dall'unità{t}.
< , and {} of its entries are not signed
> , e {} registrazioni non sono firmate
< The package is redacted: its photos are copies that the unit made to show the vehicle of the case alone, and the
| originals, whose SHA-256 the manifest holds, are with the authority.
> Il pacchetto è oscurato: le foto sono copie prodotte dall'unità che mostrano solo il veicolo del caso; gli
| originali, di cui il manifesto riporta lo SHA-256, sono presso l'autorità.
< The printed report is {t}.
> Il rapporto stampato è {t}.
< the report of case {} as exported at {} by {}
> il rapporto del caso {} esportato il {} da {}
< DOES NOT HOLD: {t}.
> NON È INTEGRO: {t}.
< Signed last with key  {}
> Ultima firma: chiave  {}
< Head of the chain     {}
> Testa della catena    {}
< Case {}, recorded by unit {}
> Caso {}, registrato dall'unità {}
<   time      {}
>   ora       {}
<   place     {}
>   luogo     {}
<   measured  {t}
>   apparecchiatura  {t}
< approval {}
> approvazione {}
< census {}
> censimento {}
< certificate {} of {}, {}, valid until {}
> certificato {} di {}, {}, valido fino al {}
<   speed     {t}, limit {} km/h
>   velocità  {t}, limite {} km/h
< not measured
> non misurata
< signalled by the radar, speed not recorded
> segnalata dal radar, velocità non registrata
<   speed     {t}, limit {} mph
>   velocità  {t}, limite {} mph
<   counts    less {} = {} mph, {} over ({t})
>   conta     meno {} = {} mph, {} oltre il limite ({t})
<   counts    less {} = {} mph, {} over ({t}); {t}
>   conta     meno {} = {} mph, {} oltre il limite ({t}); {t}
< deduction as stated by the authority, source: {}
> riduzione dichiarata dall'autorità, fonte: {}
< RTRA 1984, s. 89: no deduction; in mph, cut to one decimal
> RTRA 1984, s. 89: nessuna riduzione; in mph, troncata a un decimale
< s. 89(1) of the Road Traffic Regulation Act 1984
> art. 89(1) del Road Traffic Regulation Act 1984
< {t}, by them {} mph, standard deviation {}
> {t}, secondo le foto {} mph, scarto tipo {}
<   counts    less {} = {} km/h, {} over ({t})
>   conta     meno {} = {} km/h, {} oltre il limite ({t})
<   counts    less {} = {} km/h, {} over ({t}); {}
>   conta     meno {} = {} km/h, {} oltre il limite ({t}); {}
< art. 345 reg. C.d.S.: 5 %, at least 5 km/h
> art. 345 reg. C.d.S.: 5 %, con un minimo di 5 km/h
<   photos    {t}
>   foto      {t}
< {t}, by them {} km/h, standard deviation {}
> {t}, secondo le foto {} km/h, scarto tipo {}
< are consistent with the radar
> sono compatibili con la misura del radar
< contradict the radar
> contraddicono il radar
< another vehicle fits the radar better
> un altro veicolo corrisponde meglio al radar
< tell nothing of the speed
> non dicono nulla della velocità
<   plate     {t}
>   targa     {t}
< none was read
> nessuna letta
<   corrected {}
>   corretta  {}
<   corrected {}: an officer read another plate than the one the driver's chip claimed, and this name no longer
| follows
>   corretta  {}: un agente ha letto una targa diversa da quella dichiarata dal chip del conducente, e il
| nominativo non è più fondato
<   verdict   {t}
>   esito     {t}
< identified
> identificato
< ambiguous
> ambiguo
< unidentified
> non identificato
< {t}, to be confirmed
> {t}, da confermare
< {t}, to be checked
> {t}, da verificare
< no infringement ({})
> nessuna infrazione ({})
<   driver    {t}
>   conducente {t}
< {}, licence {}
> {}, patente {}
< {}, licence {}: an officer set this name aside, and it is not to be used
> {}, patente {}: un agente ha accantonato questo nominativo, che non va utilizzato
< nobody is named
> nessuno è indicato
<   checked   {t}
>   autoverifica {t}
< self-check {t} before (entry {}, {}), {t} after (entry {}, {})
> {t} prima (registrazione {}, {}), {t} dopo (registrazione {}, {})
< NOT between two good self-checks: {t} before (entry {}, {}), {t} after (entry {}, {})
> NON compreso tra due autoverifiche regolari: {t} prima (registrazione {}, {}), {t} dopo (registrazione {}, {})
< NOT between two good self-checks: {t} before (entry {}, {}), not yet after
> NON compreso tra due autoverifiche regolari: {t} prima (registrazione {}, {}), dopo non ancora effettuata
< NOT between two good self-checks: none before, {t} after (entry {}, {})
> NON compreso tra due autoverifiche regolari: nessuna prima, {t} dopo (registrazione {}, {})
< NOT between two good self-checks: none before, not yet after
> NON compreso tra due autoverifiche regolari: nessuna prima, dopo non ancora effettuata
< good
> regolare
< failed
> non superata
<   officer   {t} by {}
>   agente    {t}: {}
< confirm
> confermato
< confirm_vehicle
> confermato per il veicolo, nessuno è indicato
< set_name_aside
> confermato per il veicolo, nominativo accantonato
< dismiss
> archiviato
< correct_plate
> targa corretta
< {}, withdrawn later,
> {} (poi ritirato)
< withdraw
> valutazione ritirata
< entry {} (withdraw) names no entry before it
> la registrazione {} (withdraw) non indica alcuna registrazione precedente
< entry {} (withdraw) names a judgement that is none of its case
> la registrazione {} (withdraw) indica una valutazione che non riguarda il suo caso
< entry {} (withdraw) names a judgement that was withdrawn before
> la registrazione {} (withdraw) indica una valutazione già ritirata
< hold
> conservazione prolungata
< release
> fine della conservazione prolungata
< keeper_asked
> chiesti all'intestatario i dati del conducente
< driver_named_by_keeper
> conducente indicato dall'intestatario
< closed
> chiuso
< {t} is not canonical JSON: it was altered
> {t} non è JSON canonico: è stato alterato
< entry {} of the chain
> la registrazione {} della catena
< entry {}
> la registrazione {}
< the key of entry {}
> la chiave della registrazione {}
< the clock entry {}
> la registrazione {} dell'orologio
< the manifest of case {}
> il manifesto del caso {}
< the export entry
> la registrazione dell'esportazione
< the checkpoint
> il punto di controllo
< line {} of {}
> la riga {} di {}
< case {} is missing: the numbers of cases have a gap
> manca il caso {}: la numerazione dei casi ha una lacuna
< entry {} of the chain is missing or out of order
> la registrazione {} della catena manca o è fuori posto
< entry {} of the chain is not one that a unit writes
> la registrazione {} della catena non è di quelle che scrive un'unità
< entry {} does not follow from entry {}: one of them was altered or removed
> la registrazione {} non segue dalla {}: una delle due è stata alterata o tolta
< the content of entry {} ({}) was altered
> il contenuto della registrazione {} ({}) è stato alterato
< entry {} has half a signature
> la registrazione {} ha mezza firma
< entry {} is signed with a key that was never introduced
> la registrazione {} è firmata con una chiave mai introdotta
< entry {} is signed with key {}, which signs nothing since it was superseded
> la registrazione {} è firmata con la chiave {}, che non firma più nulla da quando è stata sostituita
< entry {} should introduce a key and is empty
> la registrazione {} dovrebbe introdurre una chiave ed è vuota
< the key of entry {} cannot be read
> la chiave della registrazione {} non è leggibile
< the key of entry {} is none that a unit introduces
> la chiave della registrazione {} non è di quelle che introduce un'unità
< entry {} introduces a key and nobody signed it
> la registrazione {} introduce una chiave e nessuno l'ha firmata
< the key of entry {} was not introduced by the key before it
> la chiave della registrazione {} non è stata introdotta dalla chiave precedente
< case {} was filed twice
> il caso {} è stato registrato due volte
< entry {} files no case
> la registrazione {} non apre alcun caso
< case {} was never filed, and entry {} speaks of it
> il caso {} non è mai stato registrato, e la registrazione {} ne parla
< case {} was decided twice
> il caso {} è stato deciso due volte
< the signature of entry {} is wrong: it was altered or made with another key
> la firma della registrazione {} è errata: è stata alterata o fatta con un'altra chiave
< this chain was not signed with the key you trust ({})
> questa catena non è stata firmata con la chiave di cui Lei si fida ({})
< the key you trust ({}) does not vouch for case {}
> la chiave di cui Lei si fida ({}) non garantisce per il caso {}
< {} is no checkpoint of a unit
> {} non è un punto di controllo di un'unità
< the checkpoint was signed with key {}, which is none of this chain
> il punto di controllo è firmato con la chiave {}, che non è di questa catena
< the checkpoint's own signature is wrong
> la firma del punto di controllo è errata
< the chain has {} entries and the checkpoint {}: its end was cut off, or the package is older than the checkpoint
> la catena ha {} registrazioni e il punto di controllo {}: la fine è stata tagliata, o il pacchetto è più vecchio
| del punto di controllo
< entry {} is not the one of the checkpoint: the chain was rewritten
> la registrazione {} non è quella del punto di controllo: la catena è stata riscritta
< the package holds bytes that belong to no file of it
> il pacchetto contiene byte che non appartengono ad alcun suo file
< the package holds a file twice or out of order, or has no chain
> il pacchetto contiene un file due volte o fuori posto, oppure non ha catena
< the package holds a file twice, or one of a name that no unit gives
> il pacchetto contiene un file due volte, o uno con un nome che nessuna unità assegna
< the package holds a file twice
> il pacchetto contiene un file due volte
< {} is larger than anything the unit makes
> {} è più grande di qualsiasi file prodotto dall'unità
< {} is not stored as a unit stores it
> {} non è memorizzato come fa un'unità
< {} is cut off
> {} è troncato
< {} was changed after it was written
> {} è stato modificato dopo la scrittura
< {} is missing from the package
> {} manca dal pacchetto
< {} cannot be unpacked
> {} non può essere estratto
< the file is too short to be a package: it was cut off
> il file è troppo corto per essere un pacchetto: è stato troncato
< the file got shorter while it was read
> il file si è accorciato durante la lettura
< the package was changed or cut off after it was written
> il pacchetto è stato modificato o troncato dopo la scrittura
< the last line of {} is cut off
> l'ultima riga di {} è troncata
< line {} of {} is no entry
> la riga {} di {} non è una registrazione
< the content of entry {} ({}) is missing from the package
> il contenuto della registrazione {} ({}) manca dal pacchetto
< the content of entry {} ({}) has no business in the package
> il contenuto della registrazione {} ({}) non deve stare nel pacchetto
< the manifest of case {} is not the one in the chain
> il manifesto del caso {} non è quello della catena
< the manifest of case {} is about another case
> il manifesto del caso {} riguarda un altro caso
< entry {} is not signed
> la registrazione {} non è firmata
< the first entry of the chain introduces no key
> la prima registrazione della catena non introduce una chiave
< entry {} is earlier than the one before, and no clock entry says why
> la registrazione {} è anteriore alla precedente, e nessuna registrazione dell'orologio dice perché
< the newest entry is not the export: entries are missing at the end, or were added
> l'ultima registrazione non è l'esportazione: alla fine mancano registrazioni, o ne sono state aggiunte
< the export entry does not name the files of a package
> la registrazione dell'esportazione non indica i file di un pacchetto
< {} is in the package, and no signature covers it
> {} è nel pacchetto e nessuna firma lo copre
< {} is not what was exported
> {} non è ciò che è stato esportato
< {} does not agree with the export entry
> {} non concorda con la registrazione dell'esportazione
< the export was not entered for each of its cases
> l'esportazione non è stata registrata per ogni caso
< case {} is in the package and has no verdict in the chain
> il caso {} è nel pacchetto e non ha un esito nella catena
< {} is not what the unit recorded
> {} non è ciò che l'unità ha registrato
< {} belongs to no case of the package
> {} non appartiene ad alcun caso del pacchetto
< nothing in the package is signed
> nel pacchetto nulla è firmato
< case {} is in the package and not in the chain
> il caso {} è nel pacchetto e non nella catena
< case {} is not signed
> il caso {} non è firmato
< case {} was recorded by a unit that writes packages of format 2, and this is none
> il caso {} è stato registrato da un'unità che scrive pacchetti di formato 2, e questo non lo è
< the package holds {}, which no signature covers
> il pacchetto contiene {}, che nessuna firma copre
< the file is no package: it cannot be unpacked
> il file non è un pacchetto: non può essere estratto
< the package is not built as a unit builds one
> il pacchetto non è costruito come lo costruisce un'unità
< this report is none that the package's chain names: it was altered, or exported elsewhere
> questo rapporto non è tra quelli indicati nella catena del pacchetto: è stato alterato o esportato altrove
< {} holds no Ed25519 public key (PEM, or 64 hex digits).
> {} non contiene una chiave pubblica Ed25519 (PEM o 64 cifre esadecimali).
< {} is no checkpoint of a unit.
> {} non è un punto di controllo di un'unità.
< Root of the tree      {}
> Radice dell'albero    {}
< the newest entry of the package is not the one that the unit signed the tree of
> l'ultima registrazione del pacchetto non è quella di cui l'unità ha firmato l'albero
< the tree was not signed with the key of its time
> l'albero non è stato firmato con la chiave del suo tempo
< the package has no proof of entry {}, which the checkpoint names: have it exported for this checkpoint, or with the
| whole chain
> il pacchetto non ha una prova della registrazione {}, indicata dal punto di controllo: va esportato per questo
| punto di controllo, o con l'intera catena
< the tree up to entry {} is not the one of the checkpoint
> l'albero fino alla registrazione {} non è quello del punto di controllo
< the checkpoint in {} names no tree
> il punto di controllo in {} non indica alcun albero
< the entries in the package are not those that the export names
> le registrazioni del pacchetto non sono quelle indicate dall'esportazione
< the proof of entry {} is too long
> la prova della registrazione {} è troppo lunga
< the proof of an entry is cut off
> la prova di una registrazione è troncata
< the last line of {} is no checkpoint
> l'ultima riga di {} non è un punto di controllo
< the package has no proof of entry {}, which the checkpoint names: have it exported for this checkpoint, or with the
| whole chain.
> il pacchetto non ha una prova della registrazione {}, indicata dal punto di controllo: va esportato per questo
| punto di controllo, o con l'intera catena.
< entry {} ({}) names a request that is none
> la registrazione {} ({}) indica una richiesta inesistente
< entry {} ({}) was done without a second officer
> la registrazione {} ({}) è stata fatta senza un secondo agente
< entry {} ({}) is not what request {} asked for
> la registrazione {} ({}) non è ciò che chiedeva la richiesta {}
< entry {} answers request {}, which is answered or about another case
> la registrazione {} risponde alla richiesta {}, che ha già risposta o riguarda un altro caso
< request {} was agreed to by who asked, or too late
> la richiesta {} è stata approvata da chi l'ha fatta, o troppo tardi
<   chip      protocol version 1: the answer is not signed; the registry's key opens it
>   chip      versione 1 del protocollo: la risposta non è firmata; la apre la chiave del registro
<   chip      protocol version 2: the driver's chip signed the answer with key
>   chip      versione 2 del protocollo: il chip del conducente ha firmato la risposta con la chiave
<             {}: compare it with the registry's
>             {}: va confrontata con quella del registro
<             {}: certified until {}, as --authority checks
>             {}: certificata fino al {}, come verifica --authority
<             {}: the authority you trust certified it for this driver until {}
>             {}: l'autorità di cui Lei si fida l'ha certificata per questo conducente fino al {}
< case {} holds no certificate of the driver's chip
> il caso {} non contiene un certificato del chip del conducente
< case {} holds no certificate of the driver's chip.
> il caso {} non contiene un certificato del chip del conducente.
< the authority did not certify the chip of case {} for the driver named
> l'autorità non ha certificato il chip del caso {} per il conducente indicato
< the authority's certificate of the chip of case {} was over when it answered
> il certificato dell'autorità per il chip del caso {} era scaduto quando ha risposto
< the driver's chip did not sign the answer of case {}
> il chip del conducente non ha firmato la risposta del caso {}
<   opened    decided at the centre; its statement is not checked, as --opener does
>   apertura  deciso al centro; la sua dichiarazione non è verificata, come fa --opener
<   opened    decided at the centre: the opening service that you trust signed it
>   apertura  deciso al centro: l'ha firmato il servizio di apertura di cui Lei si fida
< case {} holds no statement of an opening service
> il caso {} non contiene una dichiarazione di un servizio di apertura
< case {} holds no statement of an opening service.
> il caso {} non contiene una dichiarazione di un servizio di apertura.
< the opening service that you trust did not sign the statement of case {}
> il servizio di apertura di cui Lei si fida non ha firmato la dichiarazione del caso {}
< the opening service's statement says something else than case {}
> la dichiarazione del servizio di apertura dice altro rispetto al caso {}
< {} cannot be read: {}
> {} non è leggibile: {}
< verify.py needs PyCryptodome: pip install pycryptodome
> verify.py richiede PyCryptodome: pip install pycryptodome
"""
"""The words of this checker in Italian: after ``<`` the English ones, after ``>`` the Italian ones, after ``|`` what
follows on. What stands for ``{}`` is shown as it is, what stands for ``{t}`` is translated as well."""


def _table(text: str) -> dict[str, str]:
    """The pairs of a text such as :data:`_ITALIAN`."""
    words: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith("| "):
            words[-1] += " " + line[2:]
        else:
            words.append(line[2:])
    return dict(zip(words[::2], words[1::2]))  # noqa: B905 - Python 3.9 has no strict


ITALIAN = _table(_ITALIAN)
LANGUAGES: dict[str, dict[str, str]] = {"en": {}, "it": ITALIAN}
_PLACES = re.compile(r"\{t?\}")
_SENTENCES, _CLAUSES = re.compile(r"(?<=\.) (?=[A-Z])"), re.compile("; ")


def translated(text: str, language: str) -> str:
    """*text* of this checker in *language*; what its table does not have stays English."""
    sentences = [_translated(each, language) for each in _SENTENCES.split(text)]
    if (
        len(sentences) > 1 and None not in sentences and not text.startswith(" ")
    ):  # no line of facts, which quotes others
        return " ".join(map(str, sentences))
    found = _translated(text, language)
    if found is not None:
        return found
    clauses = _CLAUSES.split(text)
    return "; ".join(translated(each, language) for each in clauses) if len(clauses) > 1 else text


def _translated(text: str, language: str) -> str | None:
    """The words of the table for the whole of *text*; None if it has none."""
    table = LANGUAGES[language]
    for english in sorted(table, key=lambda each: -len(_PLACES.sub("", each))):  # what says most, first
        match = re.fullmatch("(.*?)".join(map(re.escape, _PLACES.split(english))), text, re.DOTALL)
        if match is not None:
            told, *pieces = _PLACES.split(table[english])
            for place, value, piece in zip(_PLACES.findall(english), match.groups(), pieces):  # noqa: B905
                told += (translated(value, language) if place == "{t}" else value) + piece
            return told
    return None


def spoken(environ: Mapping[str, str]) -> str:
    """The language of the environment's locale, or English."""
    tag = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return tag[:2] if tag[:2] in LANGUAGES else "en"


def printable(text: str) -> str:
    """*text* without characters that could move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Check an Autovelox evidence package.")
    parser.add_argument("package", type=Path, help="the ZIP file")
    parser.add_argument("--key", type=Path, help="the unit's public key (PEM or hex), from a source you trust")
    parser.add_argument("--authority", type=Path, help="the authority's public key: it must have certified the chips")
    parser.add_argument("--opener", type=Path, help="the opening service's public key: it must have named the drivers")
    parser.add_argument("--report", type=Path, help="a report (PDF): tell whether it is one that the chain names")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of the unit that the chain must hold")
    parser.add_argument("--lang", choices=sorted(LANGUAGES), default=spoken(os.environ), help="language of the result")
    args = parser.parse_args()

    def say(line: str) -> str:
        return printable(translated(line, args.lang))

    try:
        import Crypto.Signature  # noqa: F401
    except ImportError:
        print(say("verify.py needs PyCryptodome: pip install pycryptodome"), file=sys.stderr)
        return 2
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        trusted = read_public_key(args.key) if args.key else None
        authority = read_authority(args.authority) if args.authority else None
        opener = read_opener(args.opener) if args.opener else None
        checkpoint = read_checkpoint(args.checkpoint) if args.checkpoint else None
        verified = verify_package(args.package, trusted, checkpoint, authority, opener)
        lines = [verified.sentence, *verified.facts]
        if args.report:
            lines.append(check_report(verified, args.report.read_bytes()))
    except Mismatch as error:
        print(say(f"DOES NOT HOLD: {error}."), file=sys.stderr)
        return 1
    except (KeyFileError, NotProved) as error:
        print(say(f"{error}."), file=sys.stderr)
        return 2
    except OSError as error:
        print(say(f"{error.filename} cannot be read: {error.strerror}"), file=sys.stderr)
        return 2
    print("\n".join(map(say, lines)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
