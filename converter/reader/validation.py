"""Exact match on crops with known text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from converter.labels import TruthCrop
from converter.reader.batches import to_tensor
from edge.vision.deskew import to_canvas
from edge.vision.reader import greedy_decode


@dataclass(frozen=True, slots=True)
class CropRead:
    """Free reading of a crop and its log-probabilities (T, 37)."""

    text: str
    characters: tuple[float, ...]
    log_probs: NDArray[np.float32]


def read_batchwise(network: nn.Module, pictures: Sequence[NDArray[np.uint8]], size: int = 32) -> list[CropRead]:
    """Read grey crops in batches, without EasyOCR; the network is left in evaluation mode."""
    network.eval()
    reads: list[CropRead] = []
    with torch.inference_mode():
        for first in range(0, len(pictures), size):
            images = to_tensor([to_canvas(picture) for picture in pictures[first : first + size]])
            log_probs = torch.log_softmax(network(images).float(), dim=2).numpy()
            reads.extend(CropRead(*greedy_decode(item), item) for item in log_probs)
    return reads


def exact_match(truth: Sequence[TruthCrop], reads: Sequence[CropRead]) -> dict[str, float]:
    """Return the share of crops read exactly, a source."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for crop, read in zip(truth, reads, strict=True):
        hits[crop.source].append(crop.text == read.text)
    return {source: sum(flags) / len(flags) for source, flags in sorted(hits.items())}
