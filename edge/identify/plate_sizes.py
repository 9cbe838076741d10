"""How wide a plate can be, by the shape of its box: the scale that a single camera has.

Sizes in millimetres. Italy: a car's front and rear plates, the rear one in two lines, a motorcycle's (D.P.R. 495/1992,
art. 258). Germany: one line, two lines (FZV, annex 4); the long plate of one line is common to Europe.
"""

from __future__ import annotations

from typing import Final

from edge.model import Box

PLATE_SIZES_MM: Final = ((520, 110), (360, 110), (297, 214), (340, 200), (177, 177))
"""Width and height."""

FLATTER: Final = 1.25
"""A box is flatter than its plate by at most this factor: a camera that looks down foreshortens the height."""
TALLER: Final = 2.0
"""A box is taller than its plate by at most this factor: a plate that slants or is turned away fills a taller box."""


def widths_mm(box: Box) -> tuple[int, ...]:
    """The widths that the plate in *box* can have, in millimetres; none for a box without height."""
    if not box.height:
        return ()
    shape = box.width / box.height
    return tuple(w for w, height in PLATE_SIZES_MM if shape / FLATTER <= w / height <= shape * TALLER)
