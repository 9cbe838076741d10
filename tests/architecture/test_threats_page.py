"""The page of threats names a test for every line, and says plainly where there is none."""

from __future__ import annotations

import ast
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


NOT_IN_VERSION_1 = re.compile(r"1: (there is no|nothing is signed|cannot|nobody can tell)")
"""What a line says that cannot be shown to work in version 1."""
OF_VERSION_1 = "BRUNO"
"""The driver of the tests whose chip does not sign."""
SHOW_IT_BY_DESIGN = {"attacks/test_protocol_model.py::test_nothing_goes_wrong_in_version_2"}
"""The model's tests: one beside them finds all of it in version 1."""


def source_of_test(name: str) -> str:
    file, _, function = name.partition("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    found = [node for node in tree.body if getattr(node, "name", "") == function]
    assert found, name
    return ast.unparse(found[0])


def test_what_version_2_cannot_be_made_to_do_is_shown_to_work_in_version_1() -> None:
    shown = 0
    for tries, held, tests in lines(sections()["Link"]):
        if "2: cannot" not in held or NOT_IN_VERSION_1.search(held):
            continue
        named = re.findall(r"`([^`]+)`", tests)
        assert any(name in SHOW_IT_BY_DESIGN or OF_VERSION_1 in source_of_test(name) for name in named), tries
        shown += 1
    assert shown >= 7


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 30
    for file, name in named:
        path = ROOT / "tests" / file
        assert path.is_file(), f"there is no {file}"
        assert re.search(rf"^(async )?def {name}\(", path.read_text(encoding="utf-8"), re.MULTILINE), f"{file}::{name}"
