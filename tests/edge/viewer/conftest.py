"""A display for all viewer tests, and a viewer in the test's own process, driven by real keys and clicks."""

from __future__ import annotations

import gc
import shutil
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from edge import officers
from edge.model import Flag, Outcome, Reason
from edge.viewer.control.app import Options, Viewer
from edge.viewer.data import frozen
from edge.viewer.text import language
from tests.support import stores, xdisplay
from tests.support.desk import Desk, OpenDesk


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    language.use("en_GB")


@pytest.fixture(scope="session")
def display_of() -> Iterator[Callable[..., str]]:
    """Gives the name of an Xvfb of some size and dpi.

    They run until the end: Tk keeps its connection to a display, and ends the program when one breaks.
    """
    if reason := xdisplay.missing():
        pytest.skip(reason)
    with ExitStack() as stack:
        stack.enter_context(frozen())  # as the program does before it opens a window: libraries are no garbage

        @cache
        def start(size: str = "1440x900", dpi: int = 96) -> str:
            return stack.enter_context(xdisplay.xvfb(size, dpi))

        yield start


@pytest.fixture(scope="session")
def display(display_of: Callable[..., str]) -> str:
    """An Xvfb of 1440x900."""
    return display_of()


@pytest.fixture
def open_desk(display: str) -> Iterator[OpenDesk]:
    """Opens viewers on a state folder, and closes them in the end."""
    roots: list[Viewer] = []
    desks: list[officers.Desk] = []

    def open_(state_dir: Path, on: str = display, **changes: object) -> Desk:
        root = tk.Tk(screenName=on, className="Autovelox")
        desk = changes.pop("desk", None) or stores.own_desk(state_dir)
        desks.append(desk)  # type: ignore[arg-type]
        viewer = Viewer(root, replace(Options(desk), **changes))  # type: ignore[arg-type]
        roots.append(viewer)
        root.update()
        return Desk(viewer, on)

    yield open_
    while roots:
        roots.pop().close()
    while desks:
        desks.pop().close()
    gc.collect()  # in this thread: an interpreter of Tk must not be freed in another


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 1,000 cases; tests may only look at it."""
    folder = tmp_path_factory.mktemp("thousand")
    stores.fill_many(folder, stores.scenes(1000))
    return folder


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 12 cases to copy."""
    folder = tmp_path_factory.mktemp("template")
    stores.fill(folder, stores.scenes(12))
    return folder


@pytest.fixture
def state_dir(template: Path, tmp_path: Path) -> Path:
    """A store of 12 cases that the test may change."""
    return Path(shutil.copytree(template, tmp_path / "unit"))


@pytest.fixture(scope="session")
def long_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the longest texts, several photos, and every verdict."""
    folder = tmp_path_factory.mktemp("long")
    name = "Maria Immacolata Concetta Addolorata Annunziata"
    driver = stores.person(1, first_name=name, last_name="Buonaventura-Castellammare", expires_on="2020-01-01")
    long = stores.Scene(
        plate="WM99WMW8MW",
        driver=driver,
        outcome=Outcome.IDENTIFIED,
        scores=(-0.1,),
        flags=(Flag.NOT_THE_KEEPER, Flag.OTHER_COUNTRY),
        frames=3,
        site="Strada provinciale 119 dell'Alta Carnia, km 118,4, Cercivento di Sopra, verso Paluzza",
    )
    many = stores.Scene(
        outcome=Outcome.AMBIGUOUS, reason=Reason.SEVERAL_CLAIMS, scores=tuple(-1.5 * n for n in range(9))
    )
    none = stores.Scene(plate="", reason=Reason.NO_PLATE)
    stores.fill(folder, [long, many, none, replace(long, size=(960, 1280), driver=stores.person(2))])
    return folder
