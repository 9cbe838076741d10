"""Close-ups on disk: they are too many for the memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converter.errors import ConverterError, MissingError

WIDTH, HEIGHT = 128, 64
"""Pixels of a close-up."""
MARGINS = (0.25, 0.5)
"""What it shows on each side of a box, as a share of its width and height: a box that is half a plate off shows all."""

_FORM = {"width": WIDTH, "height": HEIGHT, "margins": list(MARGINS)}
Pixels = NDArray[np.uint8]
Target = tuple[float, float, float, float, float]
"""1 or 0 for plate or none, and the plate's edges x1, y1, x2, y2 as fractions of the close-up."""


@dataclass(frozen=True, slots=True)
class Closeups:
    """`parts` are arrays (n, 64, 128, 3) uint8 RGB, mapped from disk; `targets` (N, 5) float32 are those of all."""

    parts: tuple[Pixels, ...]
    targets: NDArray[np.float32]

    def pixels(self, chosen: NDArray[np.int64]) -> Pixels:
        """The chosen close-ups (len(chosen), 64, 128, 3)."""
        starts = np.cumsum([0, *(len(part) for part in self.parts)])
        where = np.searchsorted(starts, chosen, side="right") - 1
        return np.stack([self.parts[p][i - starts[p]] for p, i in zip(where, chosen, strict=True)])


def save(closeups: Iterable[tuple[Pixels, Target]], folder: Path) -> int:
    """Writes `pixels.rgb`, `targets.npy` and, when both are complete, `closeups.json`; returns how many there are.

    Raises:
        ConverterError: there are none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "closeups.json").unlink(missing_ok=True)
    targets: list[Target] = []
    unfinished = folder / "pixels.part"
    with unfinished.open("wb") as file:
        for pixels, target in closeups:
            file.write(np.ascontiguousarray(pixels).tobytes())
            targets.append(target)
    if not targets:
        raise ConverterError("the scenes gave no close-up", "harvest more scenes")
    unfinished.replace(folder / "pixels.rgb")  # a training that reads the old ones keeps them
    np.save(folder / "targets.npy", np.array(targets, np.float32))
    (folder / "closeups.json").write_text(json.dumps(_FORM | {"count": len(targets)}))
    return len(targets)


def load(folders: Sequence[Path]) -> Closeups:
    """What `save` wrote into these folders, together.

    Raises:
        MissingError: a folder holds no close-ups, not all of them, or such as this program no longer cuts.
    """
    parts, targets = [], []
    for folder in folders:
        try:
            about = json.loads((folder / "closeups.json").read_text())
            targets.append(np.load(folder / "targets.npy"))
            shape = (len(targets[-1]), HEIGHT, WIDTH, 3)
            parts.append(np.memmap(folder / "pixels.rgb", np.uint8, "r", shape=shape))
            usable = about == _FORM | {"count": shape[0]} and (folder / "pixels.rgb").stat().st_size == parts[-1].nbytes
        except (OSError, ValueError, EOFError):
            usable = False
        if not usable:
            raise MissingError(
                f"{folder} holds no complete set of close-ups of this form", "run `autovelox-convert refiner harvest`"
            )
    return Closeups(tuple(parts), np.concatenate(targets))
