"""The product's source as its syntax trees show it: modules, their imports, their classes."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    """One module or package of the repository.

    ``name`` is dotted, as ``edge.link.server``; a package has the name of its folder. ``imports`` are the full names
    of all that the module imports anywhere, or names in a string of its own to import it later; ``at_start`` those
    that importing the module imports. ``later`` is a face's table of the names that it imports when they are asked
    for, and where they are; empty where the face imports its names itself. ``nodes`` are all nodes of ``tree``, in the
    order of :func:`ast.walk`.
    """

    name: str
    file: Path
    tree: ast.Module
    nodes: tuple[ast.AST, ...]
    imports: frozenset[str]
    at_start: frozenset[str]
    relative: bool
    later: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_package(self) -> bool:
        """Whether this is the face of a package."""
        return self.file.name == "__init__.py"

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file."""
        return self.file.read_text(encoding="utf-8").splitlines()


@cache
def modules(package: str) -> dict[str, Module]:
    """All modules of the top-level folder *package*, by dotted name; none where there is no such folder."""
    found = {}
    with _no_collection():
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = module_of(name, file, file.read_text(encoding="utf-8"))
    return found


@contextmanager
def _no_collection() -> Iterator[None]:
    """Trees are a million objects and no garbage: looking for some takes three quarters of the time of reading them."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def module_of(name: str, file: Path, text: str) -> Module:
    """The module *name* with the source *text*; *file* is where it stands."""
    tree = ast.parse(text)
    nodes = tuple(ast.walk(tree))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    texts = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("edge.")
    }
    return Module(
        name,
        file,
        tree,
        nodes,
        imports=frozenset(_names(imports) | {text for text in texts if _is_module(text)}),
        at_start=frozenset(_names(_run_at_import(tree.body))),
        relative=any(isinstance(node, ast.ImportFrom) and node.level > 0 for node in imports),
        later=_later(name, tree) if file.name == "__init__.py" else {},
    )


def _later(name: str, tree: ast.Module) -> dict[str, str]:
    """The table ``_MODULES`` of the face *name*: what it has to give, and the module of each, by its full name."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if value is not None and [ast.unparse(each) for each in targets if each] == ["_MODULES"]:
            table: dict[str, str] = ast.literal_eval(value)
            return {each: where if where.startswith("edge.") else f"{name}.{where}" for each, where in table.items()}
    return {}


def _is_module(text: str) -> bool:
    path = ROOT / text.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def _names(nodes: list[ast.Import | ast.ImportFrom]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        else:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _run_at_import(body: list[ast.stmt]) -> list[ast.Import | ast.ImportFrom]:
    """The import statements of *body* that run when the module is imported."""
    found: list[ast.Import | ast.ImportFrom] = []
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found += _run_at_import(node.orelse)
        else:
            for part in ("body", "orelse", "finalbody"):
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    found += _run_at_import(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                found += _run_at_import(handler.body)
    return found


def resolve(name: str, known: dict[str, Module]) -> str | None:
    """The module of *known* that an imported *name* is, or is a part of."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name or None


def imported_at_start(module: Module, known: dict[str, Module]) -> set[str]:
    """The modules of *known* that importing *module* imports; with each the faces above it, which run first."""
    targets = {target for name in module.at_start if (target := resolve(name, known)) is not None}
    for name in module.at_start:
        face, _, asked = name.rpartition(".")
        if face in known and asked in known[face].later:
            targets.add(known[face].later[asked])
    own = (module.name, *_above(module.name))
    faces = {face for target in targets for face in _above(target) if face in known and face not in own}
    return (targets | faces) - {module.name}


def each_imported_at_start(known: dict[str, Module]) -> dict[str, set[str]]:
    """Name of each module of *known* -> the modules of *known* that importing it imports."""
    return {name: imported_at_start(module, known) for name, module in known.items()}


def reached(start: str, known: dict[str, Module], after: dict[str, set[str]]) -> set[str]:
    """All names that importing the module *start* of *known* imports, other libraries' included.

    *after* is what :func:`each_imported_at_start` says of *known*.
    """
    seen, ahead = {start}, [start]
    while ahead:
        new = after[ahead.pop()] - seen
        seen |= new
        ahead += new
    return {name for each in seen for name in known[each].at_start}


def _above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call in *module*, with the last part of what is called; empty where that has no name."""
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield last_name(node.func), node


def last_name(what: ast.expr) -> str:
    """``c`` of ``a.b.c`` and of ``f(x).c``; empty for what is no name."""
    if isinstance(what, ast.Attribute):
        return what.attr
    return what.id if isinstance(what, ast.Name) else ""


def written(what: ast.expr) -> str:
    """What ``ast.unparse`` gives, at once where it is a name with dots."""
    parts, inner = list[str](), what
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    return ".".join([inner.id, *reversed(parts)]) if isinstance(inner, ast.Name) else ast.unparse(what)
