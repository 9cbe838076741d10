"""What the report says in words: flags, and what the law leaves of a measured speed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, report_of
from edge.cases.report.words import flag_words
from edge.cases.store import CaseStore
from edge.law import PROFILES, assess
from edge.model import Basis, Flag
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
