"""Crops with known text that no network trains on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.errors import MissingError
from converter.labels.tables import READING, csv_rows, table_of

OVERRULES = Path(__file__).parents[1] / "data" / "truth_overrules.csv"
"""Texts of the validation crops that were read again by eye: file, text, reason; an empty text drops the crop."""


@dataclass(frozen=True, slots=True)
class TruthCrop:
    """A validation crop: grey picture, text, source, file name."""

    picture: NDArray[np.uint8]
    text: str
    source: str
    file: str


def load_truth(data: Path, sources: tuple[str, ...] = (), *, illegible: bool = False) -> list[TruthCrop]:
    """Load the crops of ``read/texts.csv`` in *data*, of all or of the named *sources*, overrules applied.

    With *illegible*, crops that an overrule drops are loaded, too, with an empty text.
    The Tunisian word is written as T in some texts and left out in others: it is no character of the plate and is
    dropped.

    Raises:
        MissingError: the table or a picture is absent.
        LabelError: the table cannot be read.
    """
    table = table_of(data, READING)
    overrules: dict[str, str] = {}
    if OVERRULES.is_file():
        overrules = {row["file"]: row["text"] for _, row in csv_rows(OVERRULES, ("file", "text"))}
    crops = []
    for _, row in csv_rows(table, ("file", "text", "source")):
        text = overrules.get(row["file"], row["text"])
        if (sources and row["source"] not in sources) or not (text or illegible):
            continue
        picture = cv2.imread(str(table.parent / "images" / row["file"]), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            raise MissingError(f"{row['file']} of {table} cannot be read", "fetch the data again")
        if row["source"] == "tunisian":
            text = text.replace("T", "")
        crops.append(TruthCrop(np.asarray(picture, np.uint8), text, row["source"], row["file"]))
    return crops
