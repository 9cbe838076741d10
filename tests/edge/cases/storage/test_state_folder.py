"""The files of a state folder: names that never change, and one module that knows them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from edge.cases.storage import layout
from edge.cases.storage.layout import StateFolder

EDGE = Path(layout.__file__).parents[2]
NAMES = re.compile(r"(cases\.sqlite|daemon\.lock|pending\.json|head\.json|frames/|derived/|\.probe)")


def test_the_names_are_those_of_stores_that_exist(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    paths = (folder.database, folder.lock, folder.photo(7, 2), folder.journal(7), folder.head)
    assert [folder.name(path) for path in paths] == [
        "cases.sqlite",
        "daemon.lock",
        "frames/00000007/2.jpg",
        "frames/00000007/pending.json",
        "head.json",
    ]
    assert folder.path_of("frames/00000007/2.jpg") == folder.photo(7, 2)


def test_no_other_module_knows_the_names() -> None:
    for module in sorted(EDGE.rglob("*.py")):
        if module == Path(layout.__file__):
            continue
        tree = ast.parse(module.read_text(encoding="utf-8"))
        documentation = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                assert not NAMES.search(node.value), f"{module}, line {node.lineno}: use StateFolder"


def test_what_unit_and_installer_leave_is_not_foreign(tmp_path: Path) -> None:
    own = (".probe", "registry.sqlite", "registry.sqlite.version-1", "cases.sqlite.rejected-upgrade", "head.json")
    for name in own:
        (tmp_path / name).touch()
    for name in ("lost+found", "frames", "frames.rejected-upgrade"):
        (tmp_path / name).mkdir()
    assert StateFolder(tmp_path).foreign() == []
    (tmp_path / "multiprocessing.py").touch()
    assert StateFolder(tmp_path).foreign() == ["multiprocessing.py"]
