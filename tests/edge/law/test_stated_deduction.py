"""Where this program does not know what the law deducts the authority says it, with a source; nowhere else may it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases, letter_of, report_of
from edge.config import Settings, load
from edge.daemon.rules import rules_of
from edge.errors import ConfigError
from edge.identify import ANY_FORMAT, Thresholds
from edge.law import Profile, profile_of
from edge.model import Basis, Trigger
from tests.support.cases import SIGNER
from tests.support.papers import KINDS, SLOVENE, paper_case
from tests.support.pdf import needs_poppler, text_of

STATED = ("deduction_kmh = 5", "deduction_percent = 5", 'deduction_source = "navodilo organa 4/2026"')
PROVISION = "ZPrCP, 46. člen"


def configured(folder: Path, *lines: str, more: tuple[str, ...] = ()) -> Settings:
    path = folder / "autovelox.toml"
    path.write_text("\n".join(["[speed]", *lines, *more]))
    return load(path)


def profile(settings: Settings) -> Profile:
    return rules_of(settings, ANY_FORMAT, Thresholds(0.9, 3.0, 1.0, 0.0)).profile


@pytest.mark.parametrize(
    ("kmh", "remaining", "provision"),
    [(55.0, 50.0, ""), (55.1, 50.1, PROVISION), (100.0, 95.0, PROVISION), (117.0, 111.1, PROVISION)],
)
def test_it_is_deducted_and_says_by_whom_it_is_stated(
    tmp_path: Path, kmh: float, remaining: float, provision: str
) -> None:
    settings = configured(tmp_path, 'law = "SI"', *STATED)
    rules = rules_of(settings, ANY_FORMAT, Thresholds(0.9, 3.0, 1.0, 0.0))
    found = rules.assessment(Trigger(0.0, 0, kmh))
    assert found is not None
    assert (found.remaining_kmh, found.provision) == (remaining, provision)
    assert found.rule == "deduction as stated by the authority, source: navodilo organa 4/2026"
    assert rules.basis(Trigger(0.0, 0, kmh)) == (Basis.MEASURED if provision else None)


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_without_all_of_it_the_unit_does_not_start(tmp_path: Path, left_out: int) -> None:
    lines = [line for place, line in enumerate(STATED) if place != left_out]
    with pytest.raises(ConfigError, match="what the law of SI deducts from a measured speed is not known") as refused:
        configured(tmp_path, 'law = "SI"', *lines)
    assert "deduction_kmh, deduction_percent, and in deduction_source" in refused.value.remedy


def test_a_source_of_blanks_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not known"):
        configured(tmp_path, 'law = "SI"', *STATED[:2], 'deduction_source = "  "')


@pytest.mark.parametrize("law", ["IT", "AT", "DE", "FR", "none"])
@pytest.mark.parametrize("line", STATED, ids=["kmh", "percent", "source"])
def test_where_the_law_says_it_nobody_else_does(tmp_path: Path, law: str, line: str) -> None:
    with pytest.raises(ConfigError, match=f"a deduction is stated, and law is {law}"):
        configured(tmp_path, f'law = "{law}"', line)


@pytest.mark.parametrize(
    "lines",
    [('law = "SI"', *STATED), ('law = "none"',), ('law = "FR"',), ('law = "GB"', "limit_mph = 30")],
    ids=["stated", "none", "other", "miles"],
)
def test_a_site_in_italy_does_not_escape_its_law(tmp_path: Path, lines: tuple[str, ...]) -> None:
    site = ("[site]", 'country = "IT"', 'road = "SS 13"')
    with pytest.raises(ConfigError, match="the site is in IT") as refused:
        configured(tmp_path, *lines, more=site)
    assert refused.value.remedy.startswith("set law in [speed] to")
    assert profile(configured(tmp_path, 'law = "IT"', more=site)).country == "IT"


def test_what_a_unit_of_before_wrote_for_slovenia_still_opens(tmp_path: Path) -> None:
    """There was no profile: the documentation said none, and a tolerance."""
    site = ("[site]", 'country = "SI"', 'road = "G2"')
    assert profile(configured(tmp_path, 'law = "none"', "tolerance_kmh = 7", more=site)).country == ""


def test_the_profile_alone_deducts_nothing_unsaid() -> None:
    with pytest.raises(ConfigError, match="not known to this program"):
        profile_of("SI")


@needs_poppler
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "deduction as stated by the authority, source: "),
        ("it", "riduzione dichiarata dall'autorità, fonte: "),
        ("de", "von der Behörde angegebener Abzug, Quelle: "),
        ("sl", "odbitek, kot ga navaja organ, vir: "),
    ],
)
async def test_report_and_letter_name_the_source(tmp_path: Path, language: str, said: str) -> None:
    await paper_case(tmp_path, KINDS["slovene"])
    for paper in (report_of(tmp_path, 1, language=language), letter_of(tmp_path, 1, language=language)):
        text = " ".join(text_of(paper).split())
        assert said + "C.d.S. navaja le kot zgled" in text and PROVISION in text
    assert "sixty days" not in text and "sessanta giorni" not in text, "the text of a source is not the law that counts"


async def test_the_checker_says_it(tmp_path: Path) -> None:
    await paper_case(tmp_path / "state", replace(SLOVENE, speed_kmh=117.0))
    export_cases(tmp_path / "state", [1], tmp_path / "case.zip", officer="Conti", signer=SIGNER)
    facts = "\n".join(verify_package(tmp_path / "case.zip").facts)
    assert "less 5.9 = 111.1 km/h, 61.1 over (deduction as stated by the authority, source: " in facts
