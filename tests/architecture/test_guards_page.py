"""The page of guards says what there is: its tests exist, its versions are those that are pinned."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "guards.md").read_text(encoding="utf-8")
LIBRARY = ROOT / "tests" / "attacks" / "test_library.py"
NO_BEHAVIOUR = {
    "test_the_versions_are_the_ones_the_guards_were_written_for",
    "test_what_we_override_is_still_there",
    "test_what_we_call_is_still_there",
}


def defined(*files: Path) -> set[str]:
    return {
        name for file in files for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.MULTILINE)
    }


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named
    assert (
        named - defined(*(ROOT / "tests" / "attacks").glob("test_*.py"), ROOT / "tests/edge/workers/test_openers.py")
        == set()
    )


def test_every_behaviour_that_is_pinned_is_on_the_page() -> None:
    rows = re.findall(r"\| `(test_\w+)` \| `(test_\d\d_\w+)` \|$", PAGE, re.MULTILINE)
    assert {behaviour for behaviour, _ in rows} == defined(LIBRARY) - NO_BEHAVIOUR


def test_the_versions_are_those_that_are_pinned_and_tested() -> None:
    versions = dict(re.findall(r"^\| ([a-z-]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE))
    assert versions.keys() == {"python-socketio", "python-engineio", "aiohttp"}
    pinned = (ROOT / "constraints.txt").read_text()
    for package, number in versions.items():
        assert f"\n{package}=={number}\n" in pinned
        assert f'"{package}": "{number}"' in LIBRARY.read_text()
