"""Fill in ``pipeline.config``, which describes network, loss and schedule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from converter.errors import ConverterError

TEMPLATE = Path(__file__).with_name("pipeline.config")
STRIDE = 32
"""The feature pyramid halves the input five times before it is added up again."""
BLOCKS = 17
"""Inverted residual blocks of MobileNetV2."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of one training.

    ``width`` and ``height`` are the network's input in pixels; ``frozen`` is how many of the backbone's first inverted
    residual blocks keep their starting weights.
    """

    records: Path
    label_map: Path
    steps: int
    batch: int = 8
    rate: float = 0.02
    width: int = 320
    height: int = 320
    start: Path | None = None
    start_kind: Literal["classification", "full"] = "classification"
    frozen: int = 0

    def __post_init__(self) -> None:
        if self.width % STRIDE or self.height % STRIDE or min(self.width, self.height) < 2 * STRIDE:
            raise ConverterError(
                f"the network's input cannot be {self.width}x{self.height}",
                f"give multiples of {STRIDE} for both sides, at least {2 * STRIDE}",
            )
        if not 0 <= self.frozen <= BLOCKS:
            raise ConverterError(
                f"{self.frozen} blocks cannot be frozen", f"give 0 to {BLOCKS}, the backbone has so many"
            )
        if self.steps < 1 or self.batch < 1 or self.rate <= 0:
            raise ConverterError("steps, batch or rate is not greater than zero", "give numbers above zero")


def fill(plan: Plan) -> str:
    """Return the text of the pipeline.config for *plan*."""
    fine_tune = ""
    if plan.start is not None:
        fine_tune = f'fine_tune_checkpoint: "{plan.start}"\n  fine_tune_checkpoint_type: "{plan.start_kind}"'
    warmup = min(300, plan.steps // 4)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        width=plan.width,
        height=plan.height,
        batch=plan.batch,
        steps=plan.steps,
        rate=plan.rate,
        warmup_rate=plan.rate / 10,
        warmup_steps=warmup,
        label_map=plan.label_map,
        records=plan.records,
        fine_tune=fine_tune,
    )
