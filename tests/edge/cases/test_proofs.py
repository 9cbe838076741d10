"""Packages with proofs: small however long the chain is, and as hard to forge as those with all of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence import sign_checkpoint
from edge.cases.evidence.chain import DOMAIN, canonical
from edge.cases.evidence.signing import Signer, create_signing_key
from edge.cases.evidence.verify import (
    KeyFileError,
    Mismatch,
    NotProved,
    parse_checkpoint,
    read_checkpoint,
    verify_package,
)
from edge.cases.export import export_cases
from edge.cases.review import record
from edge.cases.storage import StateFolder, newest_checkpoint, rotate_signing_key
from edge.cases.store import CaseStore
from edge.errors import CaseError, EvidenceError
from tests.support.cases import SIGNER, UNIT, filled, photo, trigger, unidentified
from tests.support.packages import Line, Members, exchanged, holds, lines_of, members_of, with_chain

OTHER = Signer(bytes(range(1, 33)))


def exported(state: Path, to: Path, *numbers: int, **words: Any) -> Members:
    """The members of a package with proofs."""
    export_cases(state, numbers, to, officer="Conti", signer=SIGNER, **words)
    return members_of(to)


async def lived(state: Path, witness: Path, cases: int) -> None:
    """A unit that says it starts, files so many cases, checks itself, and writes a checkpoint at its stop."""
    store = await CaseStore.open(state, SIGNER, UNIT, witness_dirs=[witness])
    await store.note("configuration", {"sha256": "1"})
    await store.note("start", {"after": "nothing"})
    await store.note("selfcheck", {"good": True})
    for _ in range(cases):
        number = await store.file_case(trigger(), [photo()], [], limit_kmh=50.0, site="SP 235")
        await store.enter_verdict(number, unidentified())
    await store.note("selfcheck", {"good": True})
    await store.note("stop", {})
    await store.close()


def test_it_holds_and_says_what_it_has(proved: Members, tmp_path: Path) -> None:
    says = holds(proved, tmp_path)
    # key, filed and decided of two cases, a dismissal, two exports; four cases and their verdicts make 12 in all
    assert "case 3, 1, 8 of the 12 entries of the chain, each proved to be in it, signed with the key you trust" in says
    kinds = [json.loads(line["header"])["kind"] for line in lines_of(proved)[:-1]]
    assert kinds == ["key", "filed", "decided", "filed", "decided", "dismiss", "export", "export"]


async def test_it_has_what_the_unit_said_of_itself_around_a_case(tmp_path: Path) -> None:
    await lived(tmp_path / "state", tmp_path, 3)
    members = exported(tmp_path / "state", tmp_path / "package.zip", 2)
    lines = lines_of(members)[:-1]
    assert [json.loads(line["header"])["kind"] for line in lines] == [
        "key", "configuration", "start", "selfcheck", "filed", "decided", "selfcheck", "export"
    ]  # fmt: skip
    assert all(line["body"] for line in lines if json.loads(line["header"])["kind"] not in ("filed", "decided"))
    facts = "\n".join(verify_package(tmp_path / "package.zip").facts)
    assert "self-check good before" in facts and "good after" in facts and "Root of the tree" in facts


async def test_a_long_chain_makes_no_large_package(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 2)
    sizes = []
    for round_number, notes in enumerate((0, 300, 600)):
        store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT)
        for number in range(notes):
            await store.note("clock", {"number": number})
        await store.close()
        members = exported(tmp_path / "state", tmp_path / f"{round_number}.zip", 1)
        sizes.append(len(dict(members)["chain.jsonl"]) - 1200 * round_number)  # each export is an entry of the case
    assert sizes[2] < sizes[0] + 6000, sizes
    export_cases(tmp_path / "state", [1], tmp_path / "full.zip", officer="Conti", signer=SIGNER, full_chain=True)
    assert len(dict(members_of(tmp_path / "full.zip"))["chain.jsonl"]) > 400_000


FORGERIES: dict[str, Callable[[list[Line]], list[Line]]] = {
    "a proof with another hash": lambda lines: _changed(lines, 2, proof=["0" * 64, *lines[2]["proof"][1:]]),
    "a proof without its last hash": lambda lines: _changed(lines, 2, proof=lines[2]["proof"][:-1]),
    "a proof with one hash more": lambda lines: _changed(lines, 2, proof=[*lines[2]["proof"], "0" * 64]),
    "a proof in capitals": lambda lines: _changed(lines, 2, proof=[each.upper() for each in lines[2]["proof"]]),
    "a proof that is no list of texts": lambda lines: _changed(lines, 2, proof=[7]),
    "another entry's proof": lambda lines: _changed(lines, 2, proof=lines[3]["proof"]),
    "no proof": lambda lines: [{k: v for k, v in line.items() if k != "proof"} for line in lines],
    "an entry left out": lambda lines: [*lines[:5], *lines[6:]],
    "the dismissal's content left out": lambda lines: [
        {k: v for k, v in line.items() if k != "body" or index != 5} for index, line in enumerate(lines)
    ],
    "no checkpoint": lambda lines: lines[:-1],
    "no entries": lambda lines: lines[-1:],
    "the checkpoint of fewer entries": lambda lines: _changed(lines, -1, seq=lines[-1]["seq"] - 1),
    "the checkpoint with another root": lambda lines: _changed(lines, -1, root="0" * 64),
    "the checkpoint without a root": lambda lines: _changed(lines, -1, root=""),
}


def _changed(lines: list[Line], index: int, **what: object) -> list[Line]:
    found = [dict(line) for line in lines]
    found[index] = {**found[index], **what}
    return found


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_noticed(proved: Members, tmp_path: Path, name: str) -> None:
    forged = FORGERIES[name](lines_of(proved))
    assert forged != lines_of(proved)
    with pytest.raises(Mismatch):
        holds(with_chain(proved, forged), tmp_path)


def test_every_signature_and_every_entry_counts(proved: Members, tmp_path: Path) -> None:
    lines = lines_of(proved)
    for index, line in enumerate(lines[:-1]):
        for changed in (
            {**line, "signature": lines[index - 1].get("signature", "")},
            {name: value for name, value in line.items() if name not in ("signature", "key_id")},
            {**line, "key_id": OTHER.key_id},
        ):
            with pytest.raises(Mismatch):
                holds(with_chain(proved, [*lines[:index], changed, *lines[index + 1 :]]), tmp_path)
        for order in ([*lines[:index], *lines[index + 1 :]], [*lines[:index], line, *lines[index:]]):
            with pytest.raises(Mismatch):
                holds(with_chain(proved, order), tmp_path)


async def test_another_tree_of_the_same_unit_does_not_do(tmp_path: Path) -> None:
    """Two stores signed with one key: entries, or the whole file, of one in a package of the other."""
    for name in ("one", "other"):
        await filled(tmp_path / name, 3)
    one, other = (exported(tmp_path / name, tmp_path / f"{name}.zip", 1) for name in ("one", "other"))
    with pytest.raises(Mismatch):
        holds(exchanged(one, {"chain.jsonl": dict(other)["chain.jsonl"]}), tmp_path)
    mine, foreign = lines_of(one), lines_of(other)
    for index in range(1, len(mine)):
        with pytest.raises(Mismatch):
            holds(with_chain(one, [*mine[:index], foreign[index], *mine[index + 1 :]]), tmp_path)


async def test_a_tree_that_was_cut_short_does_not_do(tmp_path: Path) -> None:
    """A genuine older export of the same case, before its dismissal: it holds for what it was, mixed with nothing."""
    await filled(tmp_path / "state", 2)
    before = exported(tmp_path / "state", tmp_path / "before.zip", 1)
    record(tmp_path / "state", 1, kind="dismiss", officer="Conti", reason="an ambulance", signer=SIGNER)
    after = exported(tmp_path / "state", tmp_path / "after.zip", 1)
    old, new = lines_of(before), lines_of(after)
    for forged in ([*new[:-1], old[-1]], [*old[:-1], new[-1]], [*new[:-3], *old[-2:]]):
        with pytest.raises(Mismatch):
            holds(with_chain(after, forged), tmp_path)
        with pytest.raises(Mismatch):
            holds(with_chain(before, forged), tmp_path)
    remembered = parse_checkpoint(canonical(new[-1]), "it")
    with pytest.raises(Mismatch, match="its end was cut off, or the package is older"):
        verify_package(tmp_path / "before.zip", SIGNER.public_key, remembered)


async def test_a_split_view_is_seen_by_who_remembers_a_checkpoint(tmp_path: Path) -> None:
    """The unit's own key shows the court another chain than the one whose checkpoint the court has."""
    await lived(tmp_path / "state", tmp_path, 2)
    witness = newest_checkpoint(tmp_path)
    assert witness is not None
    remembered = read_checkpoint(witness)
    assert len(remembered.root) == 64
    honest = tmp_path / "honest.zip"
    exported(tmp_path / "state", honest, 1, checkpoint=remembered)
    says = verify_package(honest, SIGNER.public_key, remembered).sentence
    assert f"The chain holds entry {remembered.seq} of the checkpoint" in says
    await lived(tmp_path / "again", tmp_path / "nowhere", 2)
    lying = tmp_path / "lying.zip"
    with pytest.raises(EvidenceError, match="not the one of the checkpoint: the chain was rewritten"):
        exported(tmp_path / "again", lying, 1, checkpoint=remembered)
    assert not lying.exists()
    itself = sign_checkpoint(SIGNER, "AVX-TEST", remembered.seq, "0" * 64, "0" * 64, at_utc=1.0)
    exported(tmp_path / "again", lying, 1, checkpoint=None)
    with pytest.raises((Mismatch, NotProved)):
        verify_package(lying, SIGNER.public_key, remembered)
    with pytest.raises(Mismatch):
        verify_package(honest, SIGNER.public_key, parse_checkpoint(itself, "it"))


