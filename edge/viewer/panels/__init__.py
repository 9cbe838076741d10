"""What the window shows: list, filter, photo, driver, history, status, buttons."""

from edge.viewer.panels.action_bar import Action, ActionBar
from edge.viewer.panels.camera import CameraPanel
from edge.viewer.panels.case_list import CaseList
from edge.viewer.panels.driver import DriverPanel
from edge.viewer.panels.filter_bar import FilterBar
from edge.viewer.panels.history import History
from edge.viewer.panels.photo_strip import MOST_THUMBS, THUMB
from edge.viewer.panels.status import Banners, StatusBar, notices

__all__ = [
    "MOST_THUMBS",
    "THUMB",
    "Action",
    "ActionBar",
    "Banners",
    "CameraPanel",
    "CaseList",
    "DriverPanel",
    "FilterBar",
    "History",
    "StatusBar",
    "notices",
]
