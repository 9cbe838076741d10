"""The network's one definition lives in ``models/reader``; the trainer uses that very file."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, cast

import torch
import yaml  # type: ignore[import-untyped]
from torch import nn

from converter.errors import MissingError, NetworkError
from converter.reader.countries import COUNTRIES
from edge.config import models_dir
from edge.model import ALPHABET
from edge.vision.checksums import NETWORK_NAME, READER_FILES, write_list
from edge.vision.deskew import CANVAS_SHAPE

MODEL_DIR = models_dir() / "reader"
NETWORK_PARAMS: dict[str, Any] = {
    "channels": [24, 48, 80, 128], "pairs": [1, 2], "heads": 4, "hidden": 256, "layers": 3,
    "countries": len(COUNTRIES),
}  # fmt: skip
CELL_WIDTH, CLASSES = 128, len(ALPHABET) + 1
"""Numbers a cell of the convolutions' map, and classes with the blank."""
_LAST_OF_ORIGIN = "origin.decide.2.bias"
_REMEDY = "give a checkpoint.pt, or a plate_reader.pth"


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

    A network from before there were countries has ``origin`` None.

    Raises:
        MissingError: there is no such file.
        NetworkError: it holds something else.
    """
    if not checkpoint.is_file():
        raise MissingError(f"{checkpoint} is missing", _REMEDY)
    try:
        saved = torch.load(checkpoint, weights_only=True)
        saved = saved.get("averaged", saved)
        state = {k.removeprefix("module."): v for k, v in saved.items() if k.startswith("module.")}
        told = len(state[_LAST_OF_ORIGIN]) if _LAST_OF_ORIGIN in state else 0
        network = build({**NETWORK_PARAMS, "countries": told})
        network.load_state_dict(state)
    except (RuntimeError, LookupError, AttributeError, TypeError, ValueError, EOFError, UnpicklingError) as error:
        raise NetworkError(f"{checkpoint} holds no plate reader ({type(error).__name__})", _REMEDY) from None
    return network.eval()


def mean(networks: Sequence[nn.Module]) -> nn.Module:
    """Return a network with the mean of the weights of *networks*, which have to come from one training.

    It is often better than each of them (Wortsman et al. 2022, "Model soups"). The part that tells countries is the
    mean of those networks that have it.
    """
    states = [network.state_dict() for network in networks]
    fullest = max(states, key=len)
    averaged = build({**NETWORK_PARAMS, "countries": len(fullest.get(_LAST_OF_ORIGIN, ()))})
    averaged.load_state_dict(
        {
            name: torch.stack([state[name] for state in states if name in state]).mean(dim=0)
            if value.is_floating_point()
            else value
            for name, value in fullest.items()
        }
    )
    return averaged.eval()


def adopt(network: nn.Module, other: nn.Module) -> None:
    """Give *network* the weights of *other*; without those that tell countries it keeps its own, or has none."""
    network.load_state_dict(
        {k: v for k, v in {**network.state_dict(), **other.state_dict()}.items() if k in network.state_dict()}
    )


def export(network: nn.Module, folder: Path = MODEL_DIR) -> None:
    """Write the files as EasyOCR loads them; its CPU loader cuts seven characters off every key."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {f"module.{k}": v.contiguous().clone() for k, v in network.state_dict().items()}
    torch.save(state, folder / f"{NETWORK_NAME}.pth")
    told = len(state.get(f"module.{_LAST_OF_ORIGIN}", ()))
    settings = {
        "network_params": {**NETWORK_PARAMS, "countries": told},
        "imgH": CANVAS_SHAPE[0],
        "lang_list": ["en"],
        "character_list": ALPHABET,
    }
    (folder / f"{NETWORK_NAME}.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    if folder.resolve() != MODEL_DIR.resolve():
        shutil.copy(MODEL_DIR / f"{NETWORK_NAME}.py", folder / f"{NETWORK_NAME}.py")
    shipped = json.loads((MODEL_DIR / f"{NETWORK_NAME}.json").read_text())
    shipped["countries"] = list(COUNTRIES) if told else []
    (folder / f"{NETWORK_NAME}.json").write_text(json.dumps(shipped, indent=2) + "\n")
    strip = str(shipped.get("strip", ""))
    of_strip = (strip, Path(strip).with_suffix(".json").name) if strip else ()
    if folder.resolve() != MODEL_DIR.resolve():
        for name in of_strip:
            shutil.copy(MODEL_DIR / name, folder / name)
    write_list(folder, (*READER_FILES, *of_strip))
