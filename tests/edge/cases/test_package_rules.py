"""Packages: every signature, entry and member counts, and so do the rules of what a chain may say."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.cases.evidence.chain import canonical
from edge.cases.evidence.signing import Signer
from edge.cases.evidence.verify import Mismatch
from edge.cli import main
from edge.errors import CaseError, EvidenceError, SecretError
from tests.support.cases import SIGNER
from tests.support.packages import (
    Line,
    Members,
    holds,
    lines_of,
    rechained,
    with_chain,
    write_package,
)

FORGER = Signer(bytes(range(1, 33)))


def test_every_signature_counts(package: Members, tmp_path: Path) -> None:
    """Each signature in turn is taken away, exchanged for another entry's, or claimed by another key."""
    lines = lines_of(package)
    for index, line in enumerate(lines):
        other = lines[index - 1]
        bare = {name: value for name, value in line.items() if name not in ("signature", "key_id")}
        for forged in (
            bare,
            {**bare, "key_id": line["key_id"]},
            {**bare, "signature": line["signature"]},
            {**line, "signature": other["signature"]},
            {**line, "signature": line["signature"].upper()},
            {**line, "key_id": FORGER.key_id},
        ):
            if forged == line:
                continue
            with pytest.raises(Mismatch):
                holds(with_chain(package, [*lines[:index], forged, *lines[index + 1 :]]), tmp_path)


def _orders(count: int) -> list[tuple[str, Callable[[list[int]], list[int]]]]:
    made: list[tuple[str, Callable[[list[int]], list[int]]]] = []
    for at in range(count):
        made.append((f"drop {at}", lambda order, at=at: order[:at] + order[at + 1 :]))  # type: ignore[misc]
        made.append((f"repeat {at}", lambda order, at=at: order[: at + 1] + order[at:]))  # type: ignore[misc]
        made.append((f"last {at}", lambda order, at=at: [*order[:at], *order[at + 1 :], at]))  # type: ignore[misc]
        for to in range(at):
            made.append((f"swap {at} {to}", lambda order, at=at, to=to: _swapped(order, at, to)))  # type: ignore[misc]
    return made


def _swapped(order: list[int], one: int, two: int) -> list[int]:
    order = list(order)
    order[one], order[two] = order[two], order[one]
    return order


def test_every_entry_dropped_repeated_or_moved_is_missed(package: Members, tmp_path: Path) -> None:
    lines = lines_of(package)
    same = list(range(len(lines)))
    for name, change in _orders(len(lines)):
        order = change(same)
        if order != same:
            with pytest.raises(Mismatch):
                holds(with_chain(package, [lines[index] for index in order]), tmp_path)
                raise AssertionError(name)


def test_every_member_dropped_repeated_moved_or_exchanged_is_missed(package: Members, tmp_path: Path) -> None:
    same = list(range(len(package)))
    for name, change in _orders(len(package)):
        order = change(same)
        if order != same:
            with pytest.raises(Mismatch):
                holds([package[index] for index in order], tmp_path)
                raise AssertionError(name)
    generator = random.Random(1)
    for index in same:
        for _ in range(3):
            other = generator.choice([i for i in same if package[i][1] != package[index][1]])
            forged = [*package[:index], (package[index][0], package[other][1]), *package[index + 1 :]]
            with pytest.raises(Mismatch):
                holds(forged, tmp_path)


def edited(line: Line, **header: object) -> Line:
    """*line* with other values in its header."""
    return {**line, "header": canonical({**json.loads(line["header"]), **header}).decode()}


def body_of(kind: str, **content: object) -> Line:
    """A line of some *kind* about case 1, to be chained."""
    header = {"at": 9e9, "body": "", "case": 1, "kind": kind, "previous": "", "seq": 0}
    content = {"officer": "x", "reason": "x", "account": "x", **content}
    return {"header": canonical(header).decode(), "body": canonical(content).decode()}


RULES: dict[str, tuple[Callable[[list[Line]], list[Line]], str]] = {
    "nothing": (lambda lines: lines, ""),
    "time runs backwards": (
        lambda lines: [*lines[:5], edited(lines[5], at=1.0), *lines[6:]],
        "entry 6 is earlier than the one before, and no clock entry says why",
    ),
    "time runs backwards, and a clock entry says so": (
        lambda lines: [
            *lines[:5],
            edited(lines[5], at=1.0),
            {**body_of("clock", backwards=[6]), "header": edited(body_of("clock"), case=None, at=1.0)["header"]},
            *lines[6:],
        ],
        "",
    ),
    "something after the export": (lambda lines: [*lines, body_of("view")], "newest entry is not the export"),
    "something within the export": (
        lambda lines: [*lines[:-1], edited(body_of("view"), at=json.loads(lines[-1]["header"])["at"]), lines[-1]],
        "not entered for each of its cases",
    ),
    "an export that names no package": (
        lambda lines: [*lines[:-1], edited(body_of("export", files={}), at=9e9)],
        "does not name the files of a package",
    ),
    "a purged case": (
        lambda lines: [*lines[:-2], edited(body_of("purge"), at=json.loads(lines[-2]["header"])["at"]), *lines[-2:]],
        "has no verdict in the chain",
    ),
    "a case that was never filed": (
        lambda lines: [*lines[:-2], edited(lines[8], case=77), *lines[-2:]],
        "was never filed",
    ),
    "a verdict twice": (lambda lines: [*lines[:-2], lines[2], *lines[-2:]], "decided twice"),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_that_hold_even_for_the_units_own_key(package: Members, tmp_path: Path, name: str) -> None:
    """Each chain is signed with the genuine key from end to end: what is wrong is what it says."""
    change, words = RULES[name]
    forged = with_chain(package, rechained(change(lines_of(package)), SIGNER))
    if not words:
        assert "Everything holds" in holds(forged, tmp_path)
        return
    with pytest.raises(Mismatch, match=words):
        holds(forged, tmp_path)


def test_the_command_tells_what_the_verifier_tells(
    package: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write_package(tmp_path / "case.zip", package))
    key, printed = tmp_path / "key.pem", tmp_path / "report.pdf"
    key.write_text(SIGNER.public_pem())
    printed.write_bytes(dict(package)["cases/00000003/report.pdf"])
    assert main(["cases", "verify", path, "--key", str(key), "--report", str(printed)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Everything holds: case 3, 1,")
    assert "The printed report is the report of case 3 as exported at" in said
    printed.write_bytes(printed.read_bytes() + b" ")
    assert main(["cases", "verify", path, "--report", str(printed)]) == EvidenceError.exit_code
    assert "this report is none that the package's chain names" in capsys.readouterr().err
    for wrong in ("--key", "--checkpoint"):
        assert main(["cases", "verify", path, wrong, str(printed)]) == SecretError.exit_code
    assert main(["cases", "verify", "--report", str(printed)]) == CaseError.exit_code
