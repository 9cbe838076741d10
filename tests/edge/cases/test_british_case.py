"""A case in the United Kingdom says miles per hour wherever a speed or a limit is shown, and km/h only beside them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence import to_case
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, letter_of, report_of
from edge.cases.report.readme import readme
from edge.cases.statistics import statistics_of
from edge.cases.statistics.plot import svg
from edge.cli import main
from edge.model import Basis, Outcome, Reason, SpeedUnit
from tests.support.cases import SIGNER, write_key
from tests.support.miles import lone
from tests.support.papers import BRITISH, KINDS, Kind, nobody, paper_case
from tests.support.pdf import needs_poppler, pages_of, text_of

LANGUAGES = ("en", "it", "de", "sl")


def test_what_stands_alone_is_found() -> None:
    assert lone("44.9 mph (72.4 km/h), limit 48 km/h") and not lone("44.9 mph (72,4\nkm/h)")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Case 1 names nobody."""
    folder = tmp_path_factory.mktemp("british") / "state"
    assert asyncio.run(paper_case(folder, KINDS["british-nobody"])) == 1
    return folder


@needs_poppler
@pytest.mark.parametrize("language", LANGUAGES)
def test_report_and_letter(state: Path, language: str) -> None:
    point = "." if language == "en" else ","
    for paper in (report_of(state, 1, language=language), letter_of(state, 1, language=language)):
        text = text_of(paper).replace("\N{NO-BREAK SPACE}", " ")
        assert lone(text) == []
        for figure in (f"44{point}9 mph (72{point}4 km/h)", "30 mph (48", f"14{point}9 mph", "1984"):
            assert figure in text, text
    assert len(pages_of(letter_of(state, 1, language=language))) == 1
    assert len(pages_of(report_of(state, 1, language=language))) == 2


