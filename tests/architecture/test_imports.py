"""Who may import whom: the rules of the design, read off the syntax trees."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VOCABULARY = {"errors", "model", "config", "keyfile"}
PURE = {"ctc", "edits", "identify", "plates", "plate_formats", "tracks", "candidates", "chip", "origin", "twins"}
PURE |= {"link.packet", "link.strict_json"}
PARTS = {"link", "sense", "vision", "police", "cases"}

# Module or package -> what of edge it may import, beside itself. `daemon`, `cli` and `demo` may import everything.
ALLOWED = {
    "errors": set(),
    "model": set(),
    "config": {"errors"},
    "keyfile": {"errors"},
    **dict.fromkeys(PURE, VOCABULARY | PURE),
    **dict.fromkeys(PARTS, VOCABULARY | PURE),
    "infringement": VOCABULARY | PURE,
    "viewer": VOCABULARY | {"cases"},
}


def modules() -> list[tuple[str, Path]]:
    files = sorted((ROOT / "edge").rglob("*.py"))
    return [(".".join(file.relative_to(ROOT / "edge").with_suffix("").parts), file) for file in files]


def imports(file: Path) -> set[str]:
    """Every edge module that *file* imports, without the leading ``edge.``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide who knows whom"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert not any(name.startswith("converter") for name in found), f"{file} imports the converter"
    return {name.removeprefix("edge.") for name in found if name.startswith("edge.")}


def rule(module: str) -> str | None:
    """The key of ALLOWED that governs *module*: the longest one it lies under."""
    keys = [key for key in ALLOWED if module == key or module.startswith(key + ".")]
    return max(keys, key=len, default=None)


def lies_in(name: str, places: set[str]) -> bool:
    return any(name == place or name.startswith(place + ".") for place in places)


@pytest.mark.parametrize(("module", "file"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_follow_the_design(module: str, file: Path) -> None:
    key = rule(module)
    if key is None:
        return
    own = {key.split(".")[0]} if key in PARTS | {"viewer"} else {key}
    foreign = {name for name in imports(file) if not lies_in(name, ALLOWED[key] | own)}
    assert not foreign, f"edge.{module} may not import {', '.join(sorted(foreign))}"


def test_the_rules_name_what_exists() -> None:
    names = {module for module, _ in modules()}
    for key in ALLOWED:
        assert any(name == key or name.startswith(key + ".") for name in names), f"there is no edge.{key} any more"
