"""Forgers: what a stranger, the holder of a package, and whoever has a superseded key can make hold. Nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from edge.cases.evidence.chain import DOMAIN, NO_HASH, canonical
from edge.cases.evidence.signing import Signer, create_signing_key, key_content, load_signer
from edge.cases.evidence.verify import Mismatch, verify_package
from edge.cases.export import export_cases
from edge.cases.storage.signatures import rotate_signing_key
from edge.cases.store import CaseStore
from tests.edge.cases.test_last_commit import ARCHIVE
from tests.support.archives import unpack
from tests.support.cases import SIGNER, UNIT, filled
from tests.support.packages import (
    Members,
    chain_of,
    exchanged,
    holds,
    lines_of,
    members_of,
    rechained,
    with_chain,
    write_package,
    write_package_of_format_1,
)

FORGER = Signer(bytes(range(1, 33)))


def test_the_genuine_one_holds_and_says_what_it_proves(package: Members, tmp_path: Path) -> None:
    verified = verify_package(write_package(tmp_path / "again.zip", package), SIGNER.public_key)
    assert verified.sentence.startswith("Everything holds: case 3, 1, 12 entries of the chain")
    facts = "\n".join(verified.facts)
    for wanted in (
        "Case 1, recorded by unit AVX-TEST",
        "time      2026-09-21 14:13:20 UTC",
        "place     SP 235, km 12",
        "speed     60.0 km/h, limit 50 km/h",
        "plate     AB000CD",
        "driver    Ada Rossi, licence UD1234567A",
        "dismiss by Conti: an ambulance",
        "driver    nobody is named",
        hashlib.sha256(dict(package)["cases/00000001/report.pdf"]).hexdigest(),
    ):
        assert wanted in facts


def stranger_of_format_1(members: Members) -> Members:
    """Attack 1: a stranger who knows nothing but the authority's public key claims an introduction by it."""
    line = lines_of(members)
    head, made = NO_HASH, []
    keys = [
        (key_content(SIGNER, supersedes=None), {"key_id": SIGNER.key_id}),
        (key_content(FORGER, supersedes=SIGNER.key_id), {"key_id": SIGNER.key_id}),
    ]
    for seq, (content, claim) in enumerate(keys, 1):
        body = canonical({**content, "salt": "0" * 32})
        digest = hashlib.sha256(body).hexdigest()
        header = canonical({"at": 0, "body": digest, "case": None, "kind": "key", "previous": head, "seq": seq})
        head = hashlib.sha256(header).hexdigest()
        made.append({"header": header.decode(), "body": body.decode(), **claim})
    rest = rechained([*made, *line[1:]], FORGER)[2:]
    return with_chain(members, [*made, *rest])


def test_attack_1_a_stranger_with_the_public_key(package: Members, tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="half a signature"):
        holds(stranger_of_format_1(package), tmp_path)
    unsigned_key = [*lines_of(stranger_of_format_1(package))]
    for line in unsigned_key[:2]:
        del line["key_id"]
    with pytest.raises(Mismatch, match="nobody signed it"):
        holds(with_chain(package, unsigned_key), tmp_path)
    own = rechained(lines_of(package), FORGER)
    with pytest.raises(Mismatch):
        holds(with_chain(package, own), tmp_path)


def test_attack_1_on_a_package_of_format_1(tmp_path: Path) -> None:
    """Of this forged package the last commit's verifier says: everything holds, signed with the key you trust."""
    unpack(ARCHIVE, tmp_path)
    members = members_of(tmp_path / "export.zip")
    trusted = load_signer(tmp_path / "signing.key.old").public_key
    assert "cannot prove" in verify_package(tmp_path / "export.zip", trusted).sentence
    key_id = hashlib.sha256(trusted).hexdigest()[:16]
    lines = lines_of(members)
    first = {"header": lines[0]["header"], "body": lines[0]["body"]}
    own = canonical({**key_content(FORGER, supersedes=key_id), "salt": "0" * 32}).decode()
    others = [line for line in lines[1:] if '"kind":"key"' not in line["header"]]
    chained = rechained([first, {**first, "body": own}, *others], FORGER)  # as many entries as there were
    for claim, words in (({"key_id": key_id}, "half a signature"), ({}, "nobody signed it")):
        for index in range(2):
            chained[index] = {name: chained[index][name] for name in ("header", "body")} | claim
        forged = [(name, chain_of(chained) if name == "chain.jsonl" else data) for name, data in members]
        with pytest.raises(Mismatch, match=words):
            verify_package(write_package_of_format_1(tmp_path / "forged.zip", forged), trusted)


