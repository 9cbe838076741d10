"""Every message has an Italian one, the compiled catalogue is the written one, dates and numbers follow the locale."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from edge.model import Reason
from edge.viewer.text import language
from edge.viewer.text.words import reason_words

FOLDER = language.LOCALE_DIR / "it" / "LC_MESSAGES"
KEYWORDS = {"_": None, "later": None, "ngettext": (1, 2)}


def _names(text: str) -> set[str | None]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name}


def _fields(text: str) -> set[tuple[str | None, str | None]]:
    return {(name, spec) for _text, name, spec, _conversion in Formatter().parse(text) if name}


def _pairs(catalogue: Catalog) -> set[str]:
    return {repr((tuple(m.id), tuple(m.string)) if m.pluralizable else (m.id, m.string)) for m in catalogue if m.id}


def test_every_message_is_translated_and_none_is_left_over() -> None:
    code = Path(language.__file__).parents[1]
    wanted = {found[2] for found in extract_from_dir(code, [("**.py", "python")], keywords=KEYWORDS)}
    with (FOLDER / "viewer.po").open("rb") as file:
        catalogue = read_po(file, locale="it")
    assert {message.id for message in catalogue if message.id} == wanted
    for message in catalogue:
        forms = zip(message.id, message.string, strict=True) if message.pluralizable else [(message.id, message.string)]
        for source, translation in forms:
            assert translation or not message.id, f"no Italian for {source!r}"
            assert not message.id or _names(source) == _names(translation)


@pytest.mark.parametrize("lang", ["it", "de", "sl"])
def test_the_compiled_catalogue_is_the_written_one(lang: str) -> None:
    folder = language.LOCALE_DIR / lang / "LC_MESSAGES"
    with (folder / "viewer.po").open("rb") as po, (folder / "viewer.mo").open("rb") as mo:
        written, compiled = read_po(po, locale=lang), read_mo(mo)
    assert _pairs(written) == _pairs(compiled)


@pytest.mark.parametrize(("lang", "forms"), [("de", 2), ("sl", 4)])
def test_a_translation_has_the_placeholders_of_its_message(lang: str, forms: int) -> None:
    """What is missing stands there in English; what is there must not lose a number, nor fail on one."""
    with (language.LOCALE_DIR / lang / "LC_MESSAGES" / "viewer.po").open("rb") as file:
        catalogue = [message for message in read_po(file, locale=lang) if message.id and message.string]
    assert catalogue
    for message in catalogue:
        texts = message.string if message.pluralizable else [message.string]
        sources = message.id if message.pluralizable else [message.id]
        assert len(texts) == (forms if message.pluralizable else 1), message.id
        for text in texts:
            assert _fields(text) == _fields(sources[-1]), text
            assert text.strip() != "" and text[:1].isspace() == sources[-1][:1].isspace(), text


@pytest.mark.parametrize(
    ("environ", "tag"),
    [
        ({"LANG": "it_IT.UTF-8"}, "it_IT"),
        ({"LANG": "it_IT.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en_US"),
        ({"LANGUAGE": "de:it", "LANG": "de_DE.UTF-8"}, "it"),
        ({"LANG": "de_DE.UTF-8"}, "en_GB"),
        ({"LC_ALL": "C"}, "en_GB"),
        ({}, "en_GB"),
    ],
)
def test_the_locale_chooses_the_language(environ: dict[str, str], tag: str) -> None:
    assert language.from_environment(environ) == tag


def test_dates_and_numbers_follow_the_locale() -> None:
    at = datetime(2026, 11, 3, 14, 5, 9).timestamp()
    language.use("it_IT")
    assert language.language() == "it"
    assert (language.number(1234.5, 1), language.day("1990-02-01")) == ("1.234,5", "1 febbraio 1990")
    assert language.moment(at) == "3 nov 2026, 14:05:09"
    language.use("en_GB")
    assert (language.number(1234.5, 1), language.day("1990-02-01")) == ("1,234.5", "1 February 1990")
    assert language.moment(at) == "3 Nov 2026, 14:05:09"
    assert language.day("<unknown>") == "<unknown>"


def test_nothing_uncertain_reads_as_certain() -> None:
    assert language.percent(1.0).startswith("100")
    assert language.percent(0.99999).startswith("99.9")
    assert language.percent(0.5).startswith("50")


def test_an_unknown_language_is_english() -> None:
    language.use("xx_YY")
    assert language.language() == "en"
    language.use("it_ZZ")
    assert language.language() == "it"


@pytest.mark.parametrize(
    ("tag", "text"), [("it_IT", "3/11/2026"), ("en_GB", "03/11/26"), ("en_US", "11/3/26"), ("it_IT", "2026-11-03")]
)
def test_a_day_is_read_as_the_locale_writes_it(tag: str, text: str) -> None:
    language.use(tag)
    assert language.read_day(text) == date(2026, 11, 3)


@pytest.mark.parametrize("text", ["", "today", "3", "99/99/2026", "1/1/1850", "[exec id]"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        language.read_day(text)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence_in_every_language(reason: Reason) -> None:
    language.use("en_GB")
    english = reason_words(reason)
    assert english not in {reason.name, reason.value}
    assert english.endswith(".")
    language.use("it")
    assert reason_words(reason) not in {english, reason.value}


def test_no_italian_catalogue_calls_the_report_a_verbale() -> None:
    """An officer draws up a *verbale*; what the program prints is a *rapporto di rilevazione*."""
    edge = Path(language.__file__).parents[2]
    catalogues = sorted(edge.glob("**/locale/it/LC_MESSAGES/*.po"))
    assert len(catalogues) == 3
    for path in catalogues:
        with path.open("rb") as file:
            assert not [m.id for m in read_po(file, locale="it") if "verbale" in str(m.string).lower()], path.name
