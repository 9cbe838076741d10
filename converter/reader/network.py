"""The network's one definition lives in ``models/reader``; the trainer uses that very file."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import torch
import yaml  # type: ignore[import-untyped]
from torch import nn

from converter.errors import ConverterError, MissingError
from edge.config import models_dir
from edge.model import ALPHABET
from edge.vision.checksums import NETWORK_NAME, READER_FILES, write_list
from edge.vision.deskew import CANVAS_SHAPE

MODEL_DIR = models_dir() / "reader"
NETWORK_PARAMS: dict[str, Any] = {
    "channels": [24, 48, 80, 128], "pairs": [1, 2], "heads": 4, "hidden": 256, "layers": 3,
}  # fmt: skip
CELL_WIDTH, CLASSES = 128, len(ALPHABET) + 1
"""Numbers a cell of the convolutions' map, and classes with the blank."""


class NetworkError(ConverterError, ValueError):
    """A file holds no plate reader."""


def build(params: dict[str, Any] = NETWORK_PARAMS) -> nn.Module:
    """Return a new network with random weights."""
    spec = importlib.util.spec_from_file_location(NETWORK_NAME, MODEL_DIR / f"{NETWORK_NAME}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(nn.Module, module.Model(num_class=CLASSES, **params))


def parameter_count(network: nn.Module) -> int:
    """Return the number of weights."""
    return sum(p.numel() for p in network.parameters())


def load_averaged(checkpoint: Path) -> nn.Module:
    """Return the averaged network of a training checkpoint, or a shipped one (``.pth``), in evaluation mode.

    Raises:
        MissingError: there is no such file.
        NetworkError: it holds something else.
    """
    if not checkpoint.is_file():
        raise MissingError(f"{checkpoint} is missing: give a checkpoint.pt, or a plate_reader.pth")
    try:
        saved = torch.load(checkpoint, weights_only=True)
        saved = saved.get("averaged", saved)
        state = {k.removeprefix("module."): v for k, v in saved.items() if k.startswith("module.")}
        network = build()
        network.load_state_dict(state)
    except (RuntimeError, LookupError, AttributeError, TypeError, ValueError, EOFError, UnpicklingError) as error:
        raise NetworkError(
            f"{checkpoint} holds no plate reader ({type(error).__name__}): give a checkpoint.pt, or a plate_reader.pth"
        ) from None
    return network.eval()


def mean(networks: Sequence[nn.Module]) -> nn.Module:
    """Return a network with the mean of the weights: right where the networks come from one training, and often better
    than each (Wortsman et al. 2022, "Model soups")."""
    states = [network.state_dict() for network in networks]
    averaged = build()
    averaged.load_state_dict(
        {
            name: torch.stack([state[name] for state in states]).mean(dim=0) if value.is_floating_point() else value
            for name, value in states[-1].items()
        }
    )
    return averaged.eval()


def export(network: nn.Module, folder: Path = MODEL_DIR) -> None:
    """Write the files as EasyOCR loads them; its CPU loader cuts seven characters off every key."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"module.{k}": v.contiguous().clone() for k, v in network.state_dict().items()}
    torch.save(state, folder / f"{NETWORK_NAME}.pth")
    settings = {
        "network_params": NETWORK_PARAMS,
        "imgH": CANVAS_SHAPE[0],
        "lang_list": ["en"],
        "character_list": ALPHABET,
    }
    (folder / f"{NETWORK_NAME}.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    if folder.resolve() != MODEL_DIR.resolve():
        for name in (f"{NETWORK_NAME}.py", f"{NETWORK_NAME}.json"):
            shutil.copy(MODEL_DIR / name, folder / name)
    write_list(folder, READER_FILES)
