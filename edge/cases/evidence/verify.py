#!/usr/bin/env python3
"""Check an Autovelox evidence package. Needs Python 3.9 or newer and PyCryptodome, nothing else.

    python3 verify.py EXPORT.zip [--key public-key.pem]

A copy of this file is in every package; take one from a source you trust if you do not trust the package. It is longer
than the other files of the unit and shares no code with them, so that the whole check can be read and run from this one
file, without the unit's software. It checks

- that not one byte of the package was changed since it was written (SHA-256 in the archive's comment),
- the chain: every entry holds the hash of the one before, from the first on, and none is missing,
- the signatures (Ed25519), and that every key was vouched for by the one before,
- the numbering: cases are numbered 1, 2, 3 ... without a gap,
- each case of the package: its manifest is the signed one, its photos and portrait are those of the manifest.

``--key`` names the unit's public key as you got it from the authority. Without it the check shows only that the package
agrees with itself. Exit code 0: everything holds. 1: it does not, and one sentence says why. 2: wrong usage.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

DOMAIN = b"autovelox-entry-1\n"
NO_HASH = "0" * 64
SEAL = b"autovelox-sha256:"
SEAL_HEX = 64
CHAIN_NAME = "chain.jsonl"
INFO_NAME = "export.json"
LARGEST_MEMBER = 1 << 28
BLOCK = 1 << 20
HEADER_KEYS = {"at", "body", "case", "kind", "previous", "seq"}


class Mismatch(Exception):
    """A check failed; the message is one sentence for the reader. ``entry`` is the entry that failed, if one did."""

    entry: int | None = None


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


@dataclass
class Chain:
    """What the entries of a chain say, after their hashes were checked."""

    entries: int = 0
    head: str = NO_HASH
    filed: set[int] = field(default_factory=set)
    decided: dict[int, int] = field(default_factory=dict)
    purged: set[int] = field(default_factory=set)
    exports: set[tuple[int, int]] = field(default_factory=set)
    unsigned: list[int] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    first_key: str = ""
    last_signed_by: dict[str, int] = field(default_factory=dict)
    signatures: list[Signature] = field(default_factory=list)


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def parse_canonical(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in *data*, which must be written canonically (sorted keys, no spaces, each key once)."""
    try:
        value = json.loads(data)
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        if not isinstance(value, dict) or text.encode("utf-8") != data:
            raise ValueError
    except (ValueError, RecursionError):
        raise Mismatch(f"{what} is not canonical JSON: it was altered") from None
    return value


def check_chain(links: Iterable[Link]) -> Chain:
    """Check hashes, order, numbering and keys from the first entry on. Signatures are collected, not checked."""
    chain = Chain()
    signed: list[tuple[int, Link]] = []
    for seq, link in enumerate(links, 1):
        try:
            _add_link(chain, seq, link)
        except Mismatch as error:
            error.entry = seq
            raise
        if link.signature is None or link.key_id is None:
            chain.unsigned.append(seq)
        else:
            signed.append((seq, link))
    for seq, link in signed:  # after the loop: a key may sign entries that were written before its own
        if link.key_id not in chain.keys:
            raise Mismatch(f"entry {seq} is signed with a key that was never introduced")
        chain.signatures.append(Signature(seq, chain.keys[link.key_id], DOMAIN + link.header, link.signature or b""))
        chain.last_signed_by[link.key_id] = seq
    missing = set(range(1, max(chain.filed, default=0) + 1)) - chain.filed
    if missing:
        raise Mismatch(f"case {min(missing)} is missing: the numbers of cases have a gap")
    return chain


def check_signatures(signatures: Iterable[Signature]) -> None:
    """Check each signature."""
    schemes: dict[bytes, Any] = {}
    for seq, public_key, message, signature in signatures:
        try:
            if public_key not in schemes:
                schemes[public_key] = eddsa.new(eddsa.import_public_key(public_key), mode="rfc8032")
            schemes[public_key].verify(message, signature)
        except ValueError:
            error = Mismatch(f"the signature of entry {seq} is wrong: it was altered or made with another key")
            error.entry = seq
            raise error from None


