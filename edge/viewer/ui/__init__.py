"""The look: palettes, styles, widgets, pictures, sheets and the window's layout."""

from edge.viewer.ui.flow import Flow
from edge.viewer.ui.lightbox import Lightbox
from edge.viewer.ui.palette import DARK, LIGHT, TONES, Palette
from edge.viewer.ui.pictures import PictureView
from edge.viewer.ui.plate_strip import PlateStrip
from edge.viewer.ui.questions import Answer, Asked, Blank, DockedQuestion, Question
from edge.viewer.ui.scrolled import Scrolled
from edge.viewer.ui.sheets import Page, Sheet, ShortcutPage
from edge.viewer.ui.theme import Theme
from edge.viewer.ui.widgets import Elided, Field, HintedEntry, Wrapped, cut
from edge.viewer.ui.window import GAP, Needs, Shape, Window

__all__ = [
    "DARK",
    "GAP",
    "LIGHT",
    "TONES",
    "Answer",
    "Asked",
    "Blank",
    "DockedQuestion",
    "Elided",
    "Field",
    "Flow",
    "HintedEntry",
    "Lightbox",
    "Needs",
    "Page",
    "Palette",
    "PictureView",
    "PlateStrip",
    "Question",
    "Scrolled",
    "Shape",
    "Sheet",
    "ShortcutPage",
    "Theme",
    "Window",
    "Wrapped",
    "cut",
]
