"""Fit the confidence of a whole plate on rendered plates that were never trained on."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from converter.progress import Progress
from converter.reader.store import PlateStore
from converter.synth import RenderedPlate, photograph
from edge.model import Box, Detection, PlateRead
from edge.vision.calibration import log_odds
from edge.vision.checksums import NETWORK_NAME, write_list
from edge.vision.reader import PlateReader


def fit(odds: NDArray[np.float64], right: NDArray[np.bool_], rounds: int = 50) -> tuple[float, float]:
    """Return slope and offset of a logistic regression of *right* on *odds*, by Newton's method.

    A weak prior at slope 1 and offset 0 keeps the fit finite where all are right.
    """
    design = np.stack([odds, np.ones_like(odds)], axis=1)
    prior = np.array([1.0, 0.0])
    weights = prior.copy()
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (right - chance) - (weights - prior)
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.eye(2)
        weights = weights + np.linalg.solve(curvature, gradient)
    return float(weights[0]), float(weights[1])


def read_rendered(models: Path, store: PlateStore, seed: int) -> list[tuple[PlateRead, RenderedPlate]]:
    """Read every plate of *store* once through the camera; return what has a text, with the plate."""
    reader, rng = PlateReader(models), random.Random(seed)  # noqa: S311
    reads: list[tuple[PlateRead, RenderedPlate]] = []
    with Progress("read", len(store)) as progress:
        for i in range(len(store)):
            plate = store[i]
            patch = np.asarray(store.patches[rng.randrange(len(store.patches))])
            tilt = difficulty = rng.uniform(0.25, 1.0)
            crop = photograph(plate, patch, tilt, difficulty, rng)
            box = Box(0, 0, crop.shape[1], crop.shape[0])
            (read,) = reader.read(crop, [Detection(box, 1.0)])
            if read.text:
                reads.append((read, plate))
            progress.step()
    return reads


def calibrate(models: Path, store: PlateStore, seed: int = 1) -> tuple[float, float]:
    """Fit, write slope and offset into the reader's settings in *models*, and return them."""
    reads = read_rendered(models, store, seed)
    right = np.array([read.text == plate.text for read, plate in reads])
    slope, offset = fit(np.array([log_odds(read.characters) for read, _ in reads]), right)
    folder = models / "reader"
    path = folder / f"{NETWORK_NAME}.json"
    settings = json.loads(path.read_text())
    settings["confidence"] = {"slope": round(slope, 4), "offset": round(offset, 4)}
    path.write_text(json.dumps(settings, indent=2) + "\n")
    write_list(folder, (path.name,))
    return slope, offset