def check_trust(chain: Chain, trusted: bytes, cases: Iterable[int]) -> None:
    """Check that *trusted* (32 bytes, the authority's key) signed the cases' verdicts, or an entry after them."""
    key_id = sha256(trusted)[:16]
    if chain.keys.get(key_id) != trusted:
        raise Mismatch(f"this chain was not signed with the key you trust ({key_id})")
    for number in cases:
        if chain.first_key != key_id and chain.last_signed_by.get(key_id, 0) < chain.decided.get(number, 0):
            raise Mismatch(f"the key you trust ({key_id}) does not vouch for case {number}")


def _add_link(chain: Chain, seq: int, link: Link) -> None:
    header = parse_canonical(link.header, f"entry {seq} of the chain")
    if set(header) != HEADER_KEYS or header["seq"] != seq:
        raise Mismatch(f"entry {seq} of the chain is missing or out of order")
    if not (header["case"] is None or isinstance(header["case"], int)) or not isinstance(header["kind"], str):
        raise Mismatch(f"entry {seq} of the chain is not one that a unit writes")
    if header["previous"] != chain.head:
        raise Mismatch(f"entry {seq} does not follow from entry {seq - 1}: one of them was altered or removed")
    if link.body is not None and sha256(link.body) != header["body"]:
        raise Mismatch(f"the content of entry {seq} ({header['kind']}) was altered")
    if header["kind"] == "key":
        _add_key(chain, seq, link)
    _count(chain, seq, header["kind"], header["case"])
    chain.entries, chain.head = seq, sha256(link.header)


def _add_key(chain: Chain, seq: int, link: Link) -> None:
    if link.body is None:
        raise Mismatch(f"entry {seq} should introduce a key and is empty")
    content = parse_canonical(link.body, f"the key of entry {seq}")
    try:
        public_key = bytes.fromhex(content["public_key"])
    except (KeyError, TypeError, ValueError):
        raise Mismatch(f"the key of entry {seq} cannot be read") from None
    key_id = sha256(public_key)[:16]
    previous = list(chain.keys)[-1] if chain.keys else key_id
    if content.get("key_id") != key_id or link.key_id != previous:
        raise Mismatch(f"the key of entry {seq} was not introduced by the key before it")
    chain.keys[key_id] = public_key
    chain.first_key = chain.first_key or key_id


def _count(chain: Chain, seq: int, kind: str, case: Any) -> None:
    if kind == "filed":
        if case in chain.filed:
            raise Mismatch(f"case {case} was filed twice")
        chain.filed.add(case)
    elif kind in ("decided", "purge") and case not in chain.filed:
        raise Mismatch(f"case {case} was never filed, and entry {seq} speaks of it")
    if kind == "decided":
        if case in chain.decided:
            raise Mismatch(f"case {case} was decided twice")
        chain.decided[case] = seq
    elif kind == "purge":
        chain.purged.add(case)
    elif kind == "export":
        chain.exports.add((case, seq))


def read_sealed(path: Path) -> None:
    """Check that the package is byte for byte as it was written."""
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        left = size - SEAL_HEX
        if left < len(SEAL):
            raise Mismatch("the file is too short to be a package: it was cut off")
        while left:
            block = file.read(min(BLOCK, left))
            if not block:
                raise Mismatch("the file got shorter while it was read")
            digest.update(block)
            left -= len(block)
        seal = file.read()
        file.seek(size - SEAL_HEX - len(SEAL))
        mark = file.read(len(SEAL))
    if mark != SEAL or seal != digest.hexdigest().encode("ascii"):
        raise Mismatch("the package was changed or cut off after it was written")


class Package:
    """The files of a package."""

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
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError):
            raise Mismatch(f"{name} cannot be unpacked") from None

    def links(self) -> Iterator[Link]:
        """The entries of the chain."""
        for number, line in enumerate(self.read(CHAIN_NAME).splitlines(), 1):
            record = parse_canonical(line, f"line {number} of {CHAIN_NAME}")
            try:
                yield Link(
                    record["header"].encode("utf-8"),
                    record["body"].encode("utf-8") if "body" in record else None,
                    bytes.fromhex(record["signature"]) if "signature" in record else None,
                    record.get("key_id"),
                )
            except (KeyError, AttributeError, TypeError, ValueError):
                raise Mismatch(f"line {number} of {CHAIN_NAME} is no entry") from None