@needs_poppler
def test_the_letter_says_what_the_acts_say_and_no_italian_law(state: Path) -> None:
    text = re.sub(r"\s+", " ", text_of(letter_of(state, 1)))
    for said in (
        "section 172 of the Road Traffic Act 1988",
        "within 28 days beginning with the day on which this notice is served",
        "could not with reasonable diligence have found out who the driver was",
        "section 1 of the Road Traffic Offenders Act 1988",
        "within 14 days of the offence",
        "this letter is not that notice",
    ):
        assert said in text
    for never in ("C.d.S.", "copy of the driver's licence", "Licence number", "date of birth"):
        assert never not in text
    report = text_of(report_of(state, 1))
    assert "section 172 of the Road Traffic Act 1988" in re.sub(r"\s+", " ", report)
    assert "C.d.S." not in report


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_commands(state: Path, tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    key = write_key(tmp_path / "signing.key")
    where = ["--state-dir", str(state), "--signing-key", str(key), "--lang", language]
    point = "." if language == "en" else ","
    for asked, figures in (
        (["list"], ("mph", f"44{point}9/30")),
        (["list", "--text", "AB123CD"], (f"44{point}9/30",)),
        (["show", "1"], (f"44{point}9 mph (72{point}4 km/h)", "30 mph")),
        (["stats"], (f"V85 44{point}9 mph", "mph, ")),
    ):
        assert main(["cases", *asked, *where]) == 0
        said = capsys.readouterr().out
        assert lone(said) == [] and all(figure in said for figure in figures), said


def test_machines_read_km_per_hour_by_their_name_and_the_unit_that_counts(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--json", "--state-dir", str(state), "--signing-key", str(write_key(tmp_path / "signing.key"))]
    assert main(["cases", "list", *where]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["speed_kmh"], row["limit_kmh"], row["speed_unit"]) == (72.4, 48.28032, "mph")
    assert main(["cases", "show", "1", *where]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["speed_unit"] == "mph" and shown["trigger"]["speed_kmh"] == 72.4
    assert set(shown["assessment"]) == {
        *("measured_kmh", "deduction_kmh", "remaining_kmh", "limit_kmh", "excess_kmh", "rule", "provision"),
    }, "a program of before reads these, and no others"
    assert main(["cases", "stats", *where]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert counted["speed_unit"] == "mph" and counted["speeds"] == {"40": 1} and counted["v85_kmh"] == 72.4


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_package_and_its_checker(state: Path, tmp_path: Path, language: str) -> None:
    package = tmp_path / "case.zip"
    export_cases(state, [1], package, officer="Conti", reason="asked for by the court", signer=SIGNER)
    assert "km/h" not in readme(language)
    checker = Path(__file__).parents[3] / "edge" / "cases" / "evidence" / "verify.py"
    ran = subprocess.run(
        [sys.executable, "-I", checker, package, "--lang", language], capture_output=True, text=True, check=True
    )
    assert lone(ran.stdout) == []
    wanted = {
        "en": ("speed     44.9 mph (72.4 km/h), limit 30 mph", "less 0.0 = 44.9 mph, 14.9 over (RTRA 1984, s. 89"),
        "it": ("velocità  44.9 mph (72.4 km/h), limite 30 mph", "meno 0.0 = 44.9 mph, 14.9 oltre il limite (RTRA 1984"),
    }[language]
    assert all(said in ran.stdout for said in wanted), ran.stdout
    assert "secondo le foto 44.2 mph, scarto tipo 2.1" in ran.stdout or language == "en"
    assert "no deduction" not in ran.stdout or language == "en"


def test_the_picture_of_the_statistics(state: Path) -> None:
    drawn = svg(statistics_of(state), "Cases").decode()
    assert "km/h" not in drawn and "V85 44.9 mph" in drawn and "Measured speed in mph, steps of 5" in drawn


def test_everything_in_the_store_holds(state: Path) -> None:
    assert "all signed" in audit(state, trusted=SIGNER.public_key)


async def test_a_list_of_both_says_which_is_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A unit that was moved: the list's head names km/h, and what counts in mph says so in its row."""
    state = tmp_path / "state"
    await paper_case(state, KINDS["identified"])
    await paper_case(state, KINDS["british"])
    assert main(["cases", "list", "--state-dir", str(state)]) == 0
    head, british, italian = capsys.readouterr().out.splitlines()[:3]
    assert "km/h" in head and "44.9/30 mph" in british and "67.4/50" in italian and "mph" not in italian
    found = statistics_of(state)
    assert found.speed_unit is SpeedUnit.MPH and found.speeds == {"40": 2}


def test_a_case_of_before_counts_in_km_per_hour(state: Path) -> None:
    with Archive(state) as archive:
        manifest = archive.manifest(1)
    assert to_case(manifest).speed_unit is SpeedUnit.MPH
    assert to_case({key: value for key, value in manifest.items() if key != "speed_unit"}).speed_unit is SpeedUnit.KMH


@needs_poppler
@pytest.mark.parametrize(
    "kind",
    [
        replace(BRITISH, basis=Basis.SIGNALLED, speed_kmh=None),
        replace(BRITISH, basis=Basis.TEST),
        replace(BRITISH, basis=Basis.NO_CERTIFICATE),
    ],
    ids=["signalled", "test", "no-certificate"],
)
async def test_a_case_without_a_speed_or_that_is_none(tmp_path: Path, kind: Kind) -> None:
    undecided = replace(kind, decide=lambda own: nobody(Outcome.UNIDENTIFIED, Reason.NO_INFRINGEMENT))
    await paper_case(tmp_path, undecided)
    text = text_of(report_of(tmp_path, 1))
    assert lone(text) == [] and "30 mph" in text.replace("\N{NO-BREAK SPACE}", " ")
    package = tmp_path.parent / f"{tmp_path.name}.zip"
    export_cases(tmp_path, [1], package, officer="Conti", signer=SIGNER)
    assert lone("\n".join(verify_package(package).facts)) == []
