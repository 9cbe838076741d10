"""Close-ups on disk: they are too many for the memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converter.errors import ConverterError, MissingError

WIDTH, HEIGHT = 160, 80
"""Pixels of a close-up."""
MARGINS = (0.5, 0.9)
"""What it shows on each side of a box, as a share of its width and height: enough to see what a plate hangs on."""

Pixels = NDArray[np.uint8]
Target = tuple[float, float, float, float, float]
"""1 or 0 for plate or none, and the plate's edges x1, y1, x2, y2 as fractions of the close-up."""


@dataclass(frozen=True, slots=True)
class Closeups:
    """`parts` are arrays (n, 80, 160, 3) uint8 RGB, mapped from disk; `targets` (N, 5) float32 are those of all."""

    parts: tuple[Pixels, ...]
    targets: NDArray[np.float32]

    def pixels(self, chosen: NDArray[np.int64]) -> Pixels:
        """The chosen close-ups (len(chosen), 80, 160, 3)."""
        ends = np.cumsum([len(part) for part in self.parts])
        where = np.searchsorted(ends, chosen, side="right")
        return np.stack([self.parts[p][i - ends[p]] for p, i in zip(where, chosen, strict=True)])


def save(closeups: Iterable[tuple[Pixels, Target]], folder: Path) -> int:
    """Writes `pixels.rgb` and, when all are there, `targets.npy`; returns how many.

    Raises:
        ConverterError: there are none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "targets.npy").unlink(missing_ok=True)
    targets: list[Target] = []
    with (folder / "pixels.rgb").open("wb") as file:
        for pixels, target in closeups:
            file.write(np.ascontiguousarray(pixels).tobytes())
            targets.append(target)
    if not targets:
        raise ConverterError("The scenes gave no close-up; harvest more scenes.")
    np.save(folder / "targets.npy", np.array(targets, np.float32))
    return len(targets)


def load(folders: Sequence[Path]) -> Closeups:
    """What `save` wrote into these folders, together.

    Raises:
        MissingError: a folder holds no close-ups, or not all of them.
    """
    parts, targets = [], []
    for folder in folders:
        try:
            targets.append(np.load(folder / "targets.npy"))
            shape = (len(targets[-1]), HEIGHT, WIDTH, 3)
            parts.append(np.memmap(folder / "pixels.rgb", np.uint8, "r", shape=shape))
            complete = (folder / "pixels.rgb").stat().st_size == parts[-1].nbytes
        except (OSError, ValueError):
            complete = False
        if not complete:
            raise MissingError(
                f"{folder} does not hold all its close-ups; make them with `autovelox-convert refiner harvest`."
            )
    return Closeups(tuple(parts), np.concatenate(targets))
