"""The CTC trainer: one thread, resumable, with a running average of the weights and a table of its progress."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from converter.errors import RunError
from converter.labels.truth import TruthCrop
from converter.measure.plots import training_curves
from converter.progress import Progress
from converter.reader.batches import Batch, Mix, TrainingBatches, loader
from converter.reader.countries import UNKNOWN
from converter.reader.network import CELL_WIDTH, CLASSES, adopt, build, load_averaged
from converter.reader.optimizer import Optimizer
from converter.reader.real import RealCrop
from converter.reader.validation import exact_match, read_batchwise

_COUNTRY_SHARE = 0.15
"""How much the loss of the country counts beside that of the text."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn. ``rate`` is the peak of the schedule: see :class:`.optimizer.Optimizer`."""

    steps: int = 4000
    batch: int = 48
    rate: float = 2e-3
    seed: int = 1
    check_every: int = 500
    keep_every: int = 100


def train(
    out: Path, stores: list[Path], real: list[RealCrop], truth: list[TruthCrop], plan: Plan, mix: Mix,
    start_from: Path | None = None,
) -> nn.Module:  # fmt: skip
    """Train into *out* (``checkpoint.pt``, ``log.csv``, ``log.png``); return the averaged network in evaluation mode.

    An existing checkpoint is continued; *start_from* gives starting weights (another run's checkpoint). Raises
    :class:`RunError` where the checkpoint belongs to another plan.
    """
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    network = build()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start_from is not None:
        adopt(network, load_averaged(start_from))
    average = get_ema_multi_avg_fn(0.998)  # type: ignore[no-untyped-call]
    averaged = AveragedModel(network, multi_avg_fn=average, use_buffers=True)
    hint = nn.Linear(CELL_WIDTH, CLASSES)
    optimizer = Optimizer(network, hint, plan.rate, plan.steps)
    parts: dict[str, Any] = {"network": network, "hint": hint, "averaged": averaged, "optimizer": optimizer}
    checkpoint = out / "checkpoint.pt"
    step = 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        step, steps = int(saved.pop("step")), saved.pop("steps", None)
        if steps not in (None, plan.steps):
            raise RunError(f"{out} holds a run of {steps} steps", "give as many, or a new folder")
        try:
            for name, state in saved.items():
                parts[name].load_state_dict(state)
        except (RuntimeError, LookupError):
            raise RunError(
                f"{out} holds a run of another network or optimizer", f"give a new folder and --start-from {checkpoint}"
            ) from None
    (out / "plan.json").write_text(json.dumps({**asdict(plan), **asdict(mix), "real_crops": len(real)}, indent=1))
    batches: Iterator[Batch] = iter(loader(TrainingBatches(stores, real, mix, plan.batch, plan.seed, step)))
    hint_share = 0.4 if start_from is None else 0.0
    loss_average = 0.0
    with Progress("train", plan.steps - step) as progress:
        while step < plan.steps:
            loss = _step(network, hint, hint_share, next(batches), optimizer)
            averaged.update_parameters(network)
            step += 1
            loss_average = loss if loss_average == 0 else 0.98 * loss_average + 0.02 * loss
            progress.step(f"step {step} loss {loss_average:.3f}")
            if step % plan.keep_every == 0 or step == plan.steps:
                _save(checkpoint, {**{k: v.state_dict() for k, v in parts.items()}, "step": step, "steps": plan.steps})
            if step % plan.check_every == 0 or step == plan.steps:
                _log(out / "log.csv", step, loss_average, averaged.module, truth)
                training_curves(out / "log.csv", out / "log.png")
    averaged.module.eval()
    return averaged.module


def _step(network: nn.Module, hint: nn.Linear, share: float, batch: Batch, optimizer: Optimizer) -> float:
    """One step; returns the network's own CTC loss.

    *hint* reads the convolutions' cells directly. Its loss, counted by *share*, ends early in training the plateau in
    which CTC knows the blank only; the shipped network has no such head.
    """
    images, targets, lengths, countries = batch
    network.train()
    with torch.autocast("cpu", torch.bfloat16):
        cells = network.see(images.contiguous(memory_format=torch.channels_last))  # type: ignore[operator]
        understood = network.understand(cells)  # type: ignore[operator]
        logits, hinted = network.classify(understood), hint(cells)  # type: ignore[operator]
        origins = network.origin(cells, understood)  # type: ignore[operator]
    loss = _ctc(logits, targets, lengths)
    told = functional.cross_entropy(origins.float(), countries, ignore_index=UNKNOWN, reduction="sum") / len(images)
    optimizer.zero_grad()
    torch.autograd.backward([loss + share * _ctc(hinted, targets, lengths) + _COUNTRY_SHARE * told])
    optimizer.step()
    return float(loss.detach())


def _ctc(logits: torch.Tensor, targets: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    log_probs = functional.log_softmax(logits.float(), dim=2).transpose(0, 1)
    cells = torch.full((log_probs.shape[1],), log_probs.shape[0], dtype=torch.long)
    return functional.ctc_loss(log_probs, targets, cells, lengths, blank=0, zero_infinity=True)


def _log(path: Path, step: int, loss: float, network: nn.Module, truth: list[TruthCrop]) -> None:
    """Measure exact match a source and add a line to the table."""
    reads = read_batchwise(network, [crop.picture for crop in truth])
    shares = exact_match(truth, reads)
    row = {"step": step, "loss": round(loss, 4), **{k: round(v, 4) for k, v in shares.items()}}
    new = not path.is_file()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row.keys())
        if new:
            writer.writeheader()
        writer.writerow(row)


def _save(path: Path, state: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)