def check_case(package: Package, number: int, manifest_sha256: str, exported: dict[str, str]) -> set[str]:
    """Check one case of a package; returns the names of its files.

    *manifest_sha256* is what the chain's entry says, *exported* the files of the chained export (name to SHA-256).
    """
    folder = f"cases/{number:08d}/"
    data = package.read(folder + "manifest.json")
    if sha256(data) != manifest_sha256:
        raise Mismatch(f"the manifest of case {number} is not the one in the chain")
    manifest = parse_canonical(data, f"the manifest of case {number}")
    expected = {folder + Path(frame["file"]).name: frame["sha256"] for frame in manifest["frames"]}
    if manifest.get("driver") and manifest["driver"]["portrait_sha256"]:
        expected[folder + "portrait"] = manifest["driver"]["portrait_sha256"]
    expected.update({folder + name: digest for name, digest in exported.items()})
    for name, digest in expected.items():
        if sha256(package.read(name)) != digest:
            raise Mismatch(f"{name} is not what the unit recorded")
    return {folder + "manifest.json", *expected}


def check_package(path: Path, trusted: bytes | None = None) -> str:
    """Check the package at *path*; returns what holds, as one sentence.

    Raises:
        Mismatch: something does not hold.
        OSError: the file cannot be read.
    """
    read_sealed(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise Mismatch("the file is no package: it cannot be unpacked") from None
    with archive:
        try:
            chain, cases = _check_members(Package(archive))
        except (KeyError, TypeError, AttributeError, IndexError):  # a unit writes every field
            raise Mismatch("the package is not built as a unit builds one") from None
    if not chain.keys:
        raise Mismatch("nothing in the package is signed")
    if trusted is not None:
        check_trust(chain, trusted, cases)
    numbers = ", ".join(str(number) for number in cases)
    waiting = f" {len(chain.unsigned)} later entries wait for the unit's signature." if chain.unsigned else ""
    trust = "the key you trust" if trusted is not None else f"key {chain.first_key}: compare it with the authority's"
    return f"Everything holds: case {numbers}, {chain.entries} entries of the chain, signed with {trust}.{waiting}"


def _check_members(package: Package) -> tuple[Chain, list[int]]:
    """Check chain, cases and papers of an unpacked package; returns the chain and the numbers of the cases."""
    links = list(package.links())
    chain = check_chain(links)
    check_signatures(chain.signatures)
    info = parse_canonical(package.read(INFO_NAME), INFO_NAME)
    known = {CHAIN_NAME, INFO_NAME, *info["papers"]}
    cases: list[int] = info["cases"]
    for number in cases:
        export_seq = info["exports"][str(number)]
        if number not in chain.decided or (number, export_seq) not in chain.exports:
            raise Mismatch(f"case {number} is in the package and not in the chain")
        if chain.decided[number] in chain.unsigned:
            raise Mismatch(f"case {number} is not signed")
        header = json.loads(links[chain.decided[number] - 1].header)
        export = links[export_seq - 1].body
        if export is None:
            raise Mismatch(f"the export of case {number} is not in the chain")
        known |= check_case(package, number, header["body"], json.loads(export)["files"])
    for name, digest in info["papers"].items():
        if sha256(package.read(name)) != digest:
            raise Mismatch(f"{name} is not what was exported")
    if extra := set(package.names) - known:
        raise Mismatch(f"the package holds {min(extra)}, which no signature covers")
    return chain, cases


def read_public_key(path: Path) -> bytes:
    """The 32 bytes of an Ed25519 public key, from PEM or hex.

    Raises:
        Mismatch: it is no such key.
    """
    text = path.read_text(encoding="ascii", errors="replace").strip()
    if re.fullmatch("[0-9a-f]{64}", text):
        return bytes.fromhex(text)
    try:
        key = ECC.import_key(text)
        if key.curve != "Ed25519":
            raise ValueError
        return bytes(key.public_key().export_key(format="raw"))
    except ValueError:
        raise Mismatch(f"{path} is no Ed25519 public key") from None


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Check an Autovelox evidence package.")
    parser.add_argument("package", type=Path, help="the ZIP file")
    parser.add_argument("--key", type=Path, help="the unit's public key (PEM or hex), from a source you trust")
    args = parser.parse_args()
    try:
        print(check_package(args.package, read_public_key(args.key) if args.key else None))
    except Mismatch as error:
        print(f"DOES NOT HOLD: {error}.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
