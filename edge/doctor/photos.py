"""A look at the photos that the unit took last: does the camera hang the right way up?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edge.cases import StateFolder
from edge.config import Settings, models_dir
from edge.doctor.finding import Finding, good, warning
from edge.errors import ImageError

PHOTOS = 3
"""How many cases are looked at, the newest ones, one photo each."""


def orientation(settings: Settings) -> Iterator[Finding]:
    """Read the newest photos; their plates are told to nobody."""
    from edge.vision import Recogniser  # takes seconds to import, and only where there are photos

    photos = newest(StateFolder(settings.unit.state_dir))
    if not photos:
        yield good("photos", "none yet, so they cannot say which way up the camera hangs")
        return
    recogniser = Recogniser(models_dir(settings.recognition.models_dir), settings.recognition.engine)
    upright = turned = 0
    for photo in photos:
        try:
            seen = recogniser.read(photo)
        except (ImageError, OSError):
            continue
        turned += seen.upside_down
        upright += not seen.upside_down and any(read.text for read in seen.plates)
    if turned:
        text = f"{turned} of the newest {len(photos)} are upside down"
        yield warning("photos", text, "turn the camera by half a turn (they are read all the same)")
    else:
        yield good("photos", f"plates are upright in {upright} of the newest {len(photos)}")


def newest(folder: StateFolder) -> list[Path]:
    """The first photo of each of the newest cases that still have one, the newest first."""
    try:
        return sorted(folder.photos.glob("*/0.jpg"), reverse=True)[:PHOTOS]
    except OSError:
        return []
