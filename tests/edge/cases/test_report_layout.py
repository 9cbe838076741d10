"""The report's pages: two of them, nothing overprinted, nothing cut, whatever the length of its texts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.cases.export import report_of
from edge.cases.review import record
from edge.cases.store import CaseStore
from edge.law import PROFILES, assess
from edge.model import Basis, Decision, Flag
from tests.support.cases import SIGNER, UNIT, driver, identified, packet, photo, trigger
from tests.support.pdf import Page, needs_poppler, pages_of, text_of

pytestmark = needs_poppler

LETTERS = "abcdefghiklmnoprstuvzABCDEFGHILMNOPRSTUVZàèéìòùčšžäöü0123456789 .,-/()'"
TOUCH = 0.6
"""Points by which boxes of words on neighbouring lines may share: descenders and ascenders."""


def make(folder: Path, decision: Decision, *, site: str = "SS13", authority: str = "", photos: int = 1) -> int:
    async def filled() -> int:
        store = await CaseStore.open(folder, SIGNER, {**UNIT, "authority": authority})
        number = await store.file_case(
            replace(trigger(), speed_kmh=72.4),
            [photo(index, (640, 360)) for index in range(photos)],
            [packet()],
            limit_kmh=50.0,
            site=site,
            basis=Basis.MEASURED,
            assessment=assess(72.4, 50.0, PROFILES["IT"]),
        )
        await store.enter_verdict(number, decision)
        await store.close()
        return number

    return asyncio.run(filled())


def overprinted(page: Page) -> list[tuple[str, str]]:
    """Pairs of words that share more than a touch of their boxes."""
    found = []
    words = sorted(page.words, key=lambda word: word.top)
    for index, word in enumerate(words):
        for other in words[index + 1 :]:
            if other.top >= word.bottom:
                break
            wide = min(word.right, other.right) - max(word.left, other.left)
            high = min(word.bottom, other.bottom) - max(word.top, other.top)
            if wide > TOUCH and high > 0.25 * min(word.bottom - word.top, other.bottom - other.top):
                found.append((word.text, other.text))
    return found


def outside(page: Page) -> list[str]:
    """Words that are not on the page whole."""
    return [
        word.text
        for word in page.words
        if word.left < 0 or word.top < 0 or word.right > page.width or word.bottom > page.height
    ]


def check(report: bytes, wanted: Sequence[str], pages: int = 2) -> None:
    found = pages_of(report)
    assert len(found) == pages
    for page in found:
        assert not overprinted(page)
        assert not outside(page)
    squeezed = "".join(text_of(report).split())
    for text in wanted:
        assert "".join(text.split()) in squeezed


@given(
    site=st.text(LETTERS, min_size=1, max_size=260),
    authority=st.text(LETTERS, max_size=160),
    first=st.text(LETTERS, min_size=1, max_size=80),
    place=st.text(LETTERS, min_size=1, max_size=80),
    photos=st.integers(1, 4),
    language=st.sampled_from(["en", "it", "de", "sl"]),
)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_is_overprinted_or_cut_with_any_length(
    site: str, authority: str, first: str, place: str, photos: int, language: str
) -> None:
    who = replace(driver(first=first), birth_place=place)
    decision = replace(identified(packet(), who=who), flags=tuple(Flag), missed_photos=2)
    with TemporaryDirectory() as folder:
        number = make(Path(folder), decision, site=site, authority=authority, photos=photos)
        check(report_of(Path(folder), number, language=language), (site, authority, first, place))


@pytest.mark.parametrize("letters", ["W", "W "], ids=["one-word", "words"])
def test_the_widest_texts_fit(tmp_path: Path, letters: str) -> None:
    site, authority = (letters * 260)[:260], (letters * 160)[:160]
    number = make(tmp_path, replace(identified(packet()), flags=tuple(Flag)), site=site, authority=authority, photos=4)
    check(report_of(tmp_path, number, language="it"), (site, authority))


def test_everything_that_officers_did_is_listed_on_as_many_pages_as_it_needs(tmp_path: Path) -> None:
    number = make(tmp_path, identified(packet()))
    said = [f"reason number {index} " + "and more of it " * (index % 7) for index in range(40)]
    for index, reason in enumerate(said):
        kind = "hold" if index % 2 == 0 else "release"
        record(tmp_path, number, kind=kind, officer=f"Officer {index}", reason=reason, signer=SIGNER)
    report = report_of(tmp_path, number)
    check(report, said, pages=3)
    last = pages_of(report)[-1].words
    assert "Signature" in {word.text for word in last}


def test_a_long_history_never_leaves_an_orphan(tmp_path: Path) -> None:
    """The last page always has the heading of what it shows, and more than a line of it."""
    number = make(tmp_path, identified(packet()), photos=4)
    for index in range(24):
        kind = "hold" if index % 2 == 0 else "release"
        record(tmp_path, number, kind=kind, officer="Conti", reason=f"step {index}", signer=SIGNER)
        pages = pages_of(report_of(tmp_path, number))
        assert len(pages) <= 3
        body = [word for word in pages[-1].words if 80 < word.top < pages[-1].height - 60]
        assert len(body) >= 8, f"after {index + 1} acts the last page holds {[word.text for word in body]}"


def test_looks_that_follow_each_other_are_one_row_with_their_number(tmp_path: Path) -> None:
    number = make(tmp_path, identified(packet()))
    for officer in ("Conti", "Conti", "Conti", "Bruni"):
        record(tmp_path, number, kind="view", officer=officer, signer=SIGNER)
    text = text_of(report_of(tmp_path, number))
    assert "Viewed 3 times by Conti, the last time" in text
    assert "Viewed by Bruni" in text
