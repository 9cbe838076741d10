"""The letter to the keeper: made where nobody is named, with everything the keeper needs, and nothing of a driver."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from edge.cases import EventKind
from edge.cases.archive import Archive
from edge.cases.evidence import sha256
from edge.cases.export import export_report, letter_of
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.cli import main
from edge.errors import CaseError
from edge.law import PROFILES, assess
from edge.model import Basis, Decision, Outcome, Reason, Verdict
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, trigger, unidentified, write_key
from tests.support.pdf import needs_poppler, pages_of, text_of


def make(folder: Path, decision: Decision, *, country: str = "IT", basis: Basis = Basis.MEASURED) -> int:
    async def filled() -> int:
        store = await CaseStore.open(folder, SIGNER, UNIT)
        found = assess(72.4, 50.0, PROFILES[country])
        number = await store.file_case(
            replace(trigger(), speed_kmh=72.4),
            [photo()],
            [packet()],
            limit_kmh=50.0,
            site="SS13 Pontebbana km 118,4",
            basis=basis,
            assessment=found,
        )
        await store.enter_verdict(number, decision)
        await store.close()
        return number

    return asyncio.run(filled())


@needs_poppler
def test_the_letter_asks_for_the_driver_and_cites_the_law(tmp_path: Path) -> None:
    number = make(tmp_path, unidentified("ZZ999ZZ"))
    letter = letter_of(tmp_path, number, language="it")
    text = text_of(letter)
    for wanted in ("ZZ999ZZ", "art. 126-bis, comma 2, C.d.S.", "entro sessanta giorni", "67,4 km/h", "17,4 km/h oltre"):
        assert wanted in text
    assert "SS13 Pontebbana km 118,4" in text and "art. 142, comma 8" in text
    assert len(pages_of(letter)) == 1 and "un agente" not in text


@needs_poppler
def test_outside_italy_no_italian_law_is_cited(tmp_path: Path) -> None:
    text = text_of(letter_of(tmp_path, make(tmp_path, unidentified(), country="AT"), language="de"))
    assert "126-bis" not in text and "innerhalb der gesetzlichen Frist" in text


@needs_poppler
def test_where_a_correction_took_the_name_away_the_keeper_of_the_corrected_plate_is_asked(tmp_path: Path) -> None:
    number = make(tmp_path, identified(packet()))
    with pytest.raises(CaseError, match="names the driver"):
        letter_of(tmp_path, number)
    record(tmp_path, number, kind="correct_plate", officer="Conti", reason="x", plate="XY987AB", signer=SIGNER)
    text = text_of(letter_of(tmp_path, number))
    assert "XY987AB, as an officer reads it in the photo" in text
    assert "AB123CD" not in text and "Rossi" not in text and "UD1234567A" not in text


def test_nobody_is_asked_where_there_is_nothing_to_ask(tmp_path: Path) -> None:
    none = Decision(Verdict(Outcome.UNIDENTIFIED, "", 0.0, reason=Reason.NO_PLATE))
    with pytest.raises(CaseError, match="no plate was read"):
        letter_of(tmp_path / "a", make(tmp_path / "a", none))
    with pytest.raises(CaseError, match="no infringement"):
        letter_of(tmp_path / "b", make(tmp_path / "b", unidentified(), basis=Basis.TEST))
    number = make(tmp_path / "c", unidentified())
    record(tmp_path / "c", number, kind="dismiss", officer="Conti", reason="ambulance", signer=SIGNER)
    with pytest.raises(CaseError, match="dismissed"):
        letter_of(tmp_path / "c", number)


def test_the_letter_is_an_entry_of_the_chain(tmp_path: Path) -> None:
    number = make(tmp_path / "state", unidentified())
    to = tmp_path / "letter.pdf"
    export_report(tmp_path / "state", number, to, paper="letter", officer="Conti", reason="file 7", signer=SIGNER)
    with Archive(tmp_path / "state") as archive:
        (entry,) = [entry for entry in archive.open(number).checked.entries if entry.kind == EventKind.EXPORT]
    assert json.loads(entry.body)["files"] == {"letter.pdf": sha256(to.read_bytes())}


@needs_poppler
def test_the_command_writes_it_in_the_language_asked_for(tmp_path: Path) -> None:
    number = make(tmp_path / "state", unidentified())
    key = write_key(tmp_path / "signing.key")
    where = ["--state-dir", str(tmp_path / "state"), "--signing-key", str(key)]
    for to, more in (("it.pdf", []), ("en.pdf", ["--lang", "en"])):
        assert main(["cases", "letter", str(number), "--to", str(tmp_path / to), *more, *where]) == 0
    assert "All'intestatario del veicolo" in text_of((tmp_path / "it.pdf").read_bytes())
    assert "To the keeper of the vehicle" in text_of((tmp_path / "en.pdf").read_bytes())
