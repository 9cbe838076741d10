"""The errors of the unit: one tree, exit codes that tell them apart, and messages of one form, ``cause: remedy``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from edge import errors
from edge.errors import EdgeError
from tests.architecture.pending import check
from tests.architecture.source import Module, calls, last_name, modules

USAGE = 2
"""What argparse exits with for wrong words."""
CATCH_ALL = EdgeError.exit_code
NAMES = ("Tk", "Xvfb", "Python", "Debian", "EasyOCR", "SQLite", "PostgreSQL", "Content-Range")
"""What a cause may begin with although it begins in upper case; words all in capitals (GPIO, TLS) may anyway."""


def sources() -> list[Module]:
    """All modules that may raise an error of the unit."""
    return [module for package in ("edge", "converter", "centre") for module in modules(package).values()]


class Said(NamedTuple):
    """One message of the source: where it is raised, and its two parts with ``{}`` for what is filled in."""

    where: str
    cause: list[str]
    remedy: list[str]


def classes() -> dict[str, type[EdgeError]]:
    """Every error of :mod:`edge.errors` by name, in the order of the file."""
    return {name: each for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, EdgeError)}


def error_names() -> dict[str, ast.ClassDef | None]:
    """The names of all errors of the unit and the converter, wherever they are defined, with their definition."""
    found: dict[str, ast.ClassDef | None] = {"EdgeError": None}
    definitions = [node for module in sources() for node in module.nodes if isinstance(node, ast.ClassDef)]
    for _ in range(len(definitions)):
        new = {
            node.name: node
            for node in definitions
            if node.name not in found and any(last_name(base) in found for base in node.bases)
        }
        if not new:
            break
        found |= new
    return found


def own_message(definition: ast.ClassDef | None) -> bool:
    """Whether the class makes its message itself, from arguments of its own."""
    return definition is not None and any(
        isinstance(node, ast.FunctionDef) and node.name == "__init__" for node in definition.body
    )


def messages(module: Module, names: set[str]) -> Iterator[Said]:
    """Every message that *module* gives an error of *names*; the base's own are checked where they are called."""
    constants = {
        ast.unparse(node.targets[0]): node.value
        for node in module.tree.body
        if isinstance(node, ast.Assign) and len(node.targets) == 1
    }
    for name, call in calls(module):
        if name in names:
            where = f"{module.name}:{call.lineno}"
            given = {"cause": None, "remedy": None} | {str(word.arg): word.value for word in call.keywords}
            given |= dict(zip(("cause", "remedy"), call.args, strict=False))
            cause, remedy = given["cause"], given["remedy"]
            assert cause is not None and remedy is not None, f"{where}: an error has a cause and a remedy"
            yield Said(where, list(texts(cause, constants)), list(texts(remedy, constants)))


def texts(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    """What the expression *node* may say, with ``{}`` for what is filled in; nothing for what a caller hands over."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, constants)
        yield from texts(node.orelse, constants)
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("_", "gettext"):
        yield from texts(node.args[0], constants)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield from texts(constants[node.id], constants)


def drawn_tree() -> dict[str, tuple[str, int | None]]:
    """Error -> its parent and exit code, as the docstring of :mod:`edge.errors` draws them."""
    assert errors.__doc__ is not None
    found: dict[str, tuple[str, int | None]] = {}
    above = ["EdgeError"]
    for line in errors.__doc__.splitlines():
        if match := re.match(r"    ([│ ]*)[├└]── (\w+)(?: +(\d+)\b)?", line):
            depth = len(match.group(1)) // 4
            above[depth + 1 :] = [match.group(2)]
            found[match.group(2)] = (above[depth], int(match.group(3)) if match.group(3) else None)
    return found


def test_the_tree_is_drawn_as_it_is() -> None:
    real = {
        name: (
            next(base.__name__ for base in each.__bases__ if issubclass(base, EdgeError)),
            each.__dict__.get("exit_code"),
        )
        for name, each in classes().items()
        if each is not EdgeError
    }
    assert drawn_tree() == real


def test_an_exit_code_stands_for_one_error() -> None:
    """A leaf has a code of its own or its parent's; nothing else shares one."""
    own = {name: code for name, each in classes().items() if (code := each.__dict__.get("exit_code")) is not None}
    assert len(set(own.values())) == len(own)
    assert all(code == CATCH_ALL or USAGE < code < 126 for code in own.values()), "0, 2 and the shell's codes are taken"


def test_no_error_is_an_oserror() -> None:
    """An ``except OSError`` around an operation of the system must not swallow one."""
    assert not [name for name, each in classes().items() if issubclass(each, OSError)]


def test_every_error_gives_cause_and_remedy_in_one_form() -> None:
    names = {name for name, definition in error_names().items() if not own_message(definition)}
    assert {"ConfigError", "StorageFull", "DemoFailed"} <= names
    said = [each for module in sources() for each in messages(module, names)]
    assert len(said) > 150
    check("message", {each.where.partition(":")[0] for each in said if _ill_formed(each)})


PROBLEMS = {"problem", "_hang", "alarm", "shortage"}
"""Functions that say in one sentence what is wrong, for /health, the status line and the log."""


def test_every_problem_says_what_to_do() -> None:
    said = []
    for module in sources():
        for function in module.nodes:
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name in PROBLEMS:
                given = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
                said += [(f"{module.name}:{function.name}", text) for value in given for text in texts(value, {})]
    spoken = [(where, text) for where, text in said if text not in {"", "None", "{}"}]
    assert len(spoken) > 10
    assert not [each for each in spoken if ": " not in each[1]], "cause: remedy"


def _ill_formed(said: Said) -> bool:
    return any(not _well_begun(text) for text in said.cause) or any(
        not text.strip() or text.rstrip().endswith((".", ":", "!")) for text in (*said.cause, *said.remedy)
    )


def _well_begun(cause: str) -> bool:
    first = re.split(r"[\s'.,:]", cause, maxsplit=1)[0]
    return not cause[:1].isupper() or (first.isupper() and len(first) > 1) or first in NAMES
