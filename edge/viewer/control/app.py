"""The viewer as a whole: builds the window, connects list, case and actions, binds the keys.

Longer than 300 lines because every part and every key of the window is named in this one place.
"""

from __future__ import annotations

import platform
import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ViewerError
from edge.officers import Desk, UnitStatus
from edge.viewer.control.actions import Actions
from edge.viewer.control.evidence import EvidenceActions
from edge.viewer.control.listing import ListController
from edge.viewer.control.open_case import OpenCase
from edge.viewer.data import Background, CaseDetails, Remembered, Source, frozen, on_screen, remember
from edge.viewer.panels import (
    Action,
    ActionBar,
    Banners,
    CameraPanel,
    CaseList,
    DriverPanel,
    FilterBar,
    History,
    StatusBar,
    notices,
)
from edge.viewer.text import _, language, plain
from edge.viewer.ui import GAP, Needs, Shape, ShortcutPage, Theme, Window

NOTE_MS = 4000
UNDO_MS = 12_000
"""How long the outcome of an action is shown, and how long it can be undone."""


@dataclass(frozen=True, slots=True)
class Options:
    """How the viewer starts.

    Attributes:
        desk: where the cases come from.
        locale: language and country, such as ``it_IT``.
        dark: whether to start with the dark palette.
        photo_width: the widest photo beside the data, in pixels; None: as wide as there is room for, and enlarged.
        scale: the factor of all sizes, or None for the display's own.
        zoom: the officer's zoom.
        geometry: size and place of the window, as ``1280x800+0+0``; empty: as large as usual.
        remember_in: the file that keeps what the officer chose, or None.
    """

    desk: Desk
    locale: str = "en_GB"
    dark: bool = False
    photo_width: int | None = 640
    scale: float | None = None
    zoom: float = 1.0
    geometry: str = ""
    remember_in: Path | None = None


