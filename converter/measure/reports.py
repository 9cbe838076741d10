"""``autovelox-convert reader evaluate``: the reader as it ships, beside EasyOCR's own english_g2."""

from __future__ import annotations

import importlib
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from converter.labels import TruthCrop
from converter.measure.contact_sheet import write_sheet
from converter.measure.goals import READER_CPU_RATIO, READER_EXACT
from converter.measure.plots import chart
from converter.progress import Progress
from edge.identify.candidates import reading
from edge.identify.verdict import ANY_FORMAT
from edge.model import Box, Detection
from edge.vision.easyocr_backend import easyocr
from edge.vision.reader import PlateReader

_LIBRARY = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
Read = Callable[[NDArray[np.uint8]], tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What one reader made of the crops: texts and confidences, and its CPU time in seconds for all of them."""

    texts: tuple[str, ...]
    confidences: tuple[float, ...]
    cpu_s: float


def ours(models: Path) -> Read:
    """Return the shipped reader as a function of a grey crop; its text is the one that `autovelox read` reports."""
    reader = PlateReader(models)

    def read(crop: NDArray[np.uint8]) -> tuple[str, float]:
        box = Box(0, 0, crop.shape[1], crop.shape[0])
        plate = reader.read(crop, [Detection(box, 1.0)])[0]
        return reading(plate, ANY_FORMAT), plate.confidence

    return read


def english_g2() -> Read | None:
    """Return EasyOCR's english_g2 as such a function, or nothing where its weights are not installed."""
    try:
        weights = importlib.import_module("easyocr_en_models")
    except ImportError:
        return None
    _declare_operators()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dynamic quantization is deprecated in torch
        reader = easyocr.Reader(
            ["en"], gpu=False, detector=False, verbose=False, download_enabled=False,
            model_storage_directory=str(weights.model_dir()),
        )  # fmt: skip

    def read(crop: NDArray[np.uint8]) -> tuple[str, float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = reader.recognize(crop, contrast_ths=0.0, reformat=False)
        text = "".join(result[1] for result in results).upper()
        return "".join(c for c in text if c.isascii() and c.isalnum()), float(results[0][2])

    return read


def _declare_operators() -> None:
    """Declare the operators without which torchvision cannot be imported beside another build of PyTorch.

    EasyOCR's english_g2 imports torchvision whole and calls neither of them.
    """
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            schema = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            _LIBRARY.define(schema)  # type: ignore[no-untyped-call]


def measure(readers: Sequence[Read], crops: Sequence[TruthCrop]) -> list[Measured]:
    """Let all readers read each crop in turn, so that the load of the machine is the same for all."""
    results: list[list[tuple[str, float]]] = [[] for _ in readers]
    cpu = [0.0 for _ in readers]
    with Progress("read", len(crops)) as progress:
        for crop in crops:
            for i, read in enumerate(readers):
                began = time.process_time()
                results[i].append(read(crop.picture))
                cpu[i] += time.process_time() - began
            progress.step()
    return [
        Measured(tuple(t for t, _ in result), tuple(c for _, c in result), seconds)
        for result, seconds in zip(results, cpu, strict=True)
    ]


def table(crops: Sequence[TruthCrop], names: Sequence[str], measured: Sequence[Measured]) -> tuple[str, bool]:
    """Return a table of exact match a source and CPU milliseconds a crop, and whether the first reader reaches all."""
    rows: dict[str, list[int]] = defaultdict(list)
    for i, crop in enumerate(crops):
        rows[crop.source].append(i)
    reached = True
    lines = [f"{'exact match':<22}{'crops':>7}" + "".join(f"{name:>14}" for name in names) + f"{'to reach':>12}"]
    for source, indices in sorted(rows.items()):
        shares = [sum(m.texts[i] == crops[i].text for i in indices) / len(indices) for m in measured]
        row = f"{source:<22}{len(indices):>7}" + "".join(f"{share:>14.4f}" for share in shares)
        goal = READER_EXACT.get(source)
        lines.append(row + (f"{goal.limit:>12.2f}" if goal else ""))
        reached = reached and (goal is None or goal.reached(shares[0]))
    milliseconds = [m.cpu_s / len(crops) * 1e3 for m in measured]
    lines.append(f"{'CPU ms a crop':<22}{len(crops):>7}" + "".join(f"{ms:>14.1f}" for ms in milliseconds))
    if len(measured) > 1:
        ratio = milliseconds[0] / milliseconds[1]
        lines.append(f"{names[0]} takes {ratio:.2f} of the CPU time of {names[1]} (to reach: {READER_CPU_RATIO})")
        reached = reached and READER_CPU_RATIO.reached(ratio)
    return "\n".join(lines), reached


def reliability(crops: Sequence[TruthCrop], measured: Measured, plot: Path, bins: int = 10) -> str:
    """Return a reliability table (confidence against share right) with the expected calibration error, and plot it."""
    confidences = np.array(measured.confidences)
    right = np.array([t == c.text for t, c in zip(measured.texts, crops, strict=True)])
    points: list[tuple[float, float]] = []
    lines, error = [f"{'confidence':<14}{'crops':>7}{'mean':>8}{'right':>8}"], 0.0
    for low in np.linspace(0, 1, bins, endpoint=False):
        inside = (confidences >= low) & ((confidences < low + 1 / bins) | (low + 1 / bins >= 1))
        if not inside.any():
            continue
        mean, share = float(confidences[inside].mean()), float(right[inside].mean())
        error += abs(mean - share) * inside.mean()
        points.append((mean, share))
        lines.append(f"{low:.1f} to {low + 1 / bins:.1f}    {inside.sum():>7}{mean:>8.3f}{share:>8.3f}")
    chart(plot, {"share read exactly": points}, "confidence", 1.0, diagonal=True)
    lines.append(f"expected calibration error {error:.4f}")
    return "\n".join(lines)


def errors_sheet(path: Path, crops: Sequence[TruthCrop], measured: Measured, columns: int = 6) -> int:
    """Write all crops that were read wrongly, with truth and reading, as one picture; return how many."""
    tiles = []
    for crop, text, confidence in zip(crops, measured.texts, measured.confidences, strict=True):
        if text == crop.text:
            continue
        tile = np.zeros((118, 260), np.uint8)
        tile[:84, :252] = cv2.resize(crop.picture, (252, 84), interpolation=cv2.INTER_AREA)
        labels = (f"{crop.text} read {text} {confidence:.2f}", crop.file.removesuffix(".jpg"))
        for i, label in enumerate(labels):
            cv2.putText(tile, label, (2, 97 + 15 * i), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255,), 1, cv2.LINE_AA)
        tiles.append(tile)
    write_sheet(tiles, columns, path)
    return len(tiles)
