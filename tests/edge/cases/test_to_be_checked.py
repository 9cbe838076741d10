"""A case whose photos do not bear out the radar says so wherever it stands, and lists can be asked for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases import CaseFilter, Standing
from edge.cases.archive import Archive
from edge.cases.audit import audit
from edge.cases.evidence.verify import verify_package
from edge.cases.export import export_cases
from edge.cases.report import words
from edge.cases.store import CaseStore
from edge.cli import main
from edge.model import Basis, Flag, Outcome, Plausibility, Reason, SpeedAgreement, SpeedUnit
from edge.viewer.text import flag_words, language, plausibility_words, verdict_words
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger, unidentified, write_key

KMH = SpeedUnit.KMH
AGREES = Plausibility(SpeedAgreement.AGREES, 70.2, 6.4, 8.31, 520)
CONTRADICTS = Plausibility(SpeedAgreement.CONTRADICTS, 31.0, 4.0, 8.0, 360)
OTHER_FITS = Plausibility(SpeedAgreement.OTHER_FITS, 31.0, 4.0, 8.0, 360)
NOTHING = Plausibility(SpeedAgreement.TELLS_NOTHING)
NUMBERS = {"checked": [2, 3, 4], "confirm": [5], "none": [6]}


@pytest.fixture
async def state(tmp_path: Path) -> Path:
    """Borne out; in doubt twice; unidentified and in doubt; not the keeper; no infringement; of an earlier program."""
    store = await CaseStore.open(tmp_path, SIGNER, UNIT)
    own = packet()
    named, nobody = identified(own), unidentified()
    doubted = replace(named.verdict, outcome=Outcome.AMBIGUOUS, reason=Reason.SPEED_IN_DOUBT, claim=None)
    checked = replace(named, verdict=doubted, driver=None, kept=(own,))
    for basis, decision in (
        (Basis.MEASURED, replace(named, plausibility=AGREES)),
        (Basis.MEASURED, replace(checked, plausibility=CONTRADICTS, flags=(Flag.SPEED_CONTRADICTED,))),
        (Basis.SIGNALLED, replace(checked, plausibility=OTHER_FITS, flags=(Flag.OTHER_VEHICLE_FITS,))),
        (Basis.MEASURED, replace(nobody, plausibility=CONTRADICTS, flags=(Flag.SPEED_CONTRADICTED,))),
        (Basis.MEASURED, replace(named, plausibility=NOTHING, flags=(Flag.NOT_THE_KEEPER,))),
        (Basis.TEST, nobody),
        (None, named),
    ):
        number = await store.file_case(trigger(), [photo()], [own], limit_kmh=50.0, site="SP 235", basis=basis)
        await store.enter_verdict(number, decision)
    await store.close()
    return tmp_path


def test_the_store_keeps_what_the_photos_said_and_verifies(state: Path) -> None:
    with Archive(state) as archive:
        found = [archive.case(number) for number in range(1, 8)]
    assert [each.plausibility for each in found] == [AGREES, CONTRADICTS, OTHER_FITS, CONTRADICTS, NOTHING, None, None]
    assert [each.number for each in found if each.is_to_be_checked] == NUMBERS["checked"]
    assert [each.driver is not None for each in found] == [True, False, False, False, True, False, True]
    assert audit(state).startswith("Everything holds: 7 cases")


@pytest.mark.parametrize(
    ("standing", "outcome", "key"),
    [
        (Standing.TO_BE_CHECKED, "to-be-checked", "checked"),
        (Standing.TO_BE_CONFIRMED, "to-be-confirmed", "confirm"),
        (Standing.NO_INFRINGEMENT, "no-infringement", "none"),
    ],
)
def test_a_list_can_be_asked_for_one_standing(
    state: Path, capsys: pytest.CaptureFixture[str], standing: Standing, outcome: str, key: str
) -> None:
    with Archive(state) as archive:
        rows = archive.summaries(CaseFilter(standing=standing), order="oldest")
        assert [row.number for row in rows] == NUMBERS[key]
        assert archive.count(CaseFilter(standing=standing)) == len(NUMBERS[key])
    assert main(["cases", "list", "--outcome", outcome, "--order", "oldest", "--state-dir", str(state)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip() and line.split()[0].isdigit()]
    assert [int(line.split()[0]) for line in lines] == NUMBERS[key]
    assert all(outcome.replace("-", " ") in line for line in lines)


@pytest.mark.parametrize(("outcome", "numbers"), [("identified", [1, 5, 7]), ("ambiguous", [2, 3]), ("pending", [])])
def test_a_list_can_be_asked_for_one_verdict(
    state: Path, capsys: pytest.CaptureFixture[str], outcome: str, numbers: list[int]
) -> None:
    command = ["cases", "list", "--json", "--order", "oldest", "--outcome", outcome]
    assert main([*command, "--state-dir", str(state)]) == 0
    assert [row["number"] for row in json.loads(capsys.readouterr().out)] == numbers


def test_the_viewer_says_it_in_both_languages(state: Path) -> None:
    with Archive(state) as archive:
        rows = archive.summaries(order="oldest")
        found = [archive.case(number) for number in range(1, 8)]
    try:
        for tag, check, says in (
            ("en_GB", "To be checked", "the photos contradict the radar: 31 km/h, standard deviation 4, 8.0 m away"),
            ("it_IT", "Da controllare", "le foto contraddicono il radar: 31 km/h, scarto tipo 4, a 8.0 m"),
        ):
            language.use(tag)
            assert [verdict_words(row) for row in rows] == [verdict_words(case) for case in found]
            assert [row.number for row in rows if verdict_words(row)[0] == check] == NUMBERS["checked"]
            assert plausibility_words(CONTRADICTS, KMH) == says
            assert len({plausibility_words(each, KMH) for each in (AGREES, CONTRADICTS, OTHER_FITS, NOTHING)}) == 4
            assert all(flag_words(flag) != str(flag) for flag in Flag)
    finally:
        language.use("en_GB")


def test_report_and_package_say_it(state: Path, tmp_path: Path) -> None:
    with Archive(state) as archive:
        found = [archive.case(number) for number in range(1, 8)]
    assert [each.number for each in found if words.verdict_words(each).startswith("To be checked")] == [2, 3, 4]
    agrees = "the photos are consistent with the radar: 70.2 km/h, standard deviation 6.4; a check, not the measurement"
    assert words.plausibility_words(AGREES, KMH) == agrees
    assert words.plausibility_words(NOTHING, KMH) == "the photos tell nothing of the speed"
    package = tmp_path / "package.zip"
    export_cases(state, [1, 2, 3, 5], package, officer="Conti", reason="asked for by the court", signer=SIGNER)
    told = "\n".join(verify_package(package).facts)
    assert "photos    are consistent with the radar, by them 70.2 km/h, standard deviation 6.4" in told
    assert "photos    contradict the radar, by them 31.0 km/h" in told
    assert "photos    another vehicle fits the radar better" in told
    assert "photos    tell nothing of the speed\n" in told
    assert told.count("verdict   ambiguous, to be checked") == 2


def test_showing_a_case_says_it(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = write_key(state.parent / f"{state.name}.key")
    assert main(["cases", "show", "2", "--json", "--state-dir", str(state), "--signing-key", str(key)]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["standing"] == "to be checked" and shown["driver"] is None
    assert shown["plausibility"]["agreement"] == "contradicts"
