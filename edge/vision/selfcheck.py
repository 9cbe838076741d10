"""The test photo whose text is known: what detector and reader must make of it, if they work as they were delivered."""

from __future__ import annotations

from pathlib import Path

from edge.model import PhotoRead

PHOTO = Path(__file__).with_name("selfcheck.jpg")
TEXT = "AV174UX"
"""The plate on it; Italy issues no U."""
LEAST_CONFIDENCE = 0.9


def is_read(result: PhotoRead) -> bool:
    """Whether *result*, of :data:`PHOTO`, is the one plate that is on it, read surely."""
    return [plate.text for plate in result.plates] == [TEXT] and result.plates[0].confidence >= LEAST_CONFIDENCE
