"""``autovelox-convert reader lettering``: drawn plates beside real crops, a country a row, to look at.

What the drawn ones have otherwise than the real ones, the reader learns wrongly: compare the letters one by one, their
spacing, the strip, and what stands between the groups. The real crops are for looking at only; none is trained on.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.errors import MissingError
from converter.labels import READING, csv_rows, table_of
from converter.measure.contact_sheet import write_sheet
from converter.synth import LAYOUTS, PLATE_BOX, FontShelf, Layout, render_plate

CELL = (330, 80)
"""Width and height of a plate in pixels."""
EACH = 3
"""Real plates a country, at most, and as many drawn ones beside them."""
CAPTION = 16


def draw_lettering(data: Path, folders: Sequence[Path], out: Path, countries: Sequence[str] = (), seed: int = 1) -> int:
    """Write the sheet to *out*: on the left real crops in *data*, on the right drawn plates of the same country.

    Args:
        data: folder with ``read/texts.csv``.
        folders: where the fonts are; see :class:`converter.synth.FontShelf`.
        out: picture to write.
        countries: marks of countries as on their strips (``SLO``, ``HR``), all with real crops where there are none.
        seed: same seed, same drawn plates.

    Returns how many countries there are on it.

    Raises:
        MissingError: a crop or the fonts are missing, or there is no real crop of any of *countries*.
    """
    table = table_of(data, READING)
    files: dict[str, list[str]] = {}
    for _, row in csv_rows(table, ("file", "country", "source")):
        if row["country"] and (row["country"] in countries or not countries):
            files.setdefault(row["country"], []).append(row["file"])
    layouts = {code: [layout for layout in LAYOUTS if layout.country == code] for code in files}
    shown = sorted(code for code, own in layouts.items() if own)
    if not shown:
        raise MissingError(f"there is no crop of {', '.join(countries) or 'any country'} in {table}", "name others")
    shelf, rng = FontShelf(folders, plates_only=True), random.Random(seed)  # noqa: S311
    cells: list[NDArray[np.uint8]] = []
    for code in shown:
        real = [_crop(table.parent / "images" / name) for name in rng.sample(files[code], min(EACH, len(files[code])))]
        real += [np.zeros((2, 2), np.uint8)] * (EACH - len(real))
        cells += [_cell(picture, code) for picture in real]
        cells += [_cell(_drawn(layouts[code], shelf, rng), f"{code} drawn") for _ in range(EACH)]
    write_sheet(cells, 2 * EACH, out)
    return len(shown)


def _crop(path: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise MissingError(f"{path.name} cannot be read", "fetch the data again")
    return np.asarray(picture, np.uint8)


def _drawn(layouts: Sequence[Layout], shelf: FontShelf, rng: random.Random) -> NDArray[np.uint8]:
    plate = render_plate(shelf, rng, None, layouts)
    x0, y0, x1, y1 = PLATE_BOX
    inner = plate.picture[y0:y1, x0:x1]
    return np.asarray(cv2.resize(inner, (max(1, round(plate.aspect * inner.shape[0])), inner.shape[0])), np.uint8)


def _cell(picture: NDArray[np.uint8], caption: str) -> NDArray[np.uint8]:
    """*picture* (grey) as large as fits into a cell, and the caption below it."""
    width, height = CELL
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    cell = np.zeros((height + CAPTION, width + 6), np.uint8)
    cell[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    cv2.putText(cell, caption, (2, height + 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (200,), 1, cv2.LINE_AA)
    return cell
