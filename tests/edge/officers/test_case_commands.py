"""`cases list` and `cases show`, read by a person: complete without a window, for screen readers."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases import CaseStore, record
from edge.cli import main
from edge.errors import CaseError
from edge.model import Box, OtherPlate
from edge.officers import listing
from tests.support.cases import SIGNER, UNIT, filled, photo, trigger, unidentified, write_key


@pytest.fixture
async def where(tmp_path: Path) -> list[str]:
    await filled(tmp_path / "state", 3)
    return ["--state-dir", str(tmp_path / "state"), "--signing-key", str(write_key(tmp_path / "signing.key"))]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    assert main(["cases", *words]) == 0
    said = capsys.readouterr()
    return said.out, said.err


def numbers(capsys: pytest.CaptureFixture[str], where: list[str], *options: str) -> list[int]:
    return [row["number"] for row in json.loads(run(capsys, "list", "--json", *options, *where)[0])]


def test_a_list_has_a_header_local_times_and_says_what_it_leaves_out(
    where: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Rome")
    time.tzset()
    try:
        out, err = run(capsys, "list", "--limit", "2", *where)
        assert out.splitlines()[0].split() == ["case", "time", "km/h/limit", "plate", "verdict", "driver", "review"]
        assert "2026-09-21 16:13:20 CEST" in run(capsys, "list", "--all", *where)[0]
        assert len(out.splitlines()) == 1 + 2
        assert "2 of 3 cases, --all shows them" in err
    finally:
        monkeypatch.undo()
        time.tzset()


def test_all_pages_are_one_list(
    where: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_ROWS", 2)
    assert numbers(capsys, where, "--all") == [3, 2, 1]
    assert "3 cases" in run(capsys, "list", "--all", *where)[1]


def test_filters_select(where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run(capsys, "list", "--json", *where)[0])
    plate = rows[0]["plate_text"]
    assert numbers(capsys, where, "--plate", f"{plate[:2].lower()} {plate[2:]}") == [
        row["number"] for row in rows if row["plate_text"] == plate
    ]
    record(tmp_path / "state", 1, kind="dismiss", officer="Conti", reason="blurred", signer=SIGNER)
    assert numbers(capsys, where, "--review", "dismiss") == [1]
    assert numbers(capsys, where, "--since", "2026-09-20", "--until", "2026-09-22") == [3, 2, 1]
    assert numbers(capsys, where, "--since", "2026-09-23") == []
    assert numbers(capsys, where, "--until", "2026-09-20") == []
    assert main(["cases", "list", "--plate", "- -", *where]) == CaseError.exit_code


def test_a_case_is_told_in_words_and_whole(
    where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path / "state", 1, kind="hold", officer="Conti", reason="an appeal", signer=SIGNER)
    said = run(capsys, "show", "1", *where)[0]
    case = json.loads(run(capsys, "show", "1", "--json", *where)[0])
    lines = said.splitlines()
    assert {line for line in lines if line.isupper() and ":" not in line} >= {"DRIVER", "PLATE", "WHY", "HISTORY"}
    assert all(": " in line or not line or line.split(" (")[0].split(" of ")[0].isupper() for line in lines), said
    for name in ("licence", "first_name", "last_name", "birth_date", "birth_place", "categories", "issuing_office"):
        assert case["driver"][name] in said, name
    for fact in (
        case["plate"]["text"],
        "93.0 %",
        "99.9 %",
        "60.0 km/h",
        "50 km/h",
        case["site"],
        case["unit"]["serial"],
    ):
        assert fact in said, fact
    assert all(photo["sha256"] in said for photo in case["frames"])
    assert "on hold" in said and "Conti: an appeal" in said
    assert "{" not in said, "nothing is left as JSON"


def test_a_judgement_is_withdrawn_in_the_terminal(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "review", "1", "confirm", "--reason", "agrees", *where)
    run(capsys, "review", "1", "withdraw", "--reason", "the wrong case", *where)
    said, events = (
        run(capsys, "show", "1", *where)[0],
        json.loads(run(capsys, "show", "1", "--json", *where)[0])["events"],
    )
    (judged,) = [event["seq"] for event in events if event["kind"] == "confirm"]
    assert "Judgement: none yet" in said
    assert re.search(rf"^Entry \d+: Judgement withdrawn \(entry {judged}\), .*: the wrong case$", said, re.MULTILINE)
    assert numbers(capsys, where, "--review", "open") == [3, 2, 1]
    again = ["cases", "review", "1", "withdraw", "--reason", "again", "--judgement", str(judged), *where]
    assert main(again) == CaseError.exit_code
    assert "no judgement on case 1 counts" in capsys.readouterr().err


async def test_plates_of_other_vehicles_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = await CaseStore.open(tmp_path / "state", SIGNER, UNIT)
    number = await store.file_case(trigger(), [photo(0), photo(1)], [], limit_kmh=50.0, site="SP 235")
    others = (OtherPlate(0, Box(1, 2, 3, 4)), OtherPlate(1, Box(1, 2, 3, 4)), OtherPlate(1, Box(5, 2, 7, 4)))
    await store.enter_verdict(number, replace(unidentified(), others=others))
    await store.close()
    key = write_key(tmp_path / "signing.key")
    said = run(capsys, "show", "1", "--state-dir", str(tmp_path / "state"), "--signing-key", str(key))[0]
    assert "Plates of other vehicles in photo 1: 1, their texts are not kept" in said
    assert "Plates of other vehicles in photo 2: 2, their texts are not kept" in said


def test_nothing_of_the_manifest_is_left_out(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, "show", "1", *where)[0]
    case = json.loads(run(capsys, "show", "1", "--json", *where)[0])
    added = {"state", "standing", "waiting", "selfcheck", "events", "corrected_plate"}
    told = {"driver", "plate", "verdict", "trigger", "frames", "clock", "decided_utc", "flags", "rejected_packets"}
    told |= {"limit_kmh", "missed_photos", "number", "site", "kept_claims", "basis", "assessment", "plausibility"}
    for key in set(case) - added - told - {"instrument"}:
        assert re.search(rf"^{key}[.:]", said, re.MULTILINE), key


def test_a_file_is_what_its_name_says(where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pdf, package = str(tmp_path / "x.pdf"), str(tmp_path / "x.zip")
    assert main(["cases", "export", "1", "--to", pdf, *where]) == CaseError.exit_code
    assert "autovelox cases report N --to FILE.pdf" in capsys.readouterr().err
    assert main(["cases", "report", "1", "--to", package, *where]) == CaseError.exit_code
    assert not Path(pdf).exists() and not Path(package).exists()
    assert main(["cases", "report", "1", "--to", pdf, *where]) == 0
    assert Path(pdf).read_bytes().startswith(b"%PDF-")
