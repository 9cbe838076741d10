"""Errors of the converter: each says a cause and a remedy, once each, and survives a worker process."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import pytest

from converter.errors import ConverterError, LabelError, MissingError, NetworkError, RunError

SOURCES = sorted(Path(__file__).parents[2].joinpath("converter").rglob("*.py"))
NAMES = {"ConverterError", "LabelError", "MissingError", "NetworkError", "RunError"}


@pytest.mark.parametrize(
    "error",
    [
        LabelError(Path("boxes.csv"), 3, "x1 is 'a'", "write a number"),
        LabelError(Path("coco.json"), "image 1", "a field is missing", "give a file_name"),
        *(kind("cause", "remedy") for kind in (ConverterError, MissingError, NetworkError, RunError)),
    ],
)
def test_an_error_is_cause_and_remedy_also_after_pickling(error: ConverterError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert str(error) == str(back) == f"{back.cause}: {back.remedy}"
    assert type(back) is type(error)


def test_a_label_error_names_file_and_line() -> None:
    assert LabelError(Path("a.csv"), 3, "x1 is 'a'", "write a number").cause == "a.csv, line 3, x1 is 'a'"


def raised() -> list[tuple[str, ast.Call]]:
    return [
        (f"{file.name}:{node.lineno}", node)
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES
    ]


@pytest.mark.parametrize(("place", "call"), raised(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_message_has_one_colon_and_no_full_stop(place: str, call: ast.Call) -> None:
    parts = [part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    assert parts, f"{place} says nothing"
    for part in parts:
        assert ": " not in part, f"{place}: {part!r} mixes cause and remedy"
        assert not part.endswith("."), f"{place}: {part!r} ends with a full stop"
    assert len(call.args) >= (4 if call.func.id == "LabelError" else 2), f"{place} has no remedy"
