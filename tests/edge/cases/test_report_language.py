"""The report in the officers' languages: every message is translated, and no English sentence is left."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from edge.cases.export import report_of
from edge.cases.report import language
from edge.cases.report.words import officer_did, rule_words
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.cases.views import EventKind
from edge.errors import CaseError
from edge.law import NO_DEDUCTION, PROFILES, assess
from edge.model import Basis, Decision, Flag, Outcome, Reason, Rejection, Verdict
from tests.support.cases import SIGNER, UNIT, identified, packet, photo, read, trigger, unidentified
from tests.support.pdf import needs_poppler, text_of

ROOT = Path(language.__file__).parents[1]
KEYWORDS = {"_": None, "ngettext": (1, 2)}
OTHERS = sorted(set(language.TERRITORIES) - {"en"})


pytestmark = pytest.mark.usefixtures("rome")


def _messages() -> set[str | tuple[str, ...]]:
    return {found[2] for found in extract_from_dir(ROOT, [("**.py", "python")], keywords=KEYWORDS)}


def _catalogue(tag: str) -> Catalog:
    with (language.LOCALE_DIR / tag / "LC_MESSAGES" / "report.po").open("rb") as file:
        return read_po(file, locale=tag)


def _pairs(catalogue: Catalog) -> set[str]:
    return {repr((tuple(m.id), tuple(m.string)) if m.pluralizable else (m.id, m.string)) for m in catalogue if m.id}


def _names(text: str) -> set[str | None]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name}


@pytest.mark.parametrize("tag", OTHERS)
def test_every_message_is_translated_and_none_is_left_over(tag: str) -> None:
    catalogue = _catalogue(tag)
    assert {message.id for message in catalogue if message.id} == _messages()
    for message in catalogue:
        if not message.id:
            continue
        sources = message.id if message.pluralizable else (message.id,)
        for form in message.string if message.pluralizable else (message.string,):
            assert form, f"no {tag} for {message.id!r}"
            assert _names(form) == _names(sources[0])


@pytest.mark.parametrize("tag", OTHERS)
def test_the_compiled_catalogue_is_the_written_one(tag: str) -> None:
    with (language.LOCALE_DIR / tag / "LC_MESSAGES" / "report.mo").open("rb") as file:
        compiled = read_mo(file)
    assert _pairs(compiled) == _pairs(_catalogue(tag))


def test_no_message_hides_in_a_formatted_string() -> None:
    """The extractor does not see ``f"{_('...')}"``, and such a text would stay English."""
    hidden = re.compile(r"""f["'].*\{[^}]*\b_\(""")
    assert not [
        path.name for path in ROOT.rglob("*.py") for line in path.read_text().splitlines() if hidden.search(line)
    ]


def test_every_rule_of_a_profile_is_said_in_every_language() -> None:
    for profile in (*PROFILES.values(), NO_DEDUCTION):
        with language.speaking("it"):
            assert rule_words(profile.rule) != profile.rule, f"no Italian for {profile.rule!r}"


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize("tag", OTHERS)
def test_every_act_of_an_officer_has_words(tag: str, kind: EventKind) -> None:
    english = officer_did(kind)
    assert english != kind
    with language.speaking(tag):
        assert officer_did(kind) not in {english, kind}


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(CaseError, match="no report in the language 'xx'"), language.speaking("xx"):
        pass


async def _one(folder: Path, decision: Decision, *, basis: Basis = Basis.MEASURED, speed: float | None = 72.4) -> int:
    store = await CaseStore.open(folder, SIGNER, UNIT)
    found = assess(speed, 50.0, PROFILES["IT"]) if speed is not None else None
    number = await store.file_case(
        trigger(speed_kmh=speed), [photo()], [packet()], limit_kmh=50.0, site="Via Roma", basis=basis, assessment=found
    )
    await store.enter_verdict(number, decision)
    await store.close()
    return number


