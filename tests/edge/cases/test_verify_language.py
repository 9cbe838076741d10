"""The checker speaks Italian: every sentence it may say, and nothing of the evidence itself is translated."""

from __future__ import annotations

import ast
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cases.evidence import verify
from edge.cases.evidence.verify import ITALIAN, spoken, translated, verify_package
from edge.cases.export import export_cases
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.law import PROFILES, assess
from edge.model import Basis
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger, unidentified
from tests.support.packages import exchanged, members_of, write_package

SOURCE = Path(verify.__file__)
INSTRUMENT = {
    "approval": "D.D. 97/2024",
    "radar": {"make": "Acme", "model": "R7", "serial": "4711"},
    "calibration": {
        "certificate": "26-118",
        "laboratory": "LAT 105",
        "calibrated_on": "2026-03-02",
        "valid_until": "2027-03-01",
    },
}


def _sentences() -> dict[str, str]:
    """What the checker may raise: each sentence with made-up values, by the line of the source it stands in."""
    numbers = itertools.count(101)
    found = {}
    for node in ast.walk(ast.parse(SOURCE.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
            continue
        if node.func.id not in {"Mismatch", "KeyFileError", "NotProved"}:
            continue
        argument = node.args[0]
        if isinstance(argument, ast.Constant):
            found[f"line {node.lineno}"] = str(argument.value)
        elif isinstance(argument, ast.JoinedStr):
            pieces = [
                str(piece.value) if isinstance(piece, ast.Constant) else f"X{next(numbers)}"
                for piece in argument.values
            ]
            found[f"line {node.lineno}"] = "".join(pieces)
    return found


SENTENCES = _sentences()
COMPOSED = re.compile(r"X\d+ is X\d+")
"""A sentence that is put together of two others, each of which has its own row below."""


@pytest.mark.parametrize("where", sorted(SENTENCES))
def test_every_sentence_has_an_italian_one(where: str) -> None:
    sentence = SENTENCES[where]
    if COMPOSED.fullmatch(sentence):
        sentence = sentence.split(" is ")[0] + " is not what was exported"
    told = [translated(sentence, "it"), translated(sentence + ".", "it")]
    assert any(words not in (sentence, sentence + ".") for words in told), f"no Italian for {sentence!r}"
    for value in re.findall(r"X\d+", sentence):
        assert any(value in words for words in told)


def test_the_test_has_sentences_to_look_at() -> None:
    assert len(SENTENCES) > 50


async def _package(folder: Path, *, checks: tuple[bool | None, bool | None] = (None, None), full: bool = False) -> Path:
    store = await CaseStore.open(folder / "state", SIGNER, UNIT, instrument=INSTRUMENT)
    if checks[0] is not None:
        await store.note("selfcheck", {"good": checks[0]})
    for decision in (identified(packet()), unidentified(), identified(packet())):
        found = assess(72.4, 50.0, PROFILES["IT"])
        number = await store.file_case(
            trigger(),
            [photo()],
            [packet()],
            limit_kmh=50.0,
            site="entry 7 is not signed",
            basis=Basis.MEASURED,
            assessment=found,
        )
        await store.enter_verdict(number, decision)
    if checks[1] is not None:
        await store.note("selfcheck", {"good": checks[1]})
    await store.close()
    for number, kind, plate in ((1, "correct_plate", "XY987AB"), (2, "dismiss", None), (3, "confirm", None)):
        words = "the key you trust"
        record(folder / "state", number, kind=kind, officer="Conti", reason=words, plate=plate, signer=SIGNER)
    to = folder / "case.zip"
    export_cases(folder / "state", [1, 2, 3], to, officer="Conti", signer=SIGNER, full_chain=full)
    return folder / "case.zip"


ENGLISH = {"by", "limit", "over", "approval", "certificate", "follows", "before", "after", "driver", "verdict", "good"}
ENGLISH |= {"entry", "entries", "chain", "with", "failed", "everything", "holds"}


@pytest.mark.parametrize("full", [False, True], ids=["proofs", "full-chain"])
@pytest.mark.parametrize("before", [None, True, False], ids=["none-before", "good-before", "failed-before"])
@pytest.mark.parametrize("after", [None, True, False], ids=["not-yet-after", "good-after", "failed-after"])
async def test_every_line_of_the_result_is_translated_and_no_evidence(
    tmp_path: Path, full: bool, before: bool | None, after: bool | None
) -> None:
    verified = verify_package(await _package(tmp_path, checks=(before, after), full=full))
    sentence = translated(verified.sentence, "it")
    assert sentence.startswith("Tutto è integro: caso 1, 2, 3, ")
    assert not ENGLISH & set(re.findall(r"[a-z]+", sentence.lower())), sentence
    for line in verified.facts:
        told = translated(line, "it")
        if line.startswith("  SHA-256"):
            assert told == line
            continue
        assert told != line, line
        words = told.replace("entry 7 is not signed", "")  # the site, which is shown as it is
        assert not ENGLISH & set(re.findall(r"[a-z]+", words)), told
    everything = "\n".join(translated(line, "it") for line in verified.facts)
    assert "luogo     entry 7 is not signed" in everything, "a site was translated"
    assert everything.count("the key you trust") == 3, "an officer's reason was translated"


async def test_the_program_speaks_it_when_asked_or_by_its_locale(tmp_path: Path) -> None:
    package = await _package(tmp_path)
    broken = write_package(tmp_path / "broken.zip", exchanged(members_of(package), {"README.txt": b"another"}))

    def run(file: Path, *words: str, **environ: str) -> str:
        command = [sys.executable, "-I", str(SOURCE), str(file), *words]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
        done = subprocess.run(command, capture_output=True, text=True, env={**clean, "PYTHONUTF8": "1", **environ})
        return done.stdout + done.stderr

    assert run(package).startswith("Everything holds")
    assert run(package, "--lang", "it").startswith("Tutto è integro")
    assert run(package, LANG="it_IT.UTF-8").startswith("Tutto è integro")
    assert run(package, "--lang", "en", LANG="it_IT.UTF-8").startswith("Everything holds")
    said = run(broken, "--lang", "it").strip()
    assert said == "NON È INTEGRO: README.txt non è ciò che è stato esportato."


@pytest.mark.parametrize("version", ["1", "2"])
def test_what_the_chip_proves_is_said_in_italian(version: str) -> None:
    lines = {
        "1": ["  chip      protocol version 1: the answer is not signed; the registry's key opens it"],
        "2": [
            "  chip      protocol version 2: the driver's chip signed the answer with key",
            "            0123abcd: compare it with the registry's",
        ],
    }[version]
    source = SOURCE.read_text("utf-8")
    for line in lines:
        assert line.partition("0123abcd")[2] in source if "0123abcd" in line else line in source
        assert translated(line, "it") != line


def test_braces_in_the_evidence_stay_braces() -> None:
    assert translated("  place     {} {t} {", "it") == "  luogo     {} {t} {"


def test_sentences_that_follow_each_other_are_translated_each() -> None:
    trust = "Everything holds: case 1, 4 entries of the chain, signed with key 01: compare it with the authority's."
    both = translated(f"{trust} {verify.REDACTED}.", "it")
    assert both.startswith("Tutto è integro") and "oscurato" in both and "authority" not in both
    report = "The printed report is the report of case 1 as exported at 2026-11-29 05:00:00 UTC by Isp. M. Conti."
    assert translated(report, "it").endswith("esportato il 2026-11-29 05:00:00 UTC da Isp. M. Conti.")
    quoted = "  officer   confirm by Conti: seen. Case 1, recorded by unit X"
    assert translated(quoted, "it") == "  agente    confermato: Conti: seen. Case 1, recorded by unit X"


def test_the_locale_chooses() -> None:
    assert spoken({"LC_ALL": "it_IT.UTF-8", "LANG": "en_GB"}) == "it"
    assert spoken({"LANG": "de_DE"}) == spoken({}) == "en"


def test_no_translation_lacks_a_value() -> None:
    for english, italian in ITALIAN.items():
        assert re.findall(r"\{t?\}", english) == re.findall(r"\{t?\}", italian)
