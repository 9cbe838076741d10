"""What the officer can do with the open case; every record is made by the officers' service.

Longer than 300 lines because each button and key has its method here.
"""

from __future__ import annotations

import hashlib
import tkinter as tk
from collections.abc import Callable
from functools import partial

from edge.officers import CONFIRMS, REVIEWS, EventKind, Judged, known_plate, name_follows
from edge.viewer.control.case_text import as_text
from edge.viewer.control.evidence import EvidenceActions, Paper
from edge.viewer.control.open_case import OpenCase
from edge.viewer.data import CaseDetails, JobThread, Source, StoredPhoto
from edge.viewer.panels import ActionBar
from edge.viewer.text import _, describe, event_words, plain
from edge.viewer.ui import GAP, Answer, Asked, Blank, DockedQuestion, Lightbox, Page, Question, Theme, Window

ADVANCING = CONFIRMS | {EventKind.DISMISS}
"""After these the next case is shown."""
FOLLOW_UP_ORDER = (EventKind.KEEPER_ASKED, EventKind.DRIVER_NAMED, EventKind.CLOSED)


class Actions:
    """One method for each button or key; each acts on the open case and does nothing if there is none.

    Attributes:
        lightbox: the photo in full size, while it is shown.
    """

    def __init__(
        self,
        root: tk.Tk,
        theme: Theme,
        source: Source,
        pictures: JobThread,
        case: OpenCase,
        evidence: EvidenceActions,
        window: Window,
        bar: ActionBar,
        note: Callable[[str, str, Callable[[], None] | None], None],
        advance: Callable[[], object],
    ) -> None:
        """Act on *case* in the window *root*, for as far as *bar* has its buttons enabled.

        *note* shows a text with a tone for a while, and a button that undoes it; *advance* goes on to the next case.
        """
        self._window, self._bar, self._advance = window, bar, advance
        self._root, self._theme, self._source = root, theme, source
        self._pictures, self._case, self._evidence, self._note = pictures, case, evidence, note
        self.lightbox: Lightbox | None = None

    def confirm(self) -> None:
        """Ask for a reason, the usual one at first, and record that the verdict is right; off where it cannot be.

        Where the name fell with a corrected plate, what is confirmed is the infringement of the vehicle alone.
        """
        opened = self._decided()
        if opened is None or not self._bar.is_available("confirm"):
            return
        if not name_follows(opened.case):
            usual, taken = (
                _("Photo and corrected plate checked"),
                _("You take the photo, the speed and the plate as corrected. Nobody is named: the keeper is asked."),
            )
            if opened.case.name_set_aside and not opened.case.corrected_plate:
                usual = _("Photo and plate checked")
                taken = _("You take the photo, the speed and the plate. Nobody is named: the keeper is asked.")
            self._review(
                EventKind.CONFIRM_VEHICLE,
                _("Confirm the vehicle of case {number}"),
                taken,
                _("Confirm vehicle"),
                (usual, _("Checked against the vehicle register")),
                usual,
            )
            return
        named = opened.case.driver is not None
        usual = _("Photo and plate checked, they agree") if named else _("Photo checked: nobody can be named from it")
        self._review(
            EventKind.CONFIRM,
            _("Confirm the verdict of case {number}"),
            _("You take the verdict as it stands: the photo, the plate and who is named, or that nobody is."),
            _("Confirm"),
            (usual, _("Checked against the vehicle register")),
            usual,
        )

    def set_name_aside(self) -> None:
        """Ask why the named driver is not believed, and record the vehicle's infringement without the name."""
        opened = self._decided()
        if opened is None or not self._bar.is_available("aside"):
            return
        self._review(
            EventKind.SET_NAME_ASIDE,
            _("Set the name in case {number} aside"),
            _("You take the photo, the speed and the plate, and not the name. Nobody is named: the keeper is asked."),
            _("Set name aside"),
            (_("The chip was copied"), _("The driver's identity was stolen"), _("Somebody else was seen at the wheel")),
            "",
        )

    def dismiss(self) -> None:
        """Ask for a reason and record that the case is dismissed; a reason that the case itself gives stands there."""
        opened = self._decided()
        unread, no_case = _("The plate cannot be read"), _("This is no infringement")
        usual = ""
        if opened is not None:
            usual = no_case if not opened.case.is_infringement else "" if opened.case.plate_text else unread
        self._review(
            EventKind.DISMISS,
            _("Dismiss case {number}"),
            _("Nothing follows from a dismissed case. It stays in the chain of evidence, with your reason."),
            _("Dismiss"),
            (
                unread,
                _("Emergency vehicle on duty"),
                _("The speed cannot be attributed to one vehicle"),
                _("The photo shows another vehicle"),
                no_case,
            ),
            usual,
        )

    def correct_plate(self) -> None:
        """Ask for the plate in the photo and record it beside the plate that was read."""
        opened = self._decided()
        if opened is None:
            return
        case = opened.case

        def answer(values: list[str]) -> str:
            plate, reason = values
            if not reason:
                return _("Give a reason: a judge will ask for it.")
            self._record(case.number, EventKind.CORRECT_PLATE, reason, plate)
            return ""

        self._ask(
            Asked(
                _("Correct the plate of case {number}").format(number=case.number),
                _("Type what the photo shows. The original reading is kept, and the verdict is not changed."),
                (Blank(_("Plate in the photo"), plain(case.plate_text, 14)), Blank(_("Reason"))),
                _("Correct plate"),
            ),
            answer,
        )

    def follow_up(self) -> None:
        """Ask what became of a case that names nobody, and record it."""
        opened = self._decided()
        if opened is None or not self._bar.is_available("follow_up"):
            return
        number = opened.case.number
        kinds = {event_words(kind)[0]: kind for kind in FOLLOW_UP_ORDER}

        def answer(values: list[str]) -> str:
            said, reason = values
            if not reason:
                return _("Give a reason: a judge will ask for it.")
            self._record(number, kinds[said], reason, None)
            return ""

        Question(
            self._root,
            self._theme,
            Asked(
                _("Follow up case {number}").format(number=number),
                _("What became of the case in the ordinary way, through the vehicle's registered keeper."),
                (Blank(_("What happened"), next(iter(kinds)), tuple(kinds), is_choice=True), Blank(_("Reason"))),
                _("Record"),
            ),
            answer,
        ).entries[1].focus_set()

    def letter(self) -> None:
        """Ask for a file name and write the letter to the keeper there."""
        opened = self._decided()
        if opened is not None and self._bar.is_available("letter"):
            self._evidence.export(opened.case.number, Paper.LETTER)

    def redacted(self) -> None:
        """Ask for a file name and export the case so that it shows nobody else's plate or face."""
        opened = self._decided()
        if opened is not None:
            self._evidence.export(opened.case.number, Paper.REDACTED)

    def copy(self) -> None:
        """Copy the case as text to the clipboard."""
        if self._case.opened is None:
            return
        self._root.clipboard_clear()
        self._root.clipboard_append(as_text(self._case.opened))
        self._note(_("Copied"), "accent", None)

    def copy_plate(self) -> None:
        """Copy the plate alone, as an officer corrected it or as it was read, to ask the vehicle register with it."""
        if self._case.opened is None or not (plate := known_plate(self._case.opened.case)):
            return
        self._root.clipboard_clear()
        self._root.clipboard_append(plate)
        self._note(_("Copied"), "accent", None)

    def export(self) -> None:
        """Ask for a file name and export the case."""
        opened = self._decided()
        if opened is not None:
            self._evidence.export(opened.case.number)

    def full_size(self) -> None:
        """Show the photo over the whole window, larger than it is on a display that is."""
        opened = self._case.opened
        if opened is None or not opened.photos or self.lightbox is not None:
            return
        title, index = _("Case {number}").format(number=opened.case.number), self._case.photo_index
        self.lightbox = Lightbox(
            self._root,
            self._theme,
            self._pictures,
            opened.photos,
            index,
            title,
            self._lightbox_closed,
            enlarge=self._case.enlarges,
        )

    def full_portrait(self) -> None:
        """Show the driver's portrait over the whole window."""
        opened = self._case.opened
        if opened is None or opened.case.driver is None or not opened.case.driver.portrait or self.lightbox is not None:
            return
        portrait = opened.case.driver.portrait
        stored = StoredPhoto(opened.case.number, 0, hashlib.sha256(portrait).hexdigest(), lambda: portrait)
        name = plain(f"{opened.case.driver.first_name} {opened.case.driver.last_name}")
        self.lightbox = Lightbox(
            self._root, self._theme, self._pictures, (stored,), 0, name, self._lightbox_closed, enlarge=True
        )

    def _lightbox_closed(self) -> None:
        self.lightbox = None

    def _decided(self) -> CaseDetails | None:
        opened = self._case.opened
        return opened if opened is not None and opened.case.verdict is not None else None

    def _review(
        self, kind: EventKind, title: str, explanation: str, verb: str, reasons: tuple[str, ...], usual: str
    ) -> None:
        opened = self._decided()
        if opened is None:
            return
        case_number = opened.case.number

        def answer(values: list[str]) -> str:
            if not values[0]:
                return _("Give a reason: a judge will ask for it.")
            self._record(case_number, kind, values[0], None)
            return ""

        blanks = [Blank(_("Reason"), usual, reasons)]
        danger = kind is EventKind.DISMISS
        self._ask(Asked(title.format(number=case_number), explanation, blanks, verb, danger), answer)

    def _ask(self, asked: Asked, answer: Answer) -> None:
        """Ask above the buttons, or over them where the window is low: they are off meanwhile."""
        window = self._window
        bottom = 0 if window.is_low else self._bar.winfo_height() + self._theme.px(GAP)
        dock = DockedQuestion(window.main, self._theme, asked, answer, bottom=bottom)
        window.uncover(dock, self._case.subjects)

    def _record(self, case_number: int, kind: EventKind, reason: str, plate: str | None) -> None:
        def done(judged: Judged) -> None:
            text = _("Case {number}: waits for a second officer") if judged.waits else _("Case {number}: recorded")
            undo = None
            if kind in REVIEWS:
                undo = partial(self._take_back if judged.waits else self._withdraw, case_number, judged.entry)
            self._note(text.format(number=case_number), "warn" if judged.waits else "good", undo)
            if kind in ADVANCING and self._case.number == case_number:
                self._advance()

        def failed(error: Exception) -> None:
            Page(self._root, self._theme, _("Nothing was recorded"), describe(error), tone="bad")

        self._source.record_review(case_number, kind, reason, plate, done, failed)

    def _withdraw(self, case_number: int, judgement: int) -> None:
        """Withdraw a judgement that counts, by an entry of its own; it may wait for a second officer like any other."""

        def done(judged: Judged) -> None:
            if judged.waits:
                text, tone = _("Case {number}: the withdrawal waits for a second officer"), "warn"
            else:
                text, tone = _("Case {number}: judgement withdrawn"), "accent"
            self._note(text.format(number=case_number), tone, None)

        def failed(error: Exception) -> None:
            Page(self._root, self._theme, _("Nothing was recorded"), describe(error), tone="bad")

        self._source.withdraw(case_number, judgement, _("Withdrawn at once"), done, failed)

    def _take_back(self, case_number: int, request: int) -> None:
        """Take back a judgement that waits for a second officer: an entry of its own says so."""

        def done(_nothing: None) -> None:
            self._note(_("Case {number}: taken back").format(number=case_number), "accent", None)

        def failed(error: Exception) -> None:
            Page(self._root, self._theme, _("Nothing was recorded"), describe(error), tone="bad")

        self._source.take_back(request, _("Taken back at once"), done, failed)
