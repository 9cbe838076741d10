"""Evidence packages: whatever is changed in one, in whatever way, the verifier says so in one sentence."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzzing import share
from hypothesis import given
from hypothesis import strategies as st

from edge.cases.evidence.chain import canonical
from edge.cases.evidence.signing import Signer
from edge.cases.evidence.verify import Mismatch, verify_package
from edge.cases.export import export_cases
from edge.cases.review import record
from tests.support.cases import SIGNER, filled
from tests.support.packages import (
    Members,
    chain_of,
    end_record,
    lines_of,
    members_of,
    rechained,
    resealed,
    write_package,
)

FORGER = Signer(bytes(range(1, 33)))
VALUES: list[Any] = [None, True, 0, -1, 1.5, 1e300, "", "0" * 64, [], {}, [[]], {"a": 1}, "../x", "\u202e", 2**60]


class Genuine:
    """A genuine package: its file, members, and lines of the chain."""

    def __init__(self, folder: Path, *, full_chain: bool) -> None:
        asyncio.run(filled(folder / "state", 3))
        record(folder / "state", 1, kind="confirm", officer="Conti", reason="clear", signer=SIGNER)
        to = folder / "genuine.zip"
        export_cases(folder / "state", [1], to, officer="Conti", signer=SIGNER, full_chain=full_chain)
        self.data = to.read_bytes()
        self.members = members_of(folder / "genuine.zip")
        self.path = folder / "forged.zip"
        assert verify_package(folder / "genuine.zip", SIGNER.public_key)


@pytest.fixture(scope="module", params=[True, False], ids=["whole chain", "proofs"])
def genuine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Genuine:
    return Genuine(tmp_path_factory.mktemp("package"), full_chain=request.param)


def _bytes(data: bytes, dice: random.Random) -> bytes:
    """*data* with some bytes changed, put in, or taken out."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5))):
        at = dice.randrange(len(changed)) if changed else 0
        act = dice.randrange(4)
        if act == 0 and changed:
            changed[at] ^= 1 << dice.randrange(8)
        elif act == 1:
            changed[at:at] = dice.randbytes(dice.randrange(1, 9))
        elif act == 2:
            del changed[at : at + dice.randrange(1, 9)]
        else:
            changed[at : at + 4] = dice.randbytes(4)
    return bytes(changed)


def _sealed_bytes(genuine: Genuine, dice: random.Random) -> bytes:
    return resealed(_bytes(genuine.data[:-64], dice) + b"0" * 64)


def _directory(genuine: Genuine, dice: random.Random) -> bytes:
    """Headers of the ZIP altered, sealed anew."""
    start, _ = end_record(genuine.data)
    changed = bytearray(genuine.data)
    changed[dice.randrange(start, len(changed) - 64)] ^= 1 << dice.randrange(8)
    return resealed(bytes(changed))


def _members(genuine: Genuine, dice: random.Random) -> bytes:
    members: Members = list(genuine.members)
    at, other = dice.randrange(len(members)), dice.randrange(len(members))
    name, data = members[at]
    act = dice.randrange(6)
    if act == 0:
        del members[at]
    elif act == 1:
        members.insert(other, members[at])
    elif act == 2:
        members[at], members[other] = members[other], members[at]
    elif act == 3:
        members[at] = (name, _bytes(data, dice))
    elif act == 4:
        members[at] = (dice.choice(["x", "../x", "a/b", "verify.py", "cases/00000001/7.jpg", name + "x"]), data)
    else:
        members[at] = (name, members[other][1])
    return write_package(genuine.path, members).read_bytes()


def _value(value: Any, dice: random.Random) -> Any:
    """*value* with something in it exchanged, deep inside or not."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        key = dice.choice(sorted(value))
        if dice.random() < 0.2:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: _value(value[key], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        at = dice.randrange(len(value))
        return [*value[:at], _value(value[at], dice), *value[at + 1 :]]
    return dice.choice(VALUES)


def _encode(value: Any) -> bytes:
    try:
        return canonical(value)
    except (ValueError, TypeError):
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _json_member(genuine: Genuine, dice: random.Random) -> bytes:
    name = dice.choice(["export.json", "cases/00000001/manifest.json"])
    members = [(own, _encode(_value(json.loads(data), dice)) if own == name else data) for own, data in genuine.members]
    return write_package(genuine.path, members).read_bytes()


def _lines(genuine: Genuine, dice: random.Random) -> bytes:
    lines = lines_of(genuine.members)
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    act = dice.randrange(7)
    if act == 0:
        del lines[at]
    elif act == 1:
        lines.insert(other, lines[at])
    elif act == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif act == 3 or "header" not in lines[at]:
        lines[at] = _value(lines[at], dice)
    elif act == 4:
        part = dice.choice([part for part in ("header", "body") if part in lines[at]])
        lines[at] = {**lines[at], part: _encode(_value(json.loads(lines[at][part]), dice)).decode()}
    elif act == 5:
        entries = [line for line in lines[:other] + lines[at:] if "header" in line]
        lines = lines[:at] + rechained(entries, dice.choice([FORGER, None]))[at:]
    else:
        part = dice.choice(sorted(set(lines[at]) & set(lines[other])))
        lines[at] = {**lines[at], part: lines[other][part]}
    chain = b"".join(_encode(line) + b"\n" for line in lines)
    if lines == lines_of(genuine.members):
        chain = chain_of(lines) + dice.choice([b"\n", b"{}\n", b" ", b"\0"])
    members = [(name, chain if name == "chain.jsonl" else data) for name, data in genuine.members]
    return write_package(genuine.path, members).read_bytes()


MUTATIONS: list[Callable[[Genuine, random.Random], bytes]] = [
    lambda genuine, dice: _bytes(genuine.data, dice),
    _sealed_bytes,
    _directory,
    _members,
    _json_member,
    _lines,
    _lines,
]


@share(0.2)
@given(seed=st.integers(0, 2**63))
def test_whatever_is_changed_in_a_package_is_noticed(genuine: Genuine, seed: int) -> None:
    """20,000 in ``make fuzz``. The seed alone decides what is changed, so that a failure can be repeated."""
    dice = random.Random(seed)
    forged = dice.choice(MUTATIONS)(genuine, dice)
    if forged == genuine.data:
        return
    genuine.path.write_bytes(forged)
    with pytest.raises(Mismatch) as failed:
        verify_package(genuine.path, SIGNER.public_key)
    assert str(failed.value)
    assert "\n" not in str(failed.value)
