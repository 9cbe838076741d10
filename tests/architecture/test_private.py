"""Tests use what is public: an attribute that begins with an underscore may be renamed by whoever owns it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.pending import check
from tests.architecture.source import ROOT, Module, last_name, modules

PUBLIC = {"_replace", "_asdict", "_fields", "_make", "_exit"}
"""Documented names that begin with an underscore all the same: those of named tuples, and ``os._exit``."""

STOCK = {
    "tests/attacks/runner.py: _binary_packet": "python-socketio keeps half a message with attachments there, for ever",
    "tests/attacks/test_library.py: _binary_packet": "the trap is that this attribute fills",
    "tests/edge/vision/test_engines.py: _forkserver": "a process has one fork server; a test needs a fresh one",
    "tests/edge/vision/test_engines.py: _stop": "multiprocessing has no public way to end a fork server",
    "tests/hardware/camera/test_virtual.py: _cm": "picamera2 has no public way to close the camera manager",
    "tests/hardware/camera/virtual.py: _get_raw_modes": "the virtual pipeline has no raw modes to be asked for",
    "tests/support/cli_completions.py: _actions": "argparse gives no public way to what a parser has",
    "tests/support/cli_page.py: _HelpAction": "argparse gives no public way to what a parser has",
    "tests/support/cli_page.py: _SubParsersAction": "argparse gives no public way to what a parser has",
    "tests/support/cli_page.py: _actions": "argparse gives no public way to what a parser has",
    "tests/support/cli_page.py: _choices_actions": "argparse gives no public way to what a parser has",
    "tests/support/link.py: _response": "aiohttp gives a client no public way to its transport",
    "tests/support/link.py: _retry_connection": "aiohttp would try twice where one attempt is to be one attempt",
}
"""File and attribute of a stock library -> why a test has to look at it."""


def private_names(module: Module) -> Iterator[str]:
    """The private names that *module* takes from others: as an attribute, in an import, or patched by name."""
    for node in module.nodes:
        if isinstance(node, ast.Attribute):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Call) and last_name(node.func) in ("setattr", "getattr"):
            words = [word.value for word in node.args[:2] if isinstance(word, ast.Constant)]
            yield from (word.rpartition(".")[2] for word in words if isinstance(word, str))


def test_tests_keep_to_what_is_public() -> None:
    found = {
        f"{module.file.relative_to(ROOT)}: {name}"
        for module in modules("tests").values()
        if module.file.parent.name != "last_commit"  # it runs on the code of an earlier commit
        for name in private_names(module)
        if name.startswith("_") and not name.startswith("__") and name not in PUBLIC
    }
    assert set(STOCK) <= found, f"no longer needed in STOCK: {sorted(set(STOCK) - found)}"
    check("private", found - set(STOCK))
