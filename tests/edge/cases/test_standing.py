"""A case says what it is wherever it stands: no infringement, signalled without a figure, to be confirmed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases
from edge.cases.report import speeds, words
from edge.cases.store import CaseStore
from edge.cli import main
from edge.model import Basis, Case, Decision, Flag, Reason
from edge.viewer.text import basis_words, language, verdict_words
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger, unidentified, write_key

BASES = (Basis.MEASURED, Basis.SIGNALLED, Basis.NO_SPEED, Basis.IMPOSSIBLE_SPEED, Basis.TEST, Basis.OBSERVED)


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    """A store with a case of each basis, then one that an officer has to confirm, then one of an earlier program."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    for basis in BASES:
        speed = 72.4 if basis in (Basis.MEASURED, Basis.OBSERVED) else None
        at = replace(trigger(speed_kmh=speed), impossible=basis is Basis.IMPOSSIBLE_SPEED)
        number = await store.file_case(at, [photo()], [], limit_kmh=50.0, site="SP 235", basis=basis)
        nobody = unidentified()
        await store.enter_verdict(number, Decision(replace(nobody.verdict, reason=Reason.NO_INFRINGEMENT)))
    own = packet()
    for flags, basis in (((Flag.NOT_THE_KEEPER,), Basis.MEASURED), ((), None)):
        number = await store.file_case(trigger(), [photo()], [own], limit_kmh=50.0, site="SP 235", basis=basis)
        await store.enter_verdict(number, replace(identified(own), flags=flags))
    await store.close()
    return tmp_path


def cases(state: Path) -> list[Case]:
    with Archive(state) as archive:
        return [archive.case(number) for number in range(1, 9)]


def test_the_store_keeps_the_basis_and_still_verifies(state: Path) -> None:
    found = cases(state)
    assert [case.basis for case in found] == [*BASES, Basis.MEASURED, None]
    assert [case.is_infringement for case in found] == [True, True, False, False, False, False, True, True]
    assert [case.is_to_be_confirmed for case in found] == [False] * 6 + [True, False]
    assert found[3].trigger.impossible
    assert audit(state).startswith("Everything holds: 8 cases")


def test_the_list_says_it(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive(state) as archive:
        rows = archive.summaries(order="oldest")
    assert [row.basis for row in rows] == [*BASES, Basis.MEASURED, None]
    assert [row.is_to_be_confirmed for row in rows] == [False] * 6 + [True, False]
    assert main(["cases", "list", "--order", "oldest", "--state-dir", str(state)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip() and line.split()[0].isdigit()]
    assert ["no infringement" in line for line in lines] == [False, False, True, True, True, True, False, False]
    assert ["to be confirmed" in line for line in lines] == [False] * 6 + [True, False]


def test_the_viewer_says_it_in_both_languages(state: Path) -> None:
    with Archive(state) as archive:
        rows = archive.summaries(order="oldest")
    try:
        for tag, none, confirm in (
            ("en_GB", "No infringement", "Identified, to be confirmed"),
            ("it_IT", "Nessuna infrazione", "Identificato, da confermare"),
        ):
            language.use(tag)
            for case, row in zip(cases(state), rows, strict=True):
                assert verdict_words(case) == verdict_words(row)
            said = [verdict_words(row)[0] for row in rows]
            assert said[2:6] == [none] * 4 and said[6] == confirm
            assert none not in (*said[:2], said[7])
            assert len({basis_words(basis) for basis in BASES}) == len(BASES)
    finally:
        language.use("en_GB")


def test_the_report_says_it(state: Path) -> None:
    found = cases(state)
    assert [words.verdict_words(case) for case in found[2:6]] == ["No infringement"] * 4
    assert words.verdict_words(found[6]).endswith(", to be confirmed")
    assert speeds.speed_words(found[1]) == "signalled by the radar, speed not recorded"
    assert speeds.speed_words(found[0]).startswith("72.4\N{NO-BREAK SPACE}km/h")
    assert "no infringement: the unit only observes" in speeds.speed_words(found[5])
    assert "impossible" in speeds.speed_words(found[3])


def test_the_package_says_it(state: Path, tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    export_cases(state, [2, 3, 7, 8], package, officer="Conti", reason="asked for by the court", signer=SIGNER)
    facts = "\n".join(verify_package(package).facts)
    assert "signalled by the radar, speed not recorded" in facts
    assert "verdict   no infringement (no_speed)" in facts
    assert facts.count("identified, to be confirmed") == 1


def test_showing_a_case_says_how_it_stands(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = write_key(state.parent / f"{state.name}.key")
    assert main(["cases", "show", "3", "--json", "--state-dir", str(state), "--signing-key", str(key)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["basis"], shown["state"], shown["standing"]) == ("no_speed", "decided", "no infringement")
