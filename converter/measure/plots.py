"""Charts: training curves, the reliability of confidences, precision against recall.

The unit's environment has no matplotlib, so the reader's charts are drawn with Pillow.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from converter.measure.metrics import Outcome, curve

Point = tuple[float, float]
_SIZE, _LEFT, _TOP, _RIGHT, _BOTTOM = (720, 420), 60, 20, 700, 370
_COLOURS = ("#1f5fbf", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#117a8b")


def chart(
    path: Path, lines: Mapping[str, Sequence[Point]], x_name: str, x_most: float, *, diagonal: bool = False
) -> None:
    """Write a chart of *lines* (name to points) with x from 0 to *x_most* and y from 0 to 1."""
    image = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(13)

    def at(x: float, y: float) -> Point:
        return _LEFT + (_RIGHT - _LEFT) * x / x_most, _BOTTOM - (_BOTTOM - _TOP) * y

    for tenth in range(0, 11, 2):
        y = tenth / 10
        draw.line((at(0, y), at(x_most, y)), fill="#dddddd")
        draw.text((_LEFT - 34, at(0, y)[1] - 8), f"{y:.1f}", fill="black", font=font)
        x = x_most * tenth / 10
        draw.text((at(x, 0)[0] - 10, _BOTTOM + 6), f"{x:.4g}", fill="black", font=font)
    draw.text(((_LEFT + _RIGHT) / 2 - 40, _BOTTOM + 26), x_name, fill="black", font=font)
    if diagonal:
        draw.line((at(0, 0), at(x_most, x_most)), fill="#999999")
    for place, (name, points) in enumerate(lines.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        pixels = [at(x, min(max(y, 0), 1)) for x, y in points]
        draw.line(pixels, fill=colour, width=2)
        for x, y in pixels:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
        draw.text((_RIGHT - 190, _BOTTOM - 24 - 18 * place), name, fill=colour, font=font)
    image.save(path)


def training_curves(log: Path, path: Path) -> None:
    """Draw the exact match of every source in a trainer's ``log.csv`` over its steps."""
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    sources = [name for name in rows[0] if name not in ("step", "loss")]
    lines = {name: [(float(row["step"]), float(row[name])) for row in rows] for name in sources}
    chart(path, lines, "step", float(rows[-1]["step"]))


def plot_curves(models: Mapping[str, Sequence[Outcome]], path: Path) -> None:
    """Draw precision against recall at IoU 0.5 and 0.75 (needs matplotlib).

    Raises:
        ImportError: matplotlib is not installed in this environment.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 6))
    for model, outcomes in models.items():
        for threshold, style in ((0.5, "-"), (0.75, ":")):
            points = curve(outcomes, threshold)
            label = f"{model}, IoU {threshold}: AP {points.average_precision:.3f}"
            axes.plot(points.recall, points.precision, style, label=label)
    axes.set(
        xlabel="recall", ylabel="precision", xlim=(0.5, 1.005), ylim=(0.5, 1.005), xticks=np.arange(0.5, 1.01, 0.1)
    )
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def plot_losses(history: list[tuple[int, dict[str, float]]], path: Path) -> None:
    """Draw the losses of a detector and the learning rate over the steps (needs matplotlib)."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    steps = [step for step, _ in history]
    figure, axes = pyplot.subplots(figsize=(9, 5))
    for key in ("Loss/total_loss", "Loss/classification_loss", "Loss/localization_loss"):
        axes.plot(steps, [losses[key] for _, losses in history], label=key.removeprefix("Loss/").replace("_", " "))
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    axes.legend()
    rate = axes.twinx()
    rate.plot(steps, [losses["learning_rate"] for _, losses in history], color="grey", linestyle=":")
    rate.set_ylabel("learning rate")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
