"""The faces that import a name when it is asked for: their tables are right, and no module hides a name of theirs."""

from __future__ import annotations

import ast
import importlib

import pytest

from tests.architecture.source import Module, modules

LATER = {name: module for name, module in modules("edge").items() if module.later}


def test_there_are_such_faces() -> None:
    assert {"edge.crypto", "edge.identify", "edge.link", "edge.vision"} <= set(LATER)


@pytest.mark.parametrize("module", LATER.values(), ids=LATER)
def test_the_table_has_what_the_face_promises_and_type_checkers_see(module: Module) -> None:
    assert sorted(module.later) == sorted(importlib.import_module(module.name).__all__)
    assert {name: f"{where}.{name}" for name, where in module.later.items()} == _seen_by_type_checkers(module)


@pytest.mark.parametrize("module", LATER.values(), ids=LATER)
def test_no_module_has_the_name_of_what_the_face_gives(module: Module) -> None:
    """Importing a module of a package sets the package's attribute of that name: the face would not be asked."""
    assert not {name for name in module.later if f"{module.name}.{name}" in modules("edge")}


@pytest.mark.parametrize("module", LATER.values(), ids=LATER)
def test_another_name_is_an_attribute_error(module: Module) -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        importlib.import_module(module.name).Nothing  # noqa: B018


def _seen_by_type_checkers(module: Module) -> dict[str, str]:
    branch = next(
        node for node in module.tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: f"{node.module}.{alias.name}"
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