async def test_a_checkpoint_that_no_proof_is_there_of_is_no_success(tmp_path: Path) -> None:
    await lived(tmp_path / "state", tmp_path, 2)
    witness = newest_checkpoint(tmp_path)
    assert witness is not None
    record(tmp_path / "state", 2, kind="view", officer="Conti", signer=SIGNER)
    exported(tmp_path / "state", tmp_path / "other.zip", 1)
    remembered = read_checkpoint(witness)
    package = tmp_path / "other.zip"
    with pytest.raises(NotProved, match="have it exported for this checkpoint, or with the whole chain"):
        verify_package(package, SIGNER.public_key, remembered)
    tool = tmp_path / "verify.py"
    tool.write_bytes(dict(members_of(package))["verify.py"])
    command = [sys.executable, "-I", str(tool), str(package), "--checkpoint", str(witness)]
    ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
    assert (ran.returncode, "no proof of entry" in ran.stderr) == (2, True)
    full = tmp_path / "full.zip"
    exported(tmp_path / "state", full, 1, full_chain=True)
    assert "of the checkpoint" in verify_package(full, SIGNER.public_key, remembered).sentence


async def test_a_checkpoint_of_format_1_still_counts(tmp_path: Path) -> None:
    await lived(tmp_path / "state", tmp_path, 1)
    witness = newest_checkpoint(tmp_path)
    assert witness is not None
    content = json.loads(witness.read_bytes())
    del content["signature"], content["root"]
    content["format"] = "autovelox-checkpoint/1"
    signature = SIGNER.sign(b"autovelox-checkpoint-1\n" + canonical(content)).hex()
    earlier = parse_checkpoint(canonical({**content, "signature": signature}), "it")
    assert earlier.root == ""
    exported(tmp_path / "state", tmp_path / "package.zip", 1, checkpoint=earlier)
    assert "of the checkpoint" in verify_package(tmp_path / "package.zip", SIGNER.public_key, earlier).sentence
    with pytest.raises(KeyFileError):
        parse_checkpoint(canonical({**content, "root": "0" * 64, "signature": signature}), "it")


