"""Export and verification of evidence; both take seconds and run in a job thread."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from edge.errors import EvidenceError
from edge.officers import Desk
from edge.viewer.data import JobThread
from edge.viewer.panels import StatusBar
from edge.viewer.text import _, describe, plain
from edge.viewer.text.language import language as spoken
from edge.viewer.ui import Page, Question, Theme


def save(desk: Desk, number: int, to: Path) -> None:
    """Write case *number* to the file *to*: the report if the name ends in .pdf, else the whole evidence package.

    The export is recorded in the chain before the file appears.

    Raises:
        CaseError: the case cannot be exported or the file cannot be written.
    """
    if to.suffix.lower() != ".pdf":
        desk.export([number], to, language=spoken())
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

    def export(self, number: int) -> None:
        """Ask for a file name and write case *number* there."""
        home = Path.home()
        names = [str(home / f"autovelox-case-{number}.{suffix}") for suffix in ("zip", "pdf")]

        def answer(values: list[str]) -> str:
            complaint, to = _target(values[0])
            if to is not None:
                self._export(number, to)
            return complaint

        Question(
            self._root,
            self._theme,
            _("Export case {number}").format(number=number),
            _(
                "A name ending in .zip makes the whole evidence package: photos, signed manifest, chain, report and the"
                " tool that checks them. A name ending in .pdf makes the report alone. The file is written on the unit,"
                " and the export is recorded under your name."
            ),
            {_("File on the unit"): names[0]},
            _("Export"),
            answer,
            choices=names,
        )

    def verify(self) -> None:
        """Verify the whole store and show the result."""
        self._check(lambda result: self._page(_("The evidence holds"), result, "good"), show_errors=True)

    def locate(self) -> None:
        """Find the place where the chain is broken, without a page."""
        self._check(lambda _result: None, show_errors=False)

    def _export(self, number: int, to: Path) -> None:
        self._status.busy(_("Exporting case {number} …").format(number=number))

        def done(_nothing: None) -> None:
            self._status.idle()
            text = _("Case {number} is in {file}. Fetch it from the unit with scp or sftp.")
            self._page(_("Exported"), text.format(number=number, file=plain(str(to), 200)), "good")

        self._jobs.submit(lambda: save(self._desk, number, to), done, self._failed)

    def _check(self, done: Callable[[str], None], *, show_errors: bool) -> None:
        if self._checking:
            return
        self._checking = True
        self._status.busy(_("Verifying the evidence …"))

        def good(result: str) -> None:
            self._checking = False
            self._status.idle()
            self._on_chain_problem("")
            done(plain(result, 400))

        def bad(error: Exception) -> None:
            self._checking = False
            if isinstance(error, EvidenceError):
                self._on_chain_problem(_("Do not rely on the evidence: {error}").format(error=describe(error)))
            if show_errors:
                self._failed(error)
            else:
                self._status.idle()

        self._jobs.submit(lambda: self._desk.verify(), good, bad)

    def _failed(self, error: Exception) -> None:
        self._status.idle()
        title = _("The evidence does not hold") if isinstance(error, EvidenceError) else _("That did not work")
        self._page(title, describe(error), "bad")

    def _page(self, title: str, text: str, tone: str) -> None:
        Page(self._root, self._theme, title, text, tone=tone)


def _target(text: str) -> tuple[str, Path | None]:
    """Return what is wrong with the file name *text*, or an empty text and the path."""
    try:
        to = Path(text).expanduser()
    except RuntimeError:
        return _("There is no such account: name a folder."), None
    if to.suffix.lower() not in {".zip", ".pdf"} or not to.is_absolute() or "\0" in text:
        return _("Give a whole path that ends in .zip or .pdf."), None
    try:
        if not to.parent.is_dir():
            return _("There is no such folder on the unit."), None
        if to.exists():
            return _("That file exists already: choose another name."), None
    except OSError:
        return _("Your account may not look into that folder."), None
    return "", to