def test_attack_4_the_holder_of_a_genuine_package(package: Members, tmp_path: Path) -> None:
    """The holder drops the dismissal at the end, swaps what was made for people, and adds files."""
    lines = lines_of(package)
    for lost in range(1, 4):
        with pytest.raises(Mismatch):
            holds(with_chain(package, lines[:-lost]), tmp_path)
    without_body = [{name: value for name, value in line.items() if name != "body"} for line in lines]
    for index, line in enumerate(lines):
        if "body" in line:
            with pytest.raises(Mismatch, match=r"is missing from the package|is empty|not the export"):
                holds(with_chain(package, [*lines[:index], without_body[index], *lines[index + 1 :]]), tmp_path)
    one, three = dict(package)["cases/00000001/report.pdf"], dict(package)["cases/00000003/report.pdf"]
    swaps: list[dict[str, bytes | None]] = [
        {"cases/00000001/report.pdf": three, "cases/00000003/report.pdf": one},
        {"cases/00000001/overlay.jpg": b"another"},
        {"export.json": canonical({"format": "autovelox-export/2", "cases": [1]})},
        {"verify.py": b"print('Everything holds')"},
        {"cases/00000009/report.pdf": b"%PDF"},
    ]
    for change in swaps:
        with pytest.raises(Mismatch, match=r"not what was exported|no signature covers it"):
            holds(exchanged(package, change), tmp_path)
    for name in ("../../tmp/x", "/etc/passwd", "verify.py/", "cases/1/0.jpg", "sitecustomize.py", "Crypto/__init__.py"):
        with pytest.raises(Mismatch, match="no unit gives"):
            holds(exchanged(package, {name: b"x"}), tmp_path)


def test_attack_4_a_package_of_format_2_does_not_become_one_of_format_1(package: Members, tmp_path: Path) -> None:
    """Cut off before the export, with a forged export of format 1 at its end, which that format does not sign."""
    lines = lines_of(package)[:-2]
    folder = "cases/00000001/"
    files = {name: hashlib.sha256(dict(package)[folder + name]).hexdigest() for name in ("report.pdf", "overlay.jpg")}
    body = canonical({"officer": "x", "reason": "", "account": "x", "files": files, "salt": "0" * 32})
    header = {**json.loads(lines[-1]["header"]), "kind": "export", "case": 1, "seq": len(lines) + 1}
    header |= {"previous": hashlib.sha256(lines[-1]["header"].encode()).hexdigest()}
    header["body"] = hashlib.sha256(body).hexdigest()
    lines.append({"header": canonical(header).decode(), "body": body.decode()})
    papers = ("README.txt", "verify.py", "public-key.pem")
    info = {
        "format": "autovelox-export/1",
        "cases": [1],
        "exports": {"1": len(lines)},
        "papers": {name: hashlib.sha256(dict(package)[name]).hexdigest() for name in papers},
    }
    change: dict[str, bytes | None] = {"export.json": canonical(info), "chain.jsonl": chain_of(lines)}
    members = [pair for pair in exchanged(package, change) if not pair[0].startswith("cases/00000003/")]
    with pytest.raises(Mismatch, match="packages of format 2, and this is none"):
        verify_package(write_package_of_format_1(tmp_path / "forged.zip", members), SIGNER.public_key)


async def test_attack_7_whoever_has_a_superseded_key(tmp_path: Path) -> None:
    """After a rotation the old key signs nothing: not at the end of the chain, and not another successor."""
    key = tmp_path / "signing.key"
    old = create_signing_key(key)
    await filled(tmp_path / "state", 1, signer=old)
    new = rotate_signing_key(tmp_path / "state", key)
    store = await CaseStore.open(tmp_path / "state", new, UNIT)
    await store.close()
    export_cases(tmp_path / "state", [1], tmp_path / "case.zip", officer="Conti", signer=new, full_chain=True)
    members = members_of(tmp_path / "case.zip")
    for trusted in (old.public_key, new.public_key):
        assert "the key you trust" in holds(members, tmp_path, trusted)
    lines = lines_of(members)
    introduced = next(i for i, line in enumerate(lines) if json.loads(line["header"]).get("kind") == "key" and i)
    for index in range(introduced + 1, len(lines)):
        message = DOMAIN + lines[index]["header"].encode()
        forged = {**lines[index], "key_id": old.key_id, "signature": old.sign(message).hex()}
        with pytest.raises(Mismatch, match="signs nothing since it was superseded"):
            holds(with_chain(members, [*lines[:index], forged, *lines[index + 1 :]]), tmp_path, old.public_key)
    body = canonical({**key_content(FORGER, supersedes=old.key_id), "salt": "0" * 32})
    entry = {"at": 9e9, "body": hashlib.sha256(body).hexdigest(), "case": None, "kind": "key", "seq": len(lines) + 1}
    header = canonical({**entry, "previous": hashlib.sha256(lines[-1]["header"].encode()).hexdigest()})
    successor = {"header": header.decode(), "body": body.decode(), "key_id": old.key_id}
    successor["signature"] = old.sign(DOMAIN + header).hex()
    with pytest.raises(Mismatch, match="not introduced by the key before it"):
        holds(with_chain(members, [*lines, successor]), tmp_path, old.public_key)
