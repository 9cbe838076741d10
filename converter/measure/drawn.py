"""Drawn Italian plates that no training saw, at fixed widths: how many are read, and how often G and C are swapped."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converter.labels import TruthCrop
from converter.measure.goals import DRAWN_EXACT, DRAWN_SWAPS, DRAWN_SWAPS_WIDTH_PX
from converter.synth import FontShelf, augment, fonts, named, photograph, plate_free_patches, render_plate

WIDTHS = (50, 70, 100, 140, 280)
"""Widths of the plates in pixels."""
KINDS = (
    "I front", "I rear", "I two lines", "I moto", "I moped", "I 1994", "I 1994 front", "I trailer", "I province",
    "I service",
)  # fmt: skip
"""Layouts of Italy, by weight."""
SEED, EACH = 77_001, 400
"""Seed of the set, which no training has, and plates a width."""
NATIONAL = 0.95
"""How often the plates of this set are lettered with Italy's alphabet; in training it is :data:`.fonts.NATIONAL`."""
HARDEST = 0.6
"""The most difficulty, as in the last trainings."""


@dataclass(frozen=True, slots=True)
class DrawnPlate:
    """A crop with its text, country, the width of the plate in pixels and the name of its layout."""

    crop: TruthCrop
    country: str
    width: int
    kind: str = ""


def drawn_plates(
    data: Path, kinds: Sequence[str] = KINDS, widths: Sequence[int] = WIDTHS, each: int = EACH, seed: int = SEED,
    *, steep: bool = False,
) -> list[DrawnPlate]:  # fmt: skip
    """Draw *each* plates of *kinds* at each of *widths*, with the fonts in *data* only: the same ones everywhere.

    *steep* plates are all seen from 50 degrees and more aside, the others as in training.
    """
    rng = random.Random(seed)  # noqa: S311
    shelf = FontShelf([data / "fonts"], plates_only=True)
    patches = plate_free_patches(data, 200, rng)
    layouts = named(kinds)
    usual, fonts.NATIONAL = (fonts.NATIONAL, augment.STEEP), NATIONAL
    augment.STEEP = 1.0 if steep else augment.STEEP
    try:
        plates = []
        for width in widths:
            for number in range(each):
                patch = np.asarray(patches[rng.randrange(len(patches))])
                plate = render_plate(shelf, rng, patch, layouts)
                tilt, difficulty = rng.uniform(0.25, 1), HARDEST * rng.uniform(0.25, 1)
                tilt = 1.0 if steep else tilt
                picture: NDArray[np.uint8] = photograph(plate, patch, tilt, difficulty, rng, width=width)
                crop = TruthCrop(picture, plate.text, f"drawn at {width} px", f"drawn_{width}_{number:04d}")
                plates.append(DrawnPlate(crop, plate.country, width, plate.layout))
        return plates
    finally:
        fonts.NATIONAL, augment.STEEP = usual


def hard_kinds(data: Path) -> dict[str, list[DrawnPlate]]:
    """Drawn plates that the reader finds hard, by what they are: measured beside the goals."""
    return {
        "plates of three lines": drawn_plates(data, ("three lines",), (100, 200), 120, SEED + 1),
        "Italian plates seen from 50 degrees and more": drawn_plates(
            data, widths=(60, 120), each=120, seed=SEED + 2, steep=True
        ),
    }


def swapped(truth: str, text: str, pair: str = "CG") -> bool:
    """Whether *text* is *truth* but for characters of *pair* that stand for each other."""
    return (
        text != truth
        and len(text) == len(truth)
        and all(a == b or {a, b} == set(pair) for a, b in zip(truth, text, strict=True))
    )


def table(plates: Sequence[DrawnPlate], texts: Sequence[str]) -> tuple[str, bool]:
    """Lines of text: what was read of *plates*, a width; and whether all that was to be reached is."""
    lines = [f"{'Italian plates, drawn':<24}{'plates':>8}{'exact':>9}{'G/C swapped':>13}{'to reach':>22}"]
    reached = True
    for width in sorted({plate.width for plate in plates}):
        pairs = [(p.crop.text, text) for p, text in zip(plates, texts, strict=True) if p.width == width]
        exact = sum(truth == text for truth, text in pairs) / len(pairs)
        swaps = sum(swapped(*pair) for pair in pairs)
        counts = width >= DRAWN_SWAPS_WIDTH_PX
        goal = f"{DRAWN_EXACT.limit}" + (f", {DRAWN_SWAPS.limit} swapped" if counts else "")
        lines.append(f"{f'{width} px wide':<24}{len(pairs):>8}{exact:>9.4f}{swaps:>13}{goal:>22}")
        reached = reached and DRAWN_EXACT.reached(exact) and (not counts or DRAWN_SWAPS.reached(swaps))
    return "\n".join(lines), reached


def kinds_table(plates: Sequence[DrawnPlate], texts: Sequence[str]) -> str:
    """Lines of text: how many *plates* of each kind, and of which width, are read exactly."""
    widths = sorted({plate.width for plate in plates})
    lines = ["".join([f"{'exact of each kind':<24}", *(f"{f'{width} px':>10}" for width in widths)])]
    for kind in KINDS:
        cells = []
        for width in widths:
            own = [p.crop.text == t for p, t in zip(plates, texts, strict=True) if (p.kind, p.width) == (kind, width)]
            cells.append(f"{f'{sum(own)}/{len(own)}':>10}")
        lines.append("".join([f"{kind:<24}", *cells]))
    return "\n".join(lines)
