"""Two chips claim the offender's plate: nobody is named, and two officers have the two claims opened again."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from edge.cases import Action, load_signer, write_claims
from edge.config import load
from edge.errors import CaseError
from edge.officers.accounts import Account
from edge.officers.office import Office
from tests.support.station import PEOPLE, Station

GIULIA, MARCO, DAVIDE = PEOPLE
ROUNDABOUT = ("roundabout.mp4", 40, 71.0)


async def test_the_claims_that_explain_the_photo_are_opened_again(station: Station) -> None:
    station.write_feed(ROUNDABOUT)
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        await station.drive_by(MARCO, "LS15EBC")
        await station.drive_by(DAVIDE, "88BBTS")
        assert await unit.outcome() == "ambiguous"
        unit.end()
    assert station.case(1)["kept_claims"]["count"] == 2
    taken = str(station.folder / "taken.json")
    where = ("--config", str(station.config), "--to", taken)
    alone = station.command("cases", "claims", "1", *where)
    assert alone.returncode != 0 and "reason is missing" in alone.stderr
    _two_officers_take_them(station, Path(taken))
    events = [(event["officer"], event["reason"]) for event in station.case(1)["events"]]
    assert ("Conti (conti)", "the sealed claims were taken out: file 12/2026") in events
    opened = station.command("registry", "reopen", taken, "--config", str(station.config))
    assert opened.returncode == 0, opened.stderr
    assert sorted(opened.stdout.splitlines()) == sorted(
        f"case 1: licence {licence} claims plate LS15EBC" for licence in (GIULIA, MARCO)
    )


def _two_officers_take_them(station: Station, to: Path) -> None:
    conti, bruni = Account(5001, "conti", "Conti"), Account(5002, "bruni", "Bruni")
    signer = load_signer(load(station.config).cases.signing_key_file)
    with closing(Office(load(station.config).unit.state_dir, signer)) as office:
        number = office.second.ask(conti, Action.CLAIMS, [1], reason="file 12/2026").number
        with pytest.raises(CaseError, match="let another officer agree first"):
            office.second.claims(conti, number)
        office.second.agree(bruni, number)
        with pytest.raises(CaseError, match="for the two officers alone"):
            office.second.claims(Account(5003, "verdi"), number)
        write_claims(office.second.claims(conti, number), to)


async def test_a_stolen_chip_that_claims_many_plates_names_nobody(station: Station) -> None:
    station.write_feed(ROUNDABOUT)
    async with station.unit() as unit:
        for plate in ("LS15EBC", "XSNB23", "88BBTS", "AB123CD", "LS15EBD", "LS15EBG", "LS15E8C", "L515EBC"):
            await station.drive_by(MARCO, plate)
        await unit.outcome()
        unit.end()
    case = station.case(1)
    assert (case["driver"], case["packet"], case["kept_claims"]) == (None, None, None)
    assert case["rejected_packets"] == {"several plates": 8}
    assert case["flags"] == ["a chip claimed several plates"]


async def test_who_is_not_the_keeper_is_identified_to_be_confirmed(station: Station) -> None:
    station.write_feed(ROUNDABOUT)
    async with station.unit() as unit:
        await station.drive_by(MARCO, "LS15EBC")
        assert await unit.outcome() == "identified"
        unit.end()
    assert station.case(1)["standing"] == "identified, to be confirmed"
    listed = station.command("cases", "list", "--config", str(station.config)).stdout
    assert "identified, to be confirmed" in listed
