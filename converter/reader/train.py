"""The CTC trainer: one thread, resumable, with a running average of the weights and a table of its progress.

A training from a finished network can be bound to it: see :class:`.losses.Teacher`.
"""

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
from converter.labels import TruthCrop
from converter.measure import training_curves
from converter.progress import Progress
from converter.reader.batches import Batch, Mix, TrainingBatches, loader
from converter.reader.countries import UNKNOWN
from converter.reader.losses import Teacher, ctc_loss
from converter.reader.network import CELL_WIDTH, CLASSES, adopt, build, load_averaged
from converter.reader.optimizer import Optimizer
from converter.reader.real import RealCrop
from converter.reader.validation import exact_match, read_batchwise

_COUNTRY_LOSS_WEIGHT = 0.15
"""Weight of the loss of the country; the loss of the text has 1."""
_AUXILIARY_LOSS_WEIGHT = 0.4
"""Weight of the loss of the auxiliary head in a training from random weights; with starting weights it is 0."""
_FORMER_NAMES = {"hint": "auxiliary_head"}
"""Parts of a checkpoint that had another name in earlier versions."""
_TEACHER_LOSS_WEIGHT = 1.0
"""Weight of the divergence from the teacher; the loss of the text has 1."""


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
    start_from: Path | None = None, teacher: Path | None = None,
) -> nn.Module:  # fmt: skip
    """Train the network; return the running average of its weights, in evaluation mode.

    Args:
        out: folder for ``checkpoint.pt``, ``log.csv`` and ``log.png``; a checkpoint there is continued.
        stores: folders of rendered plates.
        real: crops of photos.
        truth: crops that the network is measured on while it trains.
        plan: how long and how fast to learn.
        mix: what a batch consists of.
        start_from: starting weights: the checkpoint of another training, or a shipped network.
        teacher: a network of which nothing is to be unlearnt, see :class:`.losses.Teacher`.

    Raises:
        RunError: the checkpoint in *out* is of another plan or network.
        MissingError: there are no rendered plates, or no starting weights.
        NetworkError: *start_from* or *teacher* holds no plate reader.
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
    auxiliary_head = nn.Linear(CELL_WIDTH, CLASSES)
    optimizer = Optimizer(network, auxiliary_head, plan.rate, plan.steps)
    bound_to = Teacher(load_averaged(teacher)) if teacher is not None else None
    parts: dict[str, Any] = {
        "network": network, "auxiliary_head": auxiliary_head, "averaged": averaged, "optimizer": optimizer,
    }  # fmt: skip
    checkpoint = out / "checkpoint.pt"
    step = 0
    if checkpoint.is_file():
        saved = torch.load(checkpoint, weights_only=True)
        step, steps = int(saved.pop("step")), saved.pop("steps", None)
        if steps not in (None, plan.steps):
            raise RunError(f"{out} holds a run of {steps} steps", "give as many, or a new folder")
        try:
            for name, state in saved.items():
                parts[_FORMER_NAMES.get(name, name)].load_state_dict(state)
        except (RuntimeError, LookupError):
            raise RunError(
                f"{out} holds a run of another network or optimizer", f"give a new folder and --start-from {checkpoint}"
            ) from None
    (out / "plan.json").write_text(json.dumps({**asdict(plan), **asdict(mix), "real_crops": len(real)}, indent=1))
    batches: Iterator[Batch] = iter(loader(TrainingBatches(stores, real, mix, plan.batch, plan.seed, step)))
    loss_weight = _AUXILIARY_LOSS_WEIGHT if start_from is None else 0.0
    loss_average = 0.0
    with Progress("train", plan.steps - step) as progress:
        while step < plan.steps:
            loss = _step(network, auxiliary_head, loss_weight, next(batches), optimizer, bound_to)
            averaged.update_parameters(network)
            step += 1
            loss_average = loss if loss_average == 0 else 0.98 * loss_average + 0.02 * loss
            progress.step(f"step {step} loss {loss_average:.3f}")
            if step % plan.keep_every == 0 or step == plan.steps:
                _save(checkpoint, {**{k: v.state_dict() for k, v in parts.items()}, "step": step, "steps": plan.steps})
            if step % plan.check_every == 0 or step == plan.steps:
                log_exact_match(out / "log.csv", step, loss_average, averaged.module, truth)
                training_curves(out / "log.csv", out / "log.png")
    averaged.module.eval()
    return averaged.module


def _keep_statistics(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def _step(
    network: nn.Module, auxiliary_head: nn.Linear, loss_weight: float, batch: Batch, optimizer: Optimizer,
    teacher: Teacher | None = None,
) -> float:  # fmt: skip
    """Do one step of the optimizer; return the CTC loss of the network.

    *auxiliary_head* classifies the cells of the convolutions directly. Its loss, with *loss_weight*, shortens the
    plateau at the beginning of a training in which the network predicts the blank only. The shipped network has no
    such head.
    """
    images, targets, lengths, countries = batch
    images = images.contiguous(memory_format=torch.channels_last)
    network.train()
    if teacher is not None:
        _keep_statistics(network)
    with torch.autocast("cpu", torch.bfloat16):
        cells = network.see(images)  # type: ignore[operator]
        understood = network.understand(cells)  # type: ignore[operator]
        logits, auxiliary = network.classify(understood), auxiliary_head(cells)  # type: ignore[operator]
        origins = network.origin(cells, understood)  # type: ignore[operator]
    loss = ctc_loss(logits, targets, lengths)
    told = functional.cross_entropy(origins.float(), countries, ignore_index=UNKNOWN, reduction="sum") / len(images)
    total = loss + loss_weight * ctc_loss(auxiliary, targets, lengths) + _COUNTRY_LOSS_WEIGHT * told
    if teacher is not None:
        total = total + _TEACHER_LOSS_WEIGHT * teacher.divergence(batch, logits)
    optimizer.zero_grad()
    torch.autograd.backward([total])
    optimizer.step()
    return float(loss.detach())


def log_exact_match(path: Path, step: int, loss: float, network: nn.Module, truth: list[TruthCrop]) -> None:
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
