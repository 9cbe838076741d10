"""Who may import whom: the layers of the design, read off the syntax trees."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.pending import check
from tests.architecture.source import ROOT, Module, each_imported_at_start, modules, reached, resolve

VALUES = {"errors", "model", "terminal", "sockets"}
PURE = {"config", "configured", "crypto", "identify", "law"}
PARTS = {"link", "sensors", "vision", "registry", "cases", "workers"}
RUNNING = {"daemon", "officers"}

ROOMS = {
    "errors": {"model"},
    "model": set[str](),
    "terminal": set[str](),
    "sockets": set[str](),
    **dict.fromkeys(PURE, VALUES),
    "configured": VALUES | {"config"},
    **dict.fromkeys(PARTS, VALUES | PURE),
    "flow": VALUES | PURE,
    "delivery": VALUES | PURE | {"cases"},
    **dict.fromkeys(RUNNING, VALUES | PURE | PARTS | {"flow", "delivery"}),
    "viewer": VALUES | {"config", "officers"},
    "doctor": VALUES | PURE | PARTS,
    "demo": VALUES | PURE | PARTS,
    "cli": VALUES | PURE | PARTS | RUNNING | {"delivery", "viewer", "doctor", "demo"},
    "__main__": {"cli"},
}
"""Room or module of edge -> the others it may import; a room of the same layer is never among them."""

INNER = {
    "cases": {
        "evidence": set[str](),
        "storage": {"evidence"},
        "report": {"evidence", "storage"},
        "statistics": {"evidence", "storage", "report"},
        "acts": {"evidence", "storage", ""},
        "": {"evidence", "storage", "report", "statistics", "acts"},
    },
    "viewer": {
        "text": set[str](),
        "data": {"text"},
        "ui": {"text", "data"},
        "panels": {"text", "data", "ui"},
        "control": {"text", "data", "ui", "panels"},
        "": {"text", "data", "ui", "panels", "control"},
    },
}
"""The rooms inside a room -> the others of that room they may import; the empty name is the room's own modules."""
INNER_VALUES = {"edge.cases.views"}
"""Values without behaviour that every place inside their room may import."""

WIRING = {"edge.daemon.wiring", "edge.daemon.preflight"}
"""Who names concrete parts: what builds them, and what asks before whether they can be built."""

SLOW = {"torch", "torchvision", "easyocr", "tkinter", "reportlab", "cv2", "socketio", "engineio", "picamera2"}
SLOW |= {"aiohttp", "numpy", "pikepdf"}
"""Libraries that no face loads: whoever imports a neighbour would wait for them."""
MAY_BE_SLOW = {
    "edge.sensors": {"cv2", "numpy"},
    "edge.viewer.data": {"tkinter"},
    "edge.viewer.ui": {"tkinter"},
    "edge.viewer.panels": {"tkinter"},
    "edge.viewer.control": {"tkinter"},
}
"""Face -> the slow libraries its neighbours need with it."""


def edge() -> dict[str, Module]:
    """All modules of the unit; read when a test asks, not when tests are collected."""
    return modules("edge")


def room(name: str) -> tuple[str, str | None]:
    """The room of the module *name*, and its place inside where that room is divided."""
    parts = name.split(".")[1:]
    if not parts:
        return "", None
    if parts[0] not in INNER:
        return parts[0], None
    folder = ROOT.joinpath("edge", *parts[:2])
    return parts[0], parts[1] if len(parts) > 1 and folder.is_dir() else ""


def foreign(module: Module) -> list[str]:
    """The arrows from *module* that no rule allows, as ``from -> to`` by the names of rooms."""
    own, place = room(module.name)
    found = []
    for name in module.imports:
        if (target := resolve(name, edge())) is None:
            continue
        other, inner = room(target)
        if target in INNER_VALUES and other == own:
            continue
        if other == own and place is not None and inner is not None:
            if inner not in INNER[own][place] | {place}:
                found.append(f"{_path(own, place)} -> {_path(other, inner)}")
        elif other and other != own and other not in ROOMS[own]:
            found.append(f"{_path(own, place)} -> {other}")
    return found


def _path(outer: str, inner: str | None) -> str:
    return f"{outer}.{inner}" if inner else outer


def test_every_module_has_a_rule() -> None:
    for name in edge():
        own, place = room(name)
        assert own in ROOMS or name == "edge", f"no rule covers {name}: give {own} a layer in the design and in ROOMS"
        assert place is None or place in INNER[own], f"no rule covers {name}: give it a place in INNER[{own!r}]"


def test_imports_follow_the_design() -> None:
    check("imports", {arrow for name, module in edge().items() if name != "edge" for arrow in foreign(module)})


def test_the_wiring_alone_knows_the_parts_of_the_daemon() -> None:
    concrete = {
        f"{name} -> {room(target)[0]}"
        for name, module in edge().items()
        if room(name)[0] == "daemon" and name not in WIRING
        for imported in module.imports
        if (target := resolve(imported, edge())) is not None and room(target)[0] in PARTS
    }
    assert concrete == set()


def test_the_top_of_the_house_imports_nothing() -> None:
    assert not {name for name in edge()["edge"].imports if name.startswith("edge.")}


def test_the_rules_name_what_exists() -> None:
    there = {room(name) for name in edge()}
    assert set(ROOMS) == {own for own, _ in there if own}
    for own, places in INNER.items():
        assert {(own, place) for place in places} <= there


