"""Who may import whom in the converter: rooms import from lower rooms only, never from siblings or in circles."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

CONVERTER = Path(__file__).resolve().parents[2] / "converter"
BASE = {"errors", "arguments", "progress"}
ALLOWED = {
    "errors": set(),
    "progress": set(),
    "arguments": {"errors"},
    "labels": BASE,
    "synth": BASE | {"labels"},
    "measure": BASE | {"labels", "synth"},
    "detector": BASE | {"labels", "synth", "measure"},
    "refiner": BASE | {"labels", "synth", "measure", "detector"},
    "reader": BASE | {"labels", "synth", "measure", "detector"},
    "strip": BASE | {"labels", "synth", "measure", "detector", "verdict"},
    "verdict": BASE | {"labels", "synth", "measure"},
    "cli": BASE | {"labels", "synth", "measure", "detector", "refiner", "reader", "strip", "verdict"},
}
HEAVY = {"tensorflow", "object_detection", "torch", "easyocr", "matplotlib"}


def room(module: str) -> str:
    return module.split(".")[1]


def imports(file: Path) -> list[tuple[str, bool]]:
    """What *file* imports, and whether that is at the top of the module."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node in tree.body) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide who knows whom"
            found += [(f"{node.module}.{alias.name}", node in tree.body) for alias in node.names]
    return found


FILES = sorted(file for file in CONVERTER.rglob("*.py") if file != CONVERTER / "__init__.py")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONVERTER)))
def test_a_room_imports_from_lower_rooms_only(file: Path) -> None:
    own = file.relative_to(CONVERTER).with_suffix("").parts[0]
    assert own in ALLOWED, f"no rule covers {file.name}"
    foreign = {room(name) for name, _ in imports(file) if name.startswith("converter.")} - ALLOWED[own] - {own}
    assert not foreign, f"{own} may not import {', '.join(sorted(foreign))}"


@pytest.mark.parametrize("file", [*CONVERTER.glob("*/commands.py"), CONVERTER / "cli.py"], ids=str)
def test_commands_import_heavy_packages_only_when_they_run(file: Path) -> None:
    seen: set[Path] = set()

    def heavy(path: Path) -> set[str]:
        """Heavy packages that importing *path* imports, other modules of the converter included."""
        if path in seen:
            return set()
        seen.add(path)
        found: set[str] = set()
        for name, at_top in imports(path):
            if not at_top:
                continue
            if name.split(".")[0] in HEAVY:
                found.add(f"{path.name}: {name}")
            parts = name.split(".")
            for length in range(2, len(parts) + 1):
                module = CONVERTER.parent.joinpath(*parts[:length])
                for source in (module.with_suffix(".py"), module / "__init__.py"):
                    if parts[0] == "converter" and source.is_file():
                        found |= heavy(source)
        return found

    assert heavy(file) == set()


def test_the_top_has_only_what_all_rooms_share() -> None:
    assert {file.stem for file in CONVERTER.glob("*.py")} == BASE | {"cli", "__init__"}
