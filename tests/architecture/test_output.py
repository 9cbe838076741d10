"""Everything the unit's commands say goes through edge.terminal, which makes foreign text legible."""

from __future__ import annotations

import ast

from tests.architecture.source import Module, module_of, modules, written

ALONE = {"edge.cases.evidence.verify"}
"""Travels in every evidence package and runs without the rest of the unit: it has a function of its own."""

LAID_OUT = {"table"}
"""What rich lays out; its cells are made legible where they are made."""


def unguarded(module: Module) -> list[str]:
    """The places in *module* that write to a terminal by themselves."""
    found = []
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        what = written(node.func)
        by_itself = what == "print" or what.startswith(("sys.stdout.write", "sys.stderr.write"))
        by_rich = what.endswith("console.print") and not all(map(_is_legible, node.args))
        if by_itself or by_rich:
            found.append(f"{module.file.name}:{node.lineno}: {what}")
    return found


def _is_legible(argument: ast.expr) -> bool:
    if isinstance(argument, ast.Constant):
        return True
    if isinstance(argument, ast.Call):
        return ast.unparse(argument.func) == "legible"
    if isinstance(argument, ast.Subscript):  # a table of constants
        return isinstance(argument.value, ast.Name) and argument.value.id.isupper()
    return isinstance(argument, ast.Name) and argument.id in LAID_OUT


def test_commands_speak_through_the_terminal_room() -> None:
    speaking = [
        place
        for name, module in modules("edge").items()
        if not name.startswith("edge.terminal") and name not in ALONE
        for place in unguarded(module)
    ]
    assert speaking == [], "say it with edge.terminal.say"


def test_the_rule_finds_what_it_looks_for() -> None:
    broken = "print(x)\nsys.stderr.write(x)\nconsole.print(x)\nconsole.print(f'{x}', legible(x))\n"
    right = "say(x)\nconsole.print(legible(x))\nconsole.print(MARKS[x], 'ok')\nconsole.print(table)\n"
    any_module = next(iter(modules("edge").values()))
    for text, count in ((broken, 4), (right, 0)):
        assert len(unguarded(module_of("edge.x", any_module.file, text))) == count