class Viewer:
    """One window that shows the cases of one unit."""

    def __init__(self, root: tk.Tk, options: Options) -> None:
        """Build the window in *root* and begin to read."""
        language.use(options.locale)
        self.root = root
        self._host = platform.node()
        self.theme = theme = Theme(root, dark=options.dark, scale=options.scale)
        theme.zoomed = options.zoom
        self._options = options
        self._closed = False
        self._background = Background(root)
        self.source = Source(options.desk, self._background)
        pictures = self._background.thread("pictures")
        self.window = window = Window(root, theme)
        if geometry := on_screen(options.geometry, root.winfo_screenwidth(), root.winfo_screenheight()):
            root.geometry(geometry)
        self.status = StatusBar(root, theme, help_page=self.help, recolour=self.recolour)
        self.status.grid(row=0, column=0, sticky="ew")
        self.banners = Banners(root)
        self.banners.grid(row=1, column=0, sticky="ew")
        self.filters = FilterBar(window.side, theme, lambda: self.listing.requery())
        self.filters.bind("<<Entered>>", self._enter_hits)
        self.filters.bind("<<Left>>", lambda _event: self.back_to_list())
        self.filters.grid(row=0, column=0, sticky="ew")
        self.cases = CaseList(
            window.side,
            theme,
            need_page=lambda page: self.listing.page(page),
            selected=lambda number: self.case.select(number),
            opened=lambda: self.actions.full_size(),
        )
        self.cases.grid(row=1, column=0, sticky="nsew")
        cards = window.case.content
        self.camera = CameraPanel(
            cards,
            theme,
            photo_width=options.photo_width,
            resized=lambda: self.case.resized(),
            choose=lambda index: self.case.show_photo(index),
        )
        self.driver = DriverPanel(cards, theme, lambda: self.actions.copy_plate())
        self.history = History(cards, theme)
        self.bar = ActionBar(window.main, theme, self._buttons())
        self.bar.grid(row=1, column=0, sticky="ew", pady=(theme.px(GAP), 0))
        self._arranging = False
        window.body.bind("<Configure>", lambda _event: self._resized(), add=True)
        window.case.bind("<Configure>", lambda _event: self.arrange(), add=True)
        self.case = OpenCase(
            root,
            theme,
            self.source,
            pictures,
            self.camera,
            self.driver,
            self.history,
            self.bar,
            arrange=self.arrange,
            shown=self._on_shown,
        )
        jobs = self._background.thread("evidence")
        self.evidence = EvidenceActions(root, theme, jobs, options.desk, self.status, self._on_chain_problem)
        self.actions = Actions(
            root,
            theme,
            self.source,
            pictures,
            self.case,
            self.evidence,
            window,
            self.bar,
            self.note,
            lambda: self.cases.move(1),
        )
        self.listing = ListController(
            root,
            self.source,
            self.cases,
            query=self.filters.query,
            on_status=self._on_status,
            on_commit=self.case.refresh,
            on_officer=self._on_officer,
            on_count=lambda total: self.filters.counted(total),
        )
        self._note_timer: str | None = None
        self._health: UnitStatus | None = None
        self._store_problem = self._chain_problem = ""
        self._officer = self._unit = ""
        self._bind()
        root.protocol("WM_DELETE_WINDOW", self.close)
        self.cases.canvas.focus_set()
        self.listing.start()

    def note(self, text: str, tone: str = "accent", undo: Callable[[], None] | None = None) -> None:
        """Show the outcome of an action for a few seconds, with a button that undoes it."""
        self.status.show_note(text, tone, undo)
        if self._note_timer is not None:
            self.root.after_cancel(self._note_timer)
        self._note_timer = self.root.after(UNDO_MS if undo else NOTE_MS, lambda: self.status.show_note(""))

    def recolour(self) -> None:
        """Switch between the light and the dark palette."""
        self.theme.toggle()

    def zoom(self, step: int) -> None:
        """Make everything larger (1), smaller (-1) or its normal size (0)."""
        self.theme.zoom(step)
        self.zoomed()

    def zoomed(self) -> None:
        """Give everything the room that it needs at the zoom that was chosen."""
        self.driver.rescale()
        self.status.rearrange()
        self._resized()
        self.case.redraw()

    def arrange(self) -> None:
        """Divide the room among the cards of the case."""
        if self._arranging or self.window.case.winfo_width() <= 1:
            return
        self._arranging = True
        try:
            full = self.window.case.winfo_width()
            shape = self._arrange(full)
            if shape.total > self.window.case.winfo_height():
                shape = self._arrange(full - self.window.case.bar_width)
            self.window.case.fit(shape.total)
        finally:
            self._arranging = False

    def _arrange(self, width: int) -> Shape:
        window, camera, gap = self.window, self.camera, self.theme.px(GAP)
        beside = window.is_beside(width)
        facts_width = camera.facts_width(width, beside=beside)
        shown = self.case.opened is not None
        needs = Needs(
            facts=camera.facts.needed(facts_width) if shown else 0,
            driver=self.driver.needed(window.driver_width(width)) if shown else 0,
            history=self.history.needed() if shown else 0,
            aspect=camera.aspect,
            photo_width=camera.photo_width or width,
            facts_width=facts_width + self.theme.px(14),
            margin=camera.margin,
            strip=camera.strip.needed,
            above=camera.above(width, beside=beside) if shown else 0,
        )
        shape = window.shape(needs, width)
        if beside:
            facts = width - camera.margin - shape.photo[0] - self.theme.px(14), shape.camera - camera.margin
        else:
            facts = facts_width, needs.facts
        camera.place(x=0, y=0, width=width, height=shape.camera)
        self.driver.place(x=0, y=shape.camera + gap, width=shape.driver[0], height=shape.driver[1])
        left, top, across, down = shape.history
        self.history.place(x=left, y=top, width=across, height=down)
        camera.set_room(shape.photo, facts, beside=beside)
        return shape

    def _resized(self) -> None:
        self.window.place_panes()
        self.bar.set_low(low=self.window.is_low)
        self.filters.set_low(low=self.window.is_very_low)
        self._tell_low()
        self.arrange()

    def _show_pane(self, *, case: bool) -> None:
        self.window.show_pane(case=case)
        self._tell_low()

    def _tell_low(self) -> None:
        """Keep the room of a very low window for the case that it shows."""
        low = self.window.is_very_low and self.window.is_single and self.window.shows_case
        self.status.set_low(low=low)
        self.banners.set_low(low=low)

    def help(self) -> None:
        """Show the page of all keys."""
        ShortcutPage(self.root, self.theme, [(key, text) for key, _events, text, _call in self._keys()])

    def close(self) -> None:
        """Stop the threads, remember what the officer chose, and close the window."""
        if self._closed:
            return
        self._closed = True
        self.listing.stop()
        self.case.stop()
        if self._note_timer is not None:
            self.root.after_cancel(self._note_timer)
        self._background.close()
        if self._options.remember_in is not None:
            geometry, dark = self.root.winfo_geometry(), self.theme.palette.name == "dark"
            chosen = Remembered(geometry, dark, self.theme.zoomed, self._options.locale)
            remember(self._options.remember_in, chosen)
        self.root.destroy()

    def _buttons(self) -> tuple[Action, ...]:
        return (
            Action("confirm", _("Confirm"), lambda: self.actions.confirm(), "Primary.TButton", needs="confirmable"),
            Action("dismiss", _("Dismiss"), lambda: self.actions.dismiss(), "Danger.TButton", needs="decided"),
            Action("correct", _("Correct plate"), lambda: self.actions.correct_plate(), needs="decided"),
            Action("export", _("Export"), lambda: self.actions.export(), needs="decided"),
            Action("verify", _("Verify"), lambda: self.evidence.verify(), needs="nothing"),
            Action("copy", _("Copy"), lambda: self.actions.copy()),
            Action(
                "aside", _("Set the name aside …"), lambda: self.actions.set_name_aside(), needs="named", folded=True
            ),
            Action("follow_up", _("Follow up …"), lambda: self.actions.follow_up(), needs="unnamed", folded=True),
            Action("letter", _("Letter to the keeper …"), lambda: self.actions.letter(), needs="letter", folded=True),
            Action("redacted", _("Export redacted …"), lambda: self.actions.redacted(), needs="decided", folded=True),
            Action("keys", _("Keys"), self.help, needs="nothing", folded=True),
            Action("colours", _("Light or dark"), self.recolour, needs="nothing", folded=True),
        )

    def _keys(self) -> tuple[tuple[str, tuple[str, ...], str, Callable[[], object]], ...]:
        """Return for each key: its name, Tk's events, what it does, the callable."""
        return (
            ("↑ ↓", (), _("Choose a case in the list"), lambda: None),
            ("N, P", ("n", "p"), _("Next, previous case"), lambda: None),
            ("C", ("c",), _("Confirm"), self.actions.confirm),
            ("D", ("d",), _("Dismiss"), self.actions.dismiss),
            ("E", ("e",), _("Correct the plate"), self.actions.correct_plate),
            ("Z", ("z",), _("Undo, while it is offered"), self.status.call_undo),
            ("F", ("f",), _("Follow up a case that names nobody"), self.actions.follow_up),
            ("L", ("l",), _("Letter to the keeper"), self.actions.letter),
            ("M", ("m",), _("More actions"), self.bar.open_menu),
            ("X", ("x",), _("Export as ZIP or PDF"), self.actions.export),
            ("V", ("v",), _("Verify all evidence"), self.evidence.verify),
            ("Ctrl+C", ("Control-c",), _("Copy the case as text"), self.actions.copy),
            ("K", ("k",), _("Copy the plate, for the vehicle register"), self.actions.copy_plate),
            (_("Space"), ("space",), _("Photo in full size"), self.actions.full_size),
            ("G", ("g",), _("Portrait in full size"), self.actions.full_portrait),
            ("[ ]", ("bracketleft", "bracketright"), _("Previous, next photo of the case"), lambda: None),
            (
                "Ctrl+F  /",
                ("Control-f", "slash"),
                _("Search; Return or ↓ goes to what was found, Esc shows all"),
                self.search,
            ),
            (_("Esc"), ("Escape",), _("Back to the list; close a sheet"), self.back_to_list),
            ("Ctrl++  Ctrl+−", (), _("Larger, smaller"), lambda: None),
            ("T", ("t",), _("Light or dark"), self.recolour),
            ("F1  ?", ("F1", "question"), _("This page"), self.help),
            ("Ctrl+Q", ("Control-q",), _("Quit"), self.close),
        )

    def _bind(self) -> None:
        for _name, events, _text, call in self._keys():
            for event in events:
                self._key(event, call)
        self._key("n", lambda: self.cases.move(1))
        self._key("p", lambda: self.cases.move(-1))
        self._key("bracketleft", lambda: self.case.step_photo(-1))
        self._key("bracketright", lambda: self.case.step_photo(1))
        for event, step in {"plus": 1, "equal": 1, "KP_Add": 1, "minus": -1, "KP_Subtract": -1, "Key-0": 0}.items():
            self._key(f"Control-{event}", lambda step=step: self.zoom(step))  # type: ignore[misc]
        for kind in ("TEntry", "TCombobox"):  # on X11 Tk would move the cursor to the beginning of the line
            self.root.bind_class(kind, "<Control-a>", _select_all)
        self.camera.photo.bind("<Button-1>", lambda _event: self.actions.full_size())
        for event in ("<Button-1>", "<Return>", "<space>"):
            self.driver.portrait.bind(event, lambda _event: (self.actions.full_portrait(), "break")[-1])  # type: ignore[func-returns-value]
        self.camera.photo.bind("<Return>", lambda _event: self.actions.full_size())

    def _key(self, event: str, call: Callable[[], object]) -> None:
        """Bind a key of the main window; it is ignored while the officer types in a field or a sheet is open."""
        modified = event.startswith(("Control-", "F1"))

        def pressed(tk_event: tk.Event[tk.Misc]) -> str | None:
            widget = tk_event.widget
            typing = isinstance(widget, tk.Entry) and (not modified or event == "Control-c")
            if typing or (event == "space" and isinstance(widget, tk.Widget) and widget.winfo_class() == "TButton"):
                return None
            if self.root.grab_current() is not None:  # type: ignore[no-untyped-call]
                return None
            call()
            return "break"

        self.root.bind(f"<{event}>", pressed)

    def _on_shown(self, opened: CaseDetails) -> None:
        self._unit = opened.unit
        self._name_window()
        self._show_pane(case=True)

    def _on_officer(self, officer: str) -> None:
        self._officer = officer
        self._name_window()

    def _name_window(self) -> None:
        """Say in title and top line whose cases these are: nobody may judge in the window of another unit."""
        site = next((row.site for index in range(1) if (row := self.cases.row(index)) is not None), "")
        parts = [plain(part, 80) for part in (self._unit, self._host, self._officer, site) if part]
        self.status.where.set_text(" · ".join(parts))
        self.root.title(" – ".join(["Autovelox", *parts]))

    def search(self) -> None:
        """Go to the search field."""
        self._show_pane(case=False)
        self.filters.text.focus_set()
        self.filters.text.selection_range(0, "end")

    def _enter_hits(self, _event: tk.Event[tk.Misc]) -> None:
        self.listing.after_next(self.cases.enter)

    def back_to_list(self) -> None:
        """Show the list where there is room for one pane only, and give it the focus."""
        self._show_pane(case=False)
        self.cases.canvas.focus_set()

    def _on_chain_problem(self, sentence: str) -> None:
        self._chain_problem = sentence
        self._show_notices()

    def _on_status(self, status: UnitStatus | None, problem: str) -> None:
        if status is not None and not status.chain_ok and (self._health is None or self._health.chain_ok):
            self.evidence.locate()
        self._health, self._store_problem = status, problem
        self.status.show(status)
        if status is not None:
            self.filters.counted(of=status.cases)
        self._show_notices()

    def _show_notices(self) -> None:
        self.banners.show(notices(self._health, self._store_problem, self._chain_problem))


def _select_all(event: tk.Event[tk.Misc]) -> str:
    assert isinstance(event.widget, tk.Entry)
    event.widget.selection_range(0, "end")
    return "break"


def run(options: Options) -> None:
    """Open the window and return when it is closed.

    Raises:
        ViewerError: there is no display.
    """
    with frozen():
        try:
            root = tk.Tk(className="Autovelox")
        except tk.TclError:
            raise ViewerError("there is no display", "log in with ssh -X, or set DISPLAY") from None
        Viewer(root, options)
        root.mainloop()
