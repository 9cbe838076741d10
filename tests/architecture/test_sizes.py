"""Files of a size that is read at one sitting, and rooms of a number of them that is seen at one glance."""

from __future__ import annotations

import re

from tests.architecture.pending import check
from tests.architecture.source import ROOT, modules

MOST_LINES = 300
HEAD_LINES = 15
REASON = re.compile(rf"Longer than {MOST_LINES} lines because \w")
"""How a longer file says why, in the docstring at its head."""
MOST_BESIDE_ROOMS = 7
MOST_IN_CASES = 9


def _reason_given(lines: list[str]) -> bool:
    return any(REASON.search(line) for line in lines[:HEAD_LINES])


def test_a_long_file_says_why() -> None:
    everything = [
        module for package in ("edge", "converter", "centre", "tests") for module in modules(package).values()
    ]
    unexplained = {
        str(module.file.relative_to(ROOT))
        for module in everything
        if len(module.lines) > MOST_LINES and not _reason_given(module.lines)
    }
    check("size", unexplained)


def test_a_short_file_gives_no_reason_for_its_length() -> None:
    for package in ("edge", "converter", "centre", "tests"):
        for module in modules(package).values():
            assert len(module.lines) > MOST_LINES or not _reason_given(module.lines), module.file


def test_few_modules_stand_beside_the_rooms() -> None:
    beside = sorted(file.name for file in (ROOT / "edge").glob("*.py"))
    assert len(beside) <= MOST_BESIDE_ROOMS, f"edge/ holds {', '.join(beside)}: give one a room"


def test_the_top_of_the_cases_is_seen_at_one_glance() -> None:
    top = sorted(file.name for file in (ROOT / "edge" / "cases").glob("*.py") if file.name != "__init__.py")
    assert len(top) <= MOST_IN_CASES, f"edge/cases/ holds {', '.join(top)}: give one a room"
