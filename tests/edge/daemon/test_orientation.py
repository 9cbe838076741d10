"""Health says that the camera hangs upside down, until it gives an upright photo of a plate."""

from __future__ import annotations

from edge.daemon.orientation import Orientation
from edge.model import PhotoRead, PlateRead
from tests.support.reads import plate_read


def photo(*plates: PlateRead, upside_down: bool = False) -> PhotoRead:
    return PhotoRead(plates, 5.0, 6.0, 11.0, upside_down=upside_down)


def test_the_last_photo_with_a_plate_decides() -> None:
    orientation = Orientation()
    assert orientation.problem() is None
    orientation.note(photo(plate_read("AB123CD"), upside_down=True))
    assert "turn the camera" in (orientation.problem() or "")
    orientation.note(photo())
    orientation.note(photo(plate_read("")))
    assert orientation.problem() is not None
    orientation.note(photo(plate_read("AB123CD")))
    assert orientation.problem() is None
