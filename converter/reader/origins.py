"""Teach a finished network the countries again.

Means of networks keep what they read, not what each one's last layers made of it: the part that tells countries is
trained anew on the mean, all else left as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
from torch import nn

from converter.progress import Progress
from converter.reader.batches import Mix, TrainingBatches, loader
from converter.reader.countries import COUNTRIES, country_class
from converter.reader.real import RealCrop
from converter.reader.store import PlateStore

REAL_SHARE = 0.12
_EVEN = 0.5
"""How far the countries' shares of the drawings are evened out: 0 leaves them, 1 makes all alike."""


def teach(
    network: nn.Module, stores: Sequence[Path], steps: int, rate: float = 2e-3, seed: int = 1,
    real: Sequence[RealCrop] = (),
) -> float:  # fmt: skip
    """Train ``network.origin`` alone for *steps* batches of 48 plates of *stores*; return the mean of the last losses.

    Those of *real* that know their country are :data:`REAL_SHARE` of each batch, each text as often as the others.
    The mean is that of the last tenth of the steps. The network is left in evaluation mode.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    network.eval().requires_grad_(requires_grad=False)
    head = network.origin
    assert isinstance(head, nn.Module)
    head.requires_grad_(requires_grad=True)
    optimizer = torch.optim.AdamW(head.parameters(), rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    weights = _weights(stores)
    known_crops = [crop for crop in real if crop.country]
    mix = Mix(real=REAL_SHARE if known_crops else 0.0, empty=0.0, ramp=1, hardest=0.6)
    batches = iter(loader(TrainingBatches(stores, known_crops, mix, 48, seed, 0)))
    losses: list[float] = []
    with Progress("countries", steps) as progress:
        for _ in range(steps):
            images, _, _, countries = next(batches)
            with torch.no_grad():
                seen = network.see(images)  # type: ignore[operator]
                understood = network.understand(seen)  # type: ignore[operator]
            known = countries >= 0
            loss = functional.cross_entropy(head(seen, understood)[known], countries[known], weight=weights)
            optimizer.zero_grad()
            torch.autograd.backward([loss])
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
            progress.step(f"loss {np.mean(losses[-50:]):.3f}")
    return float(np.mean(losses[-max(1, steps // 10) :]))


def _weights(stores: Sequence[Path]) -> torch.Tensor:
    counts = Counter(country for folder in stores for country in PlateStore.open(folder).countries if country)
    shares = torch.tensor([max(counts[code], 1) for code in COUNTRIES], dtype=torch.float32)
    weights = shares**-_EVEN
    return weights / weights[torch.tensor([country_class(code) for code in counts])].mean()