def _decisions() -> dict[str, Decision]:
    own = identified(packet())
    several = Verdict(Outcome.AMBIGUOUS, "AB123CD", 0.5, (-0.2, -0.9, -8.3, -22.0, -30.0, -31.0), read=read())
    reasons = {
        f"reason-{reason}": Decision(
            Verdict(Outcome.UNIDENTIFIED, "AB123CD", 0.5, (-0.2, -8.3), reason, read=read()), missed_photos=2
        )
        for reason in Reason
    }
    rejected = dict.fromkeys(Rejection, 2)
    return {
        "identified": Decision(own.verdict, 0, own.driver, tuple(Flag), rejected),
        "ambiguous": Decision(several),
        "unidentified": unidentified(),
        **reasons,
    }


def _english(text: str, tag: str) -> set[str]:
    """English messages, or their pieces between values, that stand in *text* though they read otherwise in *tag*."""
    found = set()
    for message in _catalogue(tag):
        if not message.id:
            continue
        sources = message.id if message.pluralizable else (message.id,)
        forms = message.string if message.pluralizable else (message.string,)
        for source in sources:
            pieces = [piece.strip(" .,:;()") for piece, *_rest in Formatter().parse(source)]
            for piece in pieces:
                is_foreign = not any(piece in form for form in forms)
                if len(piece.split()) > 1 and is_foreign and piece in text:
                    found.add(piece)
    return found


@needs_poppler
@pytest.mark.parametrize("tag", OTHERS)
@pytest.mark.parametrize("which", sorted(_decisions()))
def test_no_english_sentence_is_left(tmp_path: Path, tag: str, which: str) -> None:
    number = asyncio.run(_one(tmp_path, _decisions()[which]))
    for kind, plate in (
        ("hold", None),
        ("release", None),
        ("correct_plate", "XY987AB"),
        ("view", None),
        ("view", None),
    ):
        record(tmp_path, number, kind=kind, officer="Conti", reason="perché sì", plate=plate, signer=SIGNER)
    assert not _english(text_of(report_of(tmp_path, number, language=tag)), tag)


@needs_poppler
def test_the_test_for_english_finds_english(tmp_path: Path) -> None:
    number = asyncio.run(_one(tmp_path, identified(packet())))
    found = _english(text_of(report_of(tmp_path, number)), "it")
    assert {"Detection report", "Driver identified by the licence's chip", "What officers did"} <= found


@needs_poppler
@pytest.mark.parametrize("basis", [basis for basis in Basis if basis is not Basis.MEASURED])
def test_what_is_no_infringement_is_said_in_italian(tmp_path: Path, basis: Basis) -> None:
    nobody = Decision(Verdict(Outcome.UNIDENTIFIED, "", 0.0, reason=Reason.NO_INFRINGEMENT))
    number = asyncio.run(_one(tmp_path, nobody, basis=basis, speed=None))
    text = text_of(report_of(tmp_path, number, language="it"))
    assert not _english(text, "it")
    assert "Rapporto di rilevazione" in text and "verbale" not in text.lower()


@needs_poppler
def test_times_are_local_first_and_utc_beside_them(tmp_path: Path) -> None:
    number = asyncio.run(_one(tmp_path, identified(packet())))
    assert "21 September 2026, 16:13:20.000 (CEST, UTC+2); 14:13:20.000 UTC" in text_of(report_of(tmp_path, number))
    italian = text_of(report_of(tmp_path, number, language="it"))
    assert "21 settembre 2026, 16:13:20,000 (CEST, UTC+2); 14:13:20,000 UTC" in italian
    assert "67,4 km/h" in italian and "67.4" not in italian


@needs_poppler
def test_nothing_is_more_certain_than_it_is(tmp_path: Path) -> None:
    own = identified(packet())
    number = asyncio.run(_one(tmp_path, replace(own, verdict=replace(own.verdict, probability=0.99999999))))
    text = text_of(report_of(tmp_path, number))
    assert "more than 99.9 %" in text
    assert "1.0000" not in text and "100.0 %" not in text and "log-likelihood" not in text
