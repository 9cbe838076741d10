"""Collecting the tests stays quick: no test imports a heavy library, by itself or by what it imports."""

from __future__ import annotations

from tests.architecture.source import each_imported_at_start, modules, reached

HEAVY = {"torch", "torchvision", "easyocr", "scipy", "skimage", "tensorflow"}
"""Each takes 0.4 to 2 s of processor time; ``tests.support.lazy`` imports it when the test runs."""


def test_no_test_loads_the_networks_libraries_when_it_is_collected() -> None:
    known = {**modules("edge"), **modules("converter"), **modules("tests")}
    after = each_imported_at_start(known)
    for name, module in modules("tests").items():
        if module.file.name.startswith(("test_", "conftest")) and "end_to_end" not in name:
            loaded = {each.split(".")[0] for each in reached(name, known, after)}
            assert not loaded & HEAVY, f"collecting {module.file} loads {sorted(loaded & HEAVY)}"
