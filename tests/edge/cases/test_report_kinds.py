"""The report of every kind of case, in Italian: two pages, no English word, nothing that the case contradicts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from edge.cases.export import report_of
from edge.cases.report.language import NO_BREAK, percent, speaking
from edge.cases.report.speeds import limit_words, said
from edge.model import Case, SpeedUnit, State
from tests.support.cases import trigger
from tests.support.papers import KINDS, named, paper_case
from tests.support.pdf import needs_poppler, pages_of, text_of

pytestmark = needs_poppler

ENGLISH = re.compile(r"\b(the|with|and|of|not|was|is|no|none|by|since|before|after|from|case|photo|known)\b")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """Makes the Italian report of a kind of case, once."""
    folder: Path = tmp_path_factory.mktemp("kinds")

    @cache
    def make(kind: str) -> bytes:
        number = asyncio.run(paper_case(folder / kind, KINDS[kind]))
        return report_of(folder / kind, number, language="it")

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_two_pages_without_a_word_of_english(report: Callable[[str], bytes], kind: str) -> None:
    assert len(pages_of(report(kind))) == 2
    text = text_of(report(kind)).replace("no. ", "").replace("--key", "")
    assert not ENGLISH.findall(text)


SAID: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "second-officer": (("Confermato: Isp. Marta Conti con Comm. Luca Bruni",), ("BOZZA",)),
    "dismissed": (("Rapporto di rilevazione – ARCHIVIATO",), ("BOZZA",)),
    "corrected": (
        ("A8123CD", "il nominativo non è più fondato", "art. 126-bis"),
        ("Stima", "Giulia Ferrante", "UD1032714A"),
    ),
    "vehicle": (
        (
            "Infrazione commessa con il veicolo: nessuno è indicato",
            "prima che un agente correggesse la targa: Conducente identificato tramite il chip",
            "Confermato per il veicolo, nessuno è indicato: Isp. Marta Conti",
            "Chiuso il",
        ),
        ("BOZZA", "Stima", "Giulia Ferrante", "UD1032714A"),
    ),
    "set-aside": (
        (
            "Infrazione commessa con il veicolo: nessuno è indicato",
            "ha accantonato il nominativo il",
            "prima che un agente accantonasse il nominativo: Conducente identificato tramite il chip",
            "Confermato per il veicolo, nominativo accantonato: Isp. Marta Conti",
        ),
        ("BOZZA", "Stima", "Giulia Ferrante", "UD1032714A", "correggesse la targa"),
    ),
    "british": (("RTRA 1984, s. 89: nessuna riduzione", "section 89(1) del Road Traffic Regulation Act 1984"), ()),
    "identified": (
        (
            "che cosa non prova: pagina seguente",
            "secondo il calcolo del programma stesso",
            "è un riscontro, non la misura",
        ),
        ("BOZZA", "Certezza", "le foto confermano"),
    ),
    "ambiguous": (("Ambiguo: più risposte di conducenti",), ("foto. Alla foto corrispondono le risposte di più",)),
    "no-plate": (
        ("nessuna è stata confrontata con la foto", "La targa non è nota"),
        ("nessun veicolo ha inviato", "126-bis"),
    ),
    "no-photo": (
        ("nessuna è stata confrontata con la foto", "La targa non è nota"),
        ("nessun veicolo ha inviato", "126-bis"),
    ),
    "no-packet": (("nessun veicolo ha inviato una risposta valida", "126-bis"), ()),
    "no-speed": (
        ("Nessuna infrazione", "nessuna raccolta: il rilevamento non è un'infrazione"),
        ("nessun veicolo ha inviato", "126-bis", "C.d.S."),
    ),
    "expired-certificate": (
        ("72,4 km/h limite 50 km/h; misurata, nessuna infrazione", "NON valido il giorno del rilevamento"),
        ("67,4", "comma", "oltre il limite", "126-bis", "nessuna violazione"),
    ),
    "speed-in-doubt": (("Prima un agente deve verificare la velocità.", "38,0 km/h, scarto tipo 3,1"), ()),
    "copied-chip": (("Un chip è stato copiato", "2 risposte: il chip è stato copiato"), ()),
    "clock-in-doubt": (("dell'unità: NON sincronizzato",), ()),
    "version-2-certified": (("ha firmato, nei tempi", "certificato dell'autorità"), ("non firma nulla",)),
    "held": (("Conservazione prolungata dal", "ricorso al giudice di pace"), ("non risulta alcun ricorso",)),
}
"""What the report of a kind says, and what it must not say."""


@pytest.mark.parametrize("kind", SAID)
def test_what_it_says_and_what_it_does_not(report: Callable[[str], bytes], kind: str) -> None:
    text = text_of(report(kind))
    wanted, unwanted = SAID[kind]
    assert [words for words in wanted if words not in text] == [], text
    assert [words for words in unwanted if words in text] == [], text


async def test_who_decided_is_said_where_the_centre_did(tmp_path: Path) -> None:
    opening = {"statement": "{}", "signature": "00", "key": "00"}
    kind = replace(KINDS["identified"], decide=lambda own: named(own, opening=opening))
    said = "Le risposte sono state aperte e valutate dalla centrale dell'autorità"
    for folder, one, is_said in (("centre", kind, True), ("unit", KINDS["identified"], False)):
        number = await paper_case(tmp_path / folder, one)
        assert (said in text_of(report_of(tmp_path / folder, number, language="it"))) is is_said


@pytest.mark.parametrize("language", ["en", "it", "de", "sl"])
def test_a_figure_and_its_unit_stay_on_one_line(language: str) -> None:
    case = Case(1, State.PENDING, trigger(), 50.0, "", ())
    mph = replace(case, speed_unit=SpeedUnit.MPH)
    with speaking(language):
        for figure in (percent(0.5), percent(0.9995), said(case, 67.4), limit_words(case), said(mph, 67.4)):
            assert re.search(rf"\d{NO_BREAK}(%|km/h|mph)$", figure)