async def test_after_a_change_of_the_key_the_old_one_signs_no_tree(tmp_path: Path) -> None:
    key = tmp_path / "signing.key"
    old = create_signing_key(key)
    await filled(tmp_path / "state", 2, signer=old)
    new = rotate_signing_key(tmp_path / "state", key)
    export_cases(tmp_path / "state", [1], tmp_path / "case.zip", officer="Conti", signer=new)
    members = members_of(tmp_path / "case.zip")
    for trusted in (old.public_key, new.public_key):
        assert "2 " not in holds(members, tmp_path, trusted)[:20]
    lines = lines_of(members)
    checkpoint = {name: value for name, value in lines[-1].items() if name != "signature"} | {"key_id": old.key_id}
    forged = {**checkpoint, "signature": old.sign(b"autovelox-checkpoint-1\n" + canonical(checkpoint)).hex()}
    with pytest.raises(Mismatch, match="key of its time"):
        holds(with_chain(members, [*lines[:-1], forged]), tmp_path, old.public_key)
    without = [line for line in lines if "key" not in json.loads(line.get("header", '{"kind": ""}'))["kind"]]
    with pytest.raises(Mismatch):
        holds(with_chain(members, without), tmp_path, new.public_key)


async def test_the_unit_that_signs_another_case_into_its_tree_is_seen(proved: Members, tmp_path: Path) -> None:
    """Even with the key: an entry more than the export names is refused, and so is one less."""
    lines = lines_of(proved)
    header = json.loads(lines[1]["header"])
    signed = SIGNER.sign(DOMAIN + canonical(header)).hex()
    assert signed == lines[1]["signature"], "it is the unit's own key"
    with pytest.raises(Mismatch, match="not those that the export names"):
        holds(with_chain(proved, [lines[0], *lines[3:]]), tmp_path)


