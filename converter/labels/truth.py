"""Crops with known text that the network never trains on."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.errors import MissingError

OVERRULES = Path(__file__).parents[1] / "data" / "truth_overrules.csv"
"""Texts of the validation crops that were read again by eye: file, text, reason; an empty text drops the crop."""


@dataclass(frozen=True, slots=True)
class TruthCrop:
    """A validation crop: grey picture, text, source, file name."""

    picture: NDArray[np.uint8]
    text: str
    source: str
    file: str


def load_truth(data: Path, sources: tuple[str, ...] = ()) -> list[TruthCrop]:
    """Load the crops of ``read/texts.csv`` in *data*, of all or of the named *sources*, overrules applied.

    The Tunisian word is written as T in some truths and left out in others: it is no character of the plate and is
    dropped. Raises :class:`MissingError` where the table or a picture is absent.
    """
    table = data / "read" / "texts.csv"
    if not table.is_file():
        raise MissingError(f"{table} is missing: give the folder of validation data with --data")
    overrules: dict[str, str] = {}
    if OVERRULES.is_file():
        with OVERRULES.open(newline="") as file:
            overrules = {row["file"]: row["text"] for row in csv.DictReader(file)}
    crops = []
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            text = overrules.get(row["file"], row["text"])
            if (sources and row["source"] not in sources) or not text:
                continue
            picture = cv2.imread(str(data / "read" / "images" / row["file"]), cv2.IMREAD_GRAYSCALE)
            if picture is None:
                raise MissingError(f"{row['file']} of {table} cannot be read: fetch the validation data again")
            if row["source"] == "tunisian":
                text = text.replace("T", "")
            crops.append(TruthCrop(np.asarray(picture, np.uint8), text, row["source"], row["file"]))
    return crops
