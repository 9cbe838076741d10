"""Rendered plates on disk: one memory-mapped array of base pictures and one line of JSON a plate."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converter.errors import MissingError
from converter.progress import Progress
from converter.synth import BASE_SHAPE, PATCH_SHAPE, FontShelf, Layout, RenderedPlate, plate_free_patches, render_plate

_PICTURES, _TEXTS, _PATCHES = "pictures.npy", "plates.jsonl", "patches.npy"


@dataclass(frozen=True, slots=True)
class PlateStore:
    """Rendered plates and plate-free patches, memory-mapped."""

    pictures: NDArray[np.uint8]
    patches: NDArray[np.uint8]
    texts: tuple[str, ...]
    aspects: tuple[float, ...]
    extents: tuple[tuple[float, float, float, float], ...]
    countries: tuple[str, ...]

    @classmethod
    def open(cls, folder: Path) -> PlateStore:
        """Open what :func:`render_store` wrote, also while it is still writing.

        Raises :class:`MissingError` where there is none.
        """
        if not (folder / _TEXTS).is_file():
            raise MissingError(f"{folder} holds no rendered plates", "run `autovelox-convert reader render` first")
        written = (folder / _TEXTS).read_text()
        lines = [json.loads(line) for line in written[: written.rfind("\n") + 1].splitlines()]
        return cls(
            pictures=np.load(folder / _PICTURES, mmap_mode="r"),
            patches=np.load(folder / _PATCHES, mmap_mode="r"),
            texts=tuple(line["text"] for line in lines),
            aspects=tuple(line["aspect"] for line in lines),
            extents=tuple(tuple(line["extent"]) for line in lines),
            countries=tuple(line.get("country", "") for line in lines),
        )

    def __len__(self) -> int:
        """Count of the plates."""
        return len(self.texts)

    def __getitem__(self, index: int) -> RenderedPlate:
        """Return one plate."""
        return RenderedPlate(
            np.asarray(self.pictures[index]), self.texts[index], self.aspects[index], self.extents[index],
            self.countries[index],
        )  # fmt: skip


def render_store(
    folder: Path, count: int, shelf: FontShelf, data: Path, seed: int, layouts: Sequence[Layout], patches: int = 4000
) -> None:
    """Render *count* plates of *layouts* into *folder*, with patches of the training photos in *data*."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)  # noqa: S311
    free = plate_free_patches(data, patches, rng)
    np.save(folder / _PATCHES, free.reshape(-1, *PATCH_SHAPE))
    create: Any = np.lib.format.open_memmap  # NumPy 1 has no types for it
    pictures: np.memmap[Any, np.dtype[np.uint8]] = create(folder / _PICTURES, "w+", np.uint8, (count, *BASE_SHAPE))
    with (folder / _TEXTS).open("w") as lines, Progress("render", count) as progress:
        for i in range(count):
            plate = render_plate(shelf, rng, free[rng.randrange(len(free))], layouts)
            pictures[i] = plate.picture
            aspect = round(plate.aspect, 3)
            line = {"text": plate.text, "aspect": aspect, "extent": plate.extent, "country": plate.country}
            lines.write(json.dumps(line) + "\n")
            progress.step()
    pictures.flush()