async def test_a_case_that_is_not_decided_is_not_exported(tmp_path: Path) -> None:
    await filled(tmp_path / "state", 1, decide=False)
    with pytest.raises(CaseError, match="not decided yet"):
        exported(tmp_path / "state", tmp_path / "package.zip", 1)
    with Archive(tmp_path / "state") as archive:
        assert archive.count() == 1
    assert StateFolder(tmp_path / "state").database.exists() and not (tmp_path / "package.zip").exists()


async def test_a_checkpoint_whose_root_is_not_that_of_its_entries_is_refused(tmp_path: Path) -> None:
    """A whole chain shows the tree as well: a signed checkpoint must name the root of the entries that it names."""
    await lived(tmp_path / "state", tmp_path, 1)
    witness = newest_checkpoint(tmp_path)
    assert witness is not None
    honest = read_checkpoint(witness)
    lying = parse_checkpoint(sign_checkpoint(SIGNER, "AVX-TEST", honest.seq, honest.hash, "0" * 64, at_utc=1.0), "it")
    exported(tmp_path / "state", tmp_path / "full.zip", 1, full_chain=True)
    assert "of the checkpoint" in verify_package(tmp_path / "full.zip", SIGNER.public_key, honest).sentence
    with pytest.raises(Mismatch, match="the tree up to entry"):
        verify_package(tmp_path / "full.zip", SIGNER.public_key, lying)
    assert audit(tmp_path / "state", checkpoint=honest).startswith("Everything holds")
    with pytest.raises(EvidenceError, match="the tree up to entry"):
        audit(tmp_path / "state", checkpoint=lying)
