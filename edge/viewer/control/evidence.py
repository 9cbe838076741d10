"""Handing evidence on, and checking it: work that takes seconds and has a lane of its own."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from pathlib import Path

from edge.cases.audit import audit
from edge.cases.export import export_cases, export_report
from edge.errors import EvidenceError
from edge.viewer.data.background import JobThread
from edge.viewer.panels.status import StatusBar
from edge.viewer.text.language import _
from edge.viewer.text.plain import describe, plain
from edge.viewer.ui.sheets import Page, Question
from edge.viewer.ui.theme import Theme


def save(state_dir: Path, number: int, to: Path, officer: str) -> None:
    """Write case *number* to the file *to*: the report for a name in .pdf, else the whole evidence package.

    Either is an event of the chain before the file is there.

    Raises:
        CaseError: the case or the file does not allow it.
    """
    if to.suffix.lower() != ".pdf":
        export_cases(state_dir, [number], to, officer=officer)
        return
    export_report(state_dir, number, to, officer=officer)


class EvidenceActions:
    """Export and verification for the officer; tells *broken* a sentence when the evidence does not hold."""

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        lane: JobThread,
        state_dir: Path,
        officer: str,
        status: StatusBar,
        broken: Callable[[str], None],
    ) -> None:
        self._root, self._theme, self._lane = root, theme, lane
        self._state_dir, self._officer = state_dir, officer
        self._status, self._broken = status, broken
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
        """Check the whole store and say what came out."""
        self._check(lambda says: self._page(_("The evidence holds"), says, "good"), loud=True)

    def locate(self) -> None:
        """The head of the chain is wrong: find the place."""
        self._check(lambda _says: None, loud=False)

    def _export(self, number: int, to: Path) -> None:
        self._status.busy(_("Exporting case {number} …").format(number=number))

        def done(_nothing: None) -> None:
            self._status.idle()
            text = _("Case {number} is in {file}. Fetch it from the unit with scp or sftp.")
            self._page(_("Exported"), text.format(number=number, file=plain(str(to), 200)), "good")

        self._lane.submit(lambda: save(self._state_dir, number, to, self._officer), done, self._failed)

    def _check(self, done: Callable[[str], None], *, loud: bool) -> None:
        if self._checking:
            return
        self._checking = True
        self._status.busy(_("Verifying the evidence …"))

        def good(says: str) -> None:
            self._checking = False
            self._status.idle()
            self._broken("")
            done(plain(says, 400))

        def bad(error: Exception) -> None:
            self._checking = False
            if isinstance(error, EvidenceError):
                self._broken(_("Do not rely on the evidence: {error}").format(error=describe(error)))
            if loud:
                self._failed(error)
            else:
                self._status.idle()

        self._lane.submit(lambda: audit(self._state_dir), good, bad)

    def _failed(self, error: Exception) -> None:
        self._status.idle()
        title = _("The evidence does not hold") if isinstance(error, EvidenceError) else _("That did not work")
        self._page(title, describe(error), "bad")

    def _page(self, title: str, text: str, tone: str) -> None:
        Page(self._root, self._theme, title, text, tone=tone)


def _target(text: str) -> tuple[str, Path | None]:
    """What is wrong with the file name the officer typed, or where it leads."""
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
