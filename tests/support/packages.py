"""Taking evidence packages apart and putting them together again, as somebody who knows the format well would."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edge.cases.evidence.chain import DOMAIN, NO_HASH, canonical
from edge.cases.evidence.signing import Signer
from edge.cases.evidence.verify import verify_package
from edge.cases.storage.package import PackageWriter
from tests.support.cases import SIGNER

Members = list[tuple[str, bytes]]
Line = dict[str, Any]


def members_of(path: Path) -> Members:
    """Name and bytes of each member, in order."""
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def write_package(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """A package of format 2 with *members*, sealed, at *path*."""
    with path.open("w+b") as file:
        writer = PackageWriter(file)
        for name, data in members:
            writer.add(name, data)
        writer.finish()
    return path


def write_package_of_format_1(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """A package of format 1 with *members*, sealed, at *path*."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
        archive.comment = b"autovelox-sha256:" + b"0" * 64
    data = out.getvalue()[:-64]
    path.write_bytes(data + hashlib.sha256(data).hexdigest().encode())
    return path


def exchanged(members: Members, change: Mapping[str, bytes | None]) -> Members:
    """*members* with some exchanged (None: left out), and new ones in their place by name."""
    found = {**dict(members), **change}
    names = sorted(name for name, data in found.items() if data is not None and name != "chain.jsonl")
    if found.get("chain.jsonl") is not None:
        names.append("chain.jsonl")
    return [(name, data) for name in names if (data := found[name]) is not None]


def lines_of(members: Members) -> list[Line]:
    """The lines of the chain."""
    return [json.loads(line) for line in dict(members)["chain.jsonl"].splitlines()]


def chain_of(lines: Iterable[Line]) -> bytes:
    """The file that holds *lines*."""
    return b"".join(canonical(line) + b"\n" for line in lines)


def rechained(lines: Iterable[Line], signer: Signer | None) -> list[Line]:
    """*lines* numbered and chained anew, with hashes of bodies where there are some, all signed by *signer*.

    Without *signer* nothing is signed.
    """
    previous, made = NO_HASH, []
    for seq, line in enumerate(lines, 1):
        header = {**json.loads(line["header"]), "seq": seq, "previous": previous}
        if "body" in line:
            header["body"] = hashlib.sha256(line["body"].encode()).hexdigest()
        encoded = canonical(header)
        new: Line = {name: value for name, value in line.items() if name in ("body", "proof")} | {
            "header": encoded.decode()
        }
        if signer is not None:
            new |= {"signature": signer.sign(DOMAIN + encoded).hex(), "key_id": signer.key_id}
        made.append(new)
        previous = hashlib.sha256(encoded).hexdigest()
    return made


def resealed(data: bytes) -> bytes:
    """The bytes of a package with the seal that they should have."""
    return data[:-64] + hashlib.sha256(data[:-64]).hexdigest().encode()


def end_record(data: bytes) -> tuple[int, int]:
    """Where the directory of a package begins, and where it ends."""
    end = data.rindex(b"PK\5\6")
    size, offset = struct.unpack("<2I", data[end + 12 : end + 20])
    return offset, offset + size


def holds(members: Members, folder: Path, trusted: bytes | None = SIGNER.public_key) -> str:
    """What the verifier says of a package of *members*, written into *folder*."""
    return verify_package(write_package(folder / "forged.zip", members), trusted).sentence


def with_chain(members: Members, lines: list[Line]) -> Members:
    """*members* with another chain."""
    return exchanged(members, {"chain.jsonl": chain_of(lines)})
