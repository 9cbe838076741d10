"""Where the viewer gets cases and pictures, outside Tk's thread."""

from edge.viewer.data.background import Background, JobThread, frozen
from edge.viewer.data.pictures import Photo, PictureRequest, Pictures, StoredPhoto, load, load_thumbs, load_whole
from edge.viewer.data.remembered import Remembered, on_screen, place, recall, remember
from edge.viewer.data.source import CaseDetails, Listing, Pulse, Query, Source

__all__ = [
    "Background",
    "CaseDetails",
    "JobThread",
    "Listing",
    "Photo",
    "PictureRequest",
    "Pictures",
    "Pulse",
    "Query",
    "Remembered",
    "Source",
    "StoredPhoto",
    "frozen",
    "load",
    "load_thumbs",
    "load_whole",
    "on_screen",
    "place",
    "recall",
    "remember",
]
