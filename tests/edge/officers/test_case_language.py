"""`autovelox cases` in Italian: by ``--lang`` or by the locale, every message translated, nothing English printed."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from edge.cases import record
from edge.cli import main
from edge.officers import language
from tests.support.cases import SIGNER, filled, write_key
from tests.support.english import english_in

ROOT = Path(language.__file__).parent
CATALOGUE = language.LOCALE_DIR / "it" / "LC_MESSAGES" / "officers.po"
NAMES = re.compile(r"Ada|Rossi|Udine|MIT-UCO|Via Roma|Conti|appello|docs/evidence\.md")


@pytest.fixture
async def where(tmp_path: Path) -> list[str]:
    state = tmp_path / "state"
    await filled(state, 3)
    for number, kind, plate in ((1, "hold", None), (1, "confirm", None), (2, "correct_plate", "ZZ111ZZ")):
        record(state, number, kind=kind, officer="Conti", reason="appello", signer=SIGNER, plate=plate)
    record(state, 3, kind="keeper_asked", officer="Conti", reason="appello", signer=SIGNER)
    await filled(state, 1, decide=False)
    return ["--state-dir", str(state), "--signing-key", str(write_key(tmp_path / "signing.key"))]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["cases", *words]) == 0
    said = capsys.readouterr()
    return said.out + said.err


def english_left(text: str) -> list[str]:
    """English words in *text*, without what the manifest has under its own names, and names of persons and places."""
    told = re.sub(r"ALTRI DATI REGISTRATI.*?(?=configurazione:|\Z)", "", text, flags=re.DOTALL)
    return english_in(NAMES.sub("", told))


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("list", "--limit", "2"),
        ("show", "1"),
        ("show", "2"),
        ("show", "3"),
        ("show", "4"),
        ("requests",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("asked", ["--lang", "LANG"])
def test_nothing_english_is_printed(
    words: tuple[str, ...],
    asked: str,
    where: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    english = run(capsys, *words, *where)
    assert english_left(english), "what is looked for is found where it is"
    if asked == "LANG":
        monkeypatch.delenv("LC_ALL")
        monkeypatch.setenv("LANG", "it_IT.UTF-8")
        said = run(capsys, *words, *where)
    else:
        said = run(capsys, *words, "--lang", "it", *where)
    assert english_left(said) == [], said
    assert said != english


def test_the_last_case_is_not_decided_and_says_so(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "Deciso: non ancora" in run(capsys, "show", "4", "--lang", "it", *where)


def test_what_was_recorded_is_said_in_italian(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("review", "1", "dismiss"), ("hold", "3"), ("release", "3"), ("follow-up", "3", "closed")):
        said = run(capsys, *words, "--reason", "appello", "--lang", "it", *where)
        assert f"caso {words[1]}: registrato\n" in said
        assert english_left(said) == []


def test_json_is_the_same_in_every_language(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    english, italian = (run(capsys, "list", "--json", "--lang", tag, *where) for tag in ("en", "it"))
    assert english == italian


@pytest.mark.parametrize(
    ("given", "environ", "tag"),
    [
        (None, {}, None),
        (None, {"LANG": "it_IT.UTF-8"}, "it"),
        (None, {"LANG": "en_GB.UTF-8"}, None),
        (None, {"LANG": "C", "LANGUAGE": "it"}, "it"),
        ("sl", {"LANG": "it_IT.UTF-8"}, "sl"),
        ("en", {"LANG": "it_IT.UTF-8"}, "en"),
    ],
)
def test_a_paper_follows_an_english_locale_never(
    given: str | None, environ: dict[str, str], tag: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert language.of_papers(argparse.Namespace(lang=given)) == tag


def _catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="it")


def _names(text: str) -> set[str | None]:
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name}


def _pairs(catalogue: Catalog) -> set[str]:
    return {repr((tuple(m.id), tuple(m.string)) if m.pluralizable else (m.id, m.string)) for m in catalogue if m.id}


def test_every_message_is_translated_and_none_is_left_over() -> None:
    keywords = {"_": None, "ngettext": (1, 2)}
    messages = {found[2] for found in extract_from_dir(ROOT, [("**.py", "python")], keywords=keywords)}
    assert {message.id for message in _catalogue() if message.id} == messages
    for message in _catalogue():
        sources = message.id if message.pluralizable else (message.id,)
        for form in message.string if message.pluralizable else (message.string,):
            assert form, f"no Italian for {message.id!r}"
            assert not message.id or _names(form) == _names(sources[0])


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    assert _pairs(compiled) == _pairs(_catalogue())


def test_no_message_hides_in_a_formatted_string() -> None:
    """The extractor does not see ``f"{_('...')}"``, and such a text would stay English."""
    hidden = re.compile(r"""f["'].*\{[^}]*\b_\(""")
    assert not [
        path.name for path in ROOT.rglob("*.py") for line in path.read_text().splitlines() if hidden.search(line)
    ]
