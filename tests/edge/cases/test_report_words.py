"""What the report says in words: flags, and what the law leaves of a measured speed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.cases.evidence.sentences import flag_sentence, to_flags
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, report_of
from edge.cases.report.language import TERRITORIES, speaking
from edge.cases.report.words import basis_words, flag_words, reason_words, rejected_words
from edge.cases.store import CaseStore
from edge.law import PROFILES, assess
from edge.model import Basis, Flag, Packet, Reason, Rejection
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
@pytest.mark.parametrize("flag", Flag)
def test_the_report_says_flags_in_words(tmp_path: Path, flag: Flag) -> None:
    async def make() -> int:
        store = await CaseStore.open(tmp_path, SIGNER, UNIT)
        number = await store.file_case(trigger(), [photo()], [packet()], limit_kmh=50.0, site="SP 235")
        await store.enter_verdict(number, replace(identified(packet()), flags=(flag,)))
        await store.close()
        return number

    report = report_of(tmp_path, asyncio.run(make()))
    done = subprocess.run(["pdftotext", "-", "-"], input=report, capture_output=True, check=True)
    text = " ".join(done.stdout.decode().split())
    assert flag_words(flag)[:30] in text
    assert flag.value not in text


@pytest.mark.parametrize("tag", sorted(set(TERRITORIES) - {"en"}))
@pytest.mark.parametrize(
    ("words", "members"),
    [(flag_words, Flag), (reason_words, Reason), (basis_words, Basis)],
    ids=["flags", "reasons", "bases"],
)
def test_whatever_a_case_says_is_said_in_each_language(
    tag: str, words: Callable[[Any], str], members: type[Flag] | type[Reason] | type[Basis]
) -> None:
    english = [words(member) for member in members]
    assert not set(english) & {member.value for member in members}
    with speaking(tag):
        said = [words(member) for member in members]
    assert len(set(said)) == len(said) and not set(said) & set(english)


def test_a_flag_of_a_copied_chip_is_what_earlier_units_wrote() -> None:
    sentence = "a chip was copied: its counter does not rise"
    assert flag_sentence(Flag.COPIED_CHIP) == sentence
    assert to_flags([sentence]) == (Flag.COPIED_CHIP,)


def _report_of(folder: Path, sealed: Packet, rejected: dict[Rejection, int]) -> str:
    async def make() -> int:
        store = await CaseStore.open(folder, SIGNER, UNIT)
        number = await store.file_case(trigger(), [photo()], [sealed], limit_kmh=50.0, site="SP 235")
        await store.enter_verdict(number, replace(identified(sealed), rejected=rejected))
        await store.close()
        return number

    done = subprocess.run(["pdftotext", "-", "-"], input=report_of(folder, asyncio.run(make())), capture_output=True)
    return " ".join(done.stdout.decode().split())


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_report_says_by_the_version_of_the_packet_what_is_proved(tmp_path: Path) -> None:
    first = _report_of(tmp_path / "1", packet(), {})
    assert "somebody who has the data of this driver's chip" in first
    assert "In version 1 of the protocol the chip signs nothing" in first
    signed = replace(packet(), version=2, sealed_uid=bytes(120), counter=7, signature=bytes(512), verify_key=b"der")
    second = _report_of(tmp_path / "2", signed, {Rejection.COPIED_CHIP: 2, Rejection.SIGNATURE: 1})
    assert "the chip of this driver's licence signed an answer" in second
    assert "signs nothing" not in second and "who sat at the wheel" in second
    assert "no authority certified it" in second
    third = _report_of(tmp_path / "3", replace(signed, certified_until=4_000_000_000, certification=bytes(64)), {})
    assert "holds the authority's certificate of that chip's key for this licence, until 2 October 2096" in third
    assert "no authority certified it" not in third
    assert "2 answers: the chip was copied" in second and "1 answer: the chip's signature is wrong" in second


def test_every_rejection_that_is_no_wrong_answer_has_words_of_its_own() -> None:
    wrong = {Rejection.DECRYPTION, Rejection.JSON, Rejection.FIELDS, Rejection.CHARACTERS}
    wrong |= {Rejection.NONCE, Rejection.TIMESTAMP, Rejection.HASH}
    said = {rejection: rejected_words([(rejection, 1)])[0] for rejection in Rejection}
    others = [said[rejection] for rejection in Rejection if rejection not in wrong]
    assert len(set(others)) == len(others) and not {said[rejection] for rejection in wrong} & set(others)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_report_says_what_the_law_leaves_of_the_speed(tmp_path: Path) -> None:
    async def make() -> int:
        store = await CaseStore.open(tmp_path, SIGNER, UNIT)
        found = assess(64.0, 50.0, PROFILES["IT"])
        at = replace(trigger(), speed_kmh=64.0)
        basis = Basis.MEASURED
        number = await store.file_case(
            at, [photo()], [packet()], limit_kmh=50.0, site="SS13", basis=basis, assessment=found
        )
        await store.enter_verdict(number, identified(packet()))
        await store.close()
        return number

    number = asyncio.run(make())
    done = subprocess.run(["pdftotext", "-", "-"], input=report_of(tmp_path, number), capture_output=True, check=True)
    text = " ".join(done.stdout.decode().split())
    for wanted in ("59.0 km/h", "measured 64.0 less 5.0", "9.0 km/h over", "art. 142, comma 7", "art. 345"):
        assert wanted in text, wanted
    package = tmp_path / "case.zip"
    export_cases(tmp_path, [number], package, officer="Isp. M. Conti", signer=SIGNER)
    facts = verify_package(package, SIGNER.public_key).facts
    assert any("less 5.0 = 59.0 km/h, 9.0 over" in line for line in facts)
