"""The page of threats names a test for every line, and says plainly where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
ATTACKERS = (
    *("Passer-by", "Car owner", "Link", "Stranger", "Officer", "Two officers", "Root without keys", "Root with keys"),
    *("The way to the centre, and who is at it", "Thief of the card"),
)
NO_TEST = re.compile(r"not held|as one officer|nothing of ours to test")
"""What a line says that names no test."""


def sections() -> dict[str, str]:
    """Attacker -> the page's text about that attacker."""
    parts = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)[1:]
    return {title.partition(":")[0]: text for title, text in zip(parts[::2], parts[1::2], strict=True)}


def lines(text: str) -> list[tuple[str, str, str]]:
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("| ")]
    return [(tries, held, tests) for tries, held, tests in rows[1:]]


def test_every_attacker_has_a_section_with_lines() -> None:
    assert tuple(sections()) == ATTACKERS
    assert all(lines(text) for text in sections().values())


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_every_line_names_a_test_or_says_that_there_is_none(attacker: str) -> None:
    for tries, held, tests in lines(sections()[attacker]):
        assert held, tries
        assert tests or NO_TEST.search(held), f"{tries}: neither a test nor a word that there is none"


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 30
    for file, name in named:
        path = ROOT / "tests" / file
        assert path.is_file(), f"there is no {file}"
        assert re.search(rf"^(async )?def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE), f"{file}::{name}"
