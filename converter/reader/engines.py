"""The reader's network in several engines, on the same crops: do they read the same, and what does each take?"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converter.labels import TruthCrop
from converter.progress import Progress
from edge.model import Box, Detection, PlateRead
from edge.vision.checksums import LITERT_NAME, weights_checksum
from edge.vision.litert_backend import LitertNetwork
from edge.vision.reader import PlateReader
from edge.vision.tflite import available

PROBABILITY_TOLERANCE = 1e-3
"""How far a probability of a character may be from the first engine's; rounding makes a fiftieth of it."""


@dataclass(slots=True)
class Row:
    """What one of the readers made of the crops."""

    name: str
    exact: int = 0
    """Crops read exactly, before any format helps."""
    cpu_s: float = 0.0
    """CPU seconds for all of them: canvas, network, a second pass where the first is not sure."""
    differing: int = 0
    """Crops of which a pass was read otherwise than by the first reader, or that took fewer or more passes."""
    apart: float = 0.0
    """The largest difference of a probability from the first reader's, in any cell of the pass that was kept."""

    @property
    def same(self) -> bool:
        """Whether it agrees with the first reader in every text, and as closely as rounding lets it."""
        return not self.differing and self.apart <= PROBABILITY_TOLERANCE


def readers(models: Path, further: Sequence[Path] = ()) -> dict[str, PlateReader]:
    """Return EasyOCR's reader, LiteRT's in each runtime that is installed, and one for each of *further* files.

    Those are TFLite files that were made from the same weights.

    Raises:
        ModelError: an engine is not installed, or a file is not of this network.
    """
    sha256 = weights_checksum(models / "reader")
    found = {"easyocr": PlateReader(models, "easyocr")}
    for runtime in available():
        network = LitertNetwork(models / "reader" / LITERT_NAME, sha256, runtime=runtime)
        found[f"litert: {runtime}"] = PlateReader(models, "litert", network)
    for path in further:
        found[path.stem] = PlateReader(models, "litert", LitertNetwork(path, sha256))
    return found


def compare(among: Mapping[str, PlateReader], crops: Sequence[TruthCrop]) -> list[Row]:
    """Let each reader read every crop in turn, so that the load of the machine is the same for all."""
    rows = [Row(name) for name in among]
    with Progress("read", len(crops)) as progress:
        for crop in crops:
            box = Detection(Box(0, 0, crop.picture.shape[1], crop.picture.shape[0]), 1.0)
            reads: list[PlateRead] = []
            for row, reader in zip(rows, among.values(), strict=True):
                began = time.process_time()
                (read,) = reader.read(crop.picture, [box])
                row.cpu_s += time.process_time() - began
                row.exact += read.text == crop.text
                row.differing += bool(reads) and _texts(read) != _texts(reads[0])
                reads.append(read)
                row.apart = max(row.apart, float(np.abs(np.exp(read.log_probs) - np.exp(reads[0].log_probs)).max()))
            progress.step()
    return rows


def _texts(read: PlateRead) -> tuple[str, str | None]:
    """The text that was kept, and that of the second pass."""
    return read.text, None if read.second_pass is None else read.second_pass.text


def table(rows: Sequence[Row], crops: int) -> str:
    """The comparison, a line a reader."""
    lines = [f"{f'{crops} crops':<24}{'read exactly':>14}{'CPU ms a crop':>15}{'other texts':>13}{'apart':>10}"]
    for row in rows:
        milliseconds = 1e3 * row.cpu_s / max(1, crops)
        lines.append(f"{row.name:<24}{row.exact:>14}{milliseconds:>15.2f}{row.differing:>13}{row.apart:>10.1e}")
    return "\n".join(lines)