CENTRE = {
    "config": set[str](),
    "errors": set[str](),
    "ending": set[str](),
    "database": {"errors", "config"},
    "units": {"errors", "database"},
    "delivery": {"errors", "database", "units"},
    "registry": {"errors", "database"},
    "records": {"errors", "database", "units", "delivery"},
    "web": {"errors", "database", "units", "delivery"},
    "notices": {"errors", "config", "database", "units"},
    "mqtt": {"errors", "ending", "config", "database", "units", "notices"},
    "service": {"errors", "ending", "config", "database", "units", "delivery", "records", "web", "notices", "mqtt"},
    "opening": {"errors", "config", "database", "units", "registry", "web", "service"},
    "commands": {"errors", "config", "database", "units", "delivery", "records", "registry", "service"},
    "demo": {"errors", "ending", "config", "database", "units", "delivery", "records", "registry", "service"},
    "cli": {"errors", "config", "commands", "service", "opening", "demo"},
    "__main__": {"cli"},
}
"""Room or module of the centre -> the others it may import."""
OF_THE_UNIT = {"edge.errors", "edge.model", "edge.terminal", "edge.config", "edge.crypto", "edge.identify", "edge.law"}
OF_THE_UNIT |= {"edge.cases.evidence", "edge.delivery.wire", "edge.delivery.openings", "edge.delivery.orders"}
"""What the centre may import of the unit: its pure rooms, and what both say to each other."""
BESIDES = {
    "demo": {"edge.cases", "edge.delivery", "edge.demo", "edge.vision"},
    "registry": {"edge.registry"},
    "service": {"edge.cases"},
    "opening": {"edge.flow", "edge.registry", "edge.vision", "edge.workers"},
}
"""What single rooms of the centre may import besides: the demo plays both sides, the registry takes a unit's over, the
opening service decides by the unit's own rules, and the service asks for time stamps as a unit does."""


def test_the_centre_follows_its_map() -> None:
    known = modules("centre")
    assert {name.split(".")[1] for name in known if name != "centre"} == set(CENTRE)
    broken = set()
    for name, module in known.items():
        own = name.split(".")[1] if name != "centre" else ""
        for imported in module.imports:
            target = resolve(imported, known)
            other = target.split(".")[1] if target and target != "centre" else ""
            if other and other != own and other not in CENTRE[own]:
                broken.add(f"{name} -> centre.{other}")
            allowed = OF_THE_UNIT | BESIDES.get(own, set())
            if imported.startswith("edge.") and not any(f"{imported}.".startswith(f"{room}.") for room in allowed):
                broken.add(f"{name} -> {imported}")
            if imported.startswith(("converter", "tests")):
                broken.add(f"{name} -> {imported}")
    assert broken == set()


def test_no_import_is_relative() -> None:
    everything = {**edge(), **modules("converter"), **modules("centre"), **modules("tests")}
    check("relative", {_room_of(name) for name, module in everything.items() if module.relative})


def _room_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def test_the_unit_knows_neither_converter_nor_centre_nor_tests() -> None:
    outside = ("converter", "centre", "tests")
    assert {
        f"{module.name} -> {name}" for module in edge().values() for name in module.imports if name.startswith(outside)
    } == set()


@pytest.mark.parametrize("package", ["edge", "converter", "centre"])
def test_no_import_runs_in_a_circle(package: str) -> None:
    """Importing a module imports the faces above it first, so that a face counts as part of the way."""
    known = modules(package)
    after = each_imported_at_start(known)
    for start in known:
        assert (circle := _way(start, start, after)) is None, " -> ".join(circle)


def _way(start: str, end: str, after: dict[str, set[str]]) -> list[str] | None:
    """A way from *start* back to *end* along imports, or None."""
    seen: set[str] = set()
    ways = [[start]]
    while ways:
        way = ways.pop()
        for name in sorted(after[way[-1]]):
            if name == end:
                return [*way, end]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


def test_a_face_says_what_the_room_is() -> None:
    assert [name for name, module in edge().items() if module.is_package and not ast.get_docstring(module.tree)] == []


BEHIND_THE_FACE = {
    "edge.cases.evidence",
    "edge.cases.audit",
    "edge.cases.backup",
    "edge.cases.export",
    "edge.identify.origin",
}
"""Modules that neighbours import themselves: the face would hide them by a function of their name, or be slow."""
INSIDE = {"doctor", "flow"}
"""The doctor looks into the parts; the flow has no face, the wiring alone builds it."""


def test_neighbours_come_in_by_the_face() -> None:
    """Whoever starts from another room imports its face; what is imported when it is needed may name the module."""
    past = set()
    for name, module in edge().items():
        for node in module.tree.body:
            if not isinstance(node, ast.ImportFrom) or name in WIRING or room(name)[0] in INSIDE:
                continue
            target = node.module or ""
            own, other = room(name)[0], target.split(".")[1] if target.startswith("edge.") else ""
            is_inside = target.count(".") > 1 and other != own and target in edge()
            if is_inside and other not in INSIDE and target not in BEHIND_THE_FACE:
                past.add(f"{name} -> {target}")
    assert past == set()


def test_a_face_loads_nothing_slow() -> None:
    after = each_imported_at_start(edge())
    for face in (name for name, module in edge().items() if module.is_package):
        loaded = {name.split(".")[0] for name in reached(face, edge(), after)}
        assert loaded & SLOW == MAY_BE_SLOW.get(face, set()), f"importing {face} loads {sorted(loaded & SLOW)}"
