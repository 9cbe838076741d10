"""Export and verification of evidence; both take seconds and run in a job thread."""

from __future__ import annotations

import time
import tkinter as tk
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from edge.errors import EvidenceError
from edge.officers import Desk
from edge.viewer.data import JobThread
from edge.viewer.panels import StatusBar
from edge.viewer.text import _, describe, plain, told
from edge.viewer.text.language import language as spoken
from edge.viewer.ui import Asked, Blank, Page, Question, Theme

PROGRESS_S = 0.25
"""How often the progress of long work is drawn: over a network every drawing costs."""


def _unwatched(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody how far the work is."""


class Paper(StrEnum):
    """What is written of a case."""

    CASE = "case"
    REDACTED = "redacted"
    LETTER = "letter"


def save(
    desk: Desk, number: int, to: Path, paper: Paper = Paper.CASE, progress: Callable[[str, int, int], None] = _unwatched
) -> None:
    """Write case *number* to the file *to*: the report if the name ends in .pdf, else the whole evidence package.

    *paper* says whether it is the letter to the keeper instead, or a package that shows nobody else.

    The export is recorded in the chain before the file appears.

    Raises:
        CaseError: the case cannot be exported or the file cannot be written.
    """
    if paper is Paper.LETTER:
        desk.letter(number, to, language=spoken())
        return
    if to.suffix.lower() != ".pdf":
        desk.export([number], to, language=spoken(), redacted=paper is Paper.REDACTED, progress=progress)
        return
    desk.report(number, to, language=spoken())


class EvidenceActions:
    """Export and verification for the officer."""

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        jobs: JobThread,
        desk: Desk,
        status: StatusBar,
        on_chain_problem: Callable[[str], None],
    ) -> None:
        """Run in *jobs*; *on_chain_problem* gets what is wrong with the evidence, or an empty text."""
        self._root, self._theme, self._jobs = root, theme, jobs
        self._desk = desk
        self._status, self._on_chain_problem = status, on_chain_problem
        self._checking = False

    def export(self, number: int, paper: Paper = Paper.CASE) -> None:
        """Ask for a file name and write case *number* there, as *paper* says."""
        home = Path.home()
        title, told, suffixes = {
            Paper.CASE: (
                _("Export case {number}"),
                _(
                    "A name ending in .zip makes the whole evidence package: photos, signed manifest, chain, report and"
                    " the tool that checks them. A name ending in .pdf makes the report alone. The file is written on"
                    " the unit, and the export is recorded under your name."
                ),
                ("zip", "pdf"),
            ),
            Paper.REDACTED: (
                _("Export case {number}, redacted"),
                _(
                    "The evidence package with copies of the photos that show nobody else's plate or face. The file is"
                    " written on the unit, and the export is recorded under your name."
                ),
                ("zip",),
            ),
            Paper.LETTER: (
                _("Letter to the keeper, case {number}"),
                _(
                    "The letter that asks the vehicle's registered keeper who drove (PDF). The file is written on the"
                    " unit, and that is recorded under your name."
                ),
                ("pdf",),
            ),
        }[paper]
        kind = "" if paper is Paper.CASE else f"-{paper}"
        names = [str(home / f"autovelox-case-{number}{kind}.{suffix}") for suffix in suffixes]

        def answer(values: list[str]) -> str:
            complaint, to = _target(values[0], suffixes)
            if to is not None:
                self._export(number, to, paper)
            return complaint

        Question(
            self._root,
            self._theme,
            Asked(title.format(number=number), told, [Blank(_("File on the unit"), names[0], names)], _("Export")),
            answer,
        )

    def verify(self) -> None:
        """Verify the whole store and show the result."""
        self._check(lambda result: self._page(_("The evidence holds"), result, "good"), show_errors=True)

    def locate(self) -> None:
        """Find the place where the chain is broken, without a page."""
        self._check(lambda _result: None, show_errors=False)

    def _export(self, number: int, to: Path, paper: Paper) -> None:
        self._status.busy(_("Exporting case {number} …").format(number=number))

        def done(_nothing: None) -> None:
            self._status.idle()
            text = _("Case {number} is in {file}. Fetch it from the unit with scp or sftp.")
            self._page(_("Exported"), text.format(number=number, file=plain(str(to), 200)), "good")

        progress = self._progress(_("Exporting case {number} …").format(number=number))
        self._jobs.submit(lambda: save(self._desk, number, to, paper, progress), done, self._failed)

    def _check(self, done: Callable[[str], None], *, show_errors: bool) -> None:
        if self._checking:
            return
        self._checking = True
        self._status.busy(_("Verifying the evidence …"))

        def good(result: str) -> None:
            self._checking = False
            self._status.idle()
            self._on_chain_problem("")
            done(told(plain(result, 400)))

        def bad(error: Exception) -> None:
            self._checking = False
            if isinstance(error, EvidenceError):
                self._on_chain_problem(_("Do not rely on the evidence: {error}").format(error=describe(error)))
            if show_errors:
                self._failed(error)
            else:
                self._status.idle()

        progress = self._progress(_("Verifying the evidence …"))
        self._jobs.submit(lambda: self._desk.verify(progress=progress), good, bad)

    def _progress(self, text: str) -> Callable[[str, int, int], None]:
        """Return what shows *text* and how far the work is; it is called in the thread of the work."""
        last_s = 0.0

        def tell(_stage: str, done: int, total: int) -> None:
            nonlocal last_s
            now_s = time.monotonic()
            if total and now_s - last_s >= PROGRESS_S:
                last_s = now_s
                self._jobs.post(lambda: self._status.progress(text, done, total))

        return tell

    def _failed(self, error: Exception) -> None:
        self._status.idle()
        title = _("The evidence does not hold") if isinstance(error, EvidenceError) else _("That did not work")
        self._page(title, describe(error), "bad")

    def _page(self, title: str, text: str, tone: str) -> None:
        Page(self._root, self._theme, title, text, tone=tone)


def _target(text: str, suffixes: Sequence[str]) -> tuple[str, Path | None]:
    """Return what is wrong with the file name *text*, or an empty text and the path."""
    try:
        to = Path(text).expanduser()
    except RuntimeError:
        return _("There is no such account: name a folder."), None
    if to.suffix.lower().lstrip(".") not in suffixes or not to.is_absolute() or "\0" in text:
        endings = _(" or ").join(f".{suffix}" for suffix in suffixes)
        return _("Give a whole path that ends in {endings}.").format(endings=endings), None
    try:
        if not to.parent.is_dir():
            return _("There is no such folder on the unit."), None
        if to.exists():
            return _("That file exists already: choose another name."), None
    except OSError:
        return _("Your account may not look into that folder."), None
    return "", to
