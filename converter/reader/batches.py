"""What the network sees: rendered plates through the camera, real crops, and crops without a plate."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from converter.reader.countries import country_class
from converter.reader.real import RealCrop, recrop
from converter.reader.store import PlateStore
from converter.synth import degrade, photograph
from edge.model import CLASS
from edge.vision.deskew import deskewed, to_canvas

_REOPEN = 250
"""Batches after which the stores are opened again: rendering may go on beside training."""
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]

_Sample = tuple[NDArray[np.uint8], str, str]
"""A crop, its text, and the code of its country."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What a batch consists of: shares of real crops and of crops without a plate; the rest is rendered.

    ``ramp`` is the number of batches until tilt and difficulty, 0 to 1, are full; the full difficulty is ``hardest``: a
    tilted plate can be read, a plate that is too blurred teaches nothing. ``level`` is the share of crops that are
    deskewed, if they are tilted, as in the reader's second pass.
    """

    real: float = 0.2
    empty: float = 0.05
    level: float = 0.4
    ramp: int = 800
    hardest: float = 1.0


def to_tensor(canvases: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
    """Return float32 (B, 1, 64, 192) in -1..1, exactly as EasyOCR prepares a picture."""
    stacked = torch.from_numpy(np.stack(canvases)).unsqueeze(1)
    return stacked.float().div_(255).sub_(0.5).div_(0.5)


class TrainingBatches(IterableDataset[Batch]):
    """Endless batches of (images, concatenated targets, target lengths, countries); reproducible by *seed*, *start*."""

    def __init__(
        self, stores: Sequence[Path], real: Sequence[RealCrop], mix: Mix, size: int, seed: int, start: int
    ) -> None:
        self._stores, self._real, self._mix = tuple(stores), tuple(real), mix
        self._size, self._seed, self._start = size, seed, start

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches without end."""
        cv2.setNumThreads(1)
        worker = get_worker_info()
        rng = random.Random(f"{self._seed}-{self._start}-{worker.id if worker else 0}")  # noqa: S311
        number = self._start
        while True:
            if number == self._start or number % _REOPEN == 0:
                stores = [PlateStore.open(folder) for folder in self._stores]
            grown = min(1.0, number / max(self._mix.ramp, 1))
            samples = [self._sample(stores, grown, rng) for _ in range(self._size)]
            targets = [CLASS[c] for _, text, _ in samples for c in text]
            lengths = [len(text) for _, text, _ in samples]
            countries = [country_class(country) for *_, country in samples]
            images = to_tensor([self._canvas(crop, rng) for crop, *_ in samples])
            yield images, torch.tensor(targets), torch.tensor(lengths), torch.tensor(countries)
            number += 1

    def _sample(self, stores: Sequence[PlateStore], grown: float, rng: random.Random) -> _Sample:
        tilt, difficulty = (grown * rng.uniform(0.25, 1) * most for most in (1.0, self._mix.hardest))
        store = rng.choices(stores, [len(s) for s in stores])[0]
        dice = rng.random()
        patch = np.asarray(store.patches[rng.randrange(len(store.patches))])
        if dice < self._mix.empty:
            return degrade(patch, difficulty, rng), "", ""
        if self._real and dice < self._mix.empty + self._mix.real:
            crop = rng.choices(self._real, [c.weight for c in self._real])[0]
            return recrop(crop, difficulty, rng), crop.text, crop.country
        plate = store[rng.randrange(len(store))]
        return photograph(plate, patch, tilt, difficulty, rng), plate.text, plate.country

    def _canvas(self, crop: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
        """The canvas of *crop*, deskewed as often as the mix says."""
        level = deskewed(crop) if rng.random() < self._mix.level else None
        return to_canvas(crop if level is None else level)


def loader(batches: TrainingBatches) -> DataLoader[Batch]:
    """Run *batches* in one worker process of its own."""
    return DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=8)
