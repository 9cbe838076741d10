"""Measure TFLite models with the detector code that the unit runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from converter.labels import Photo
from converter.measure.contact_sheet import contact_sheet, is_wrong, mistake_cell
from converter.measure.metrics import Outcome, Summary, match, summarise
from converter.progress import Progress
from edge.vision.detector import Detector
from edge.vision.images import load_image

FLOOR = 0.05
"""Confidence (0 to 1) from which detections are measured."""
HEIGHT_BANDS = ((10, 15), (15, 20), (20, 30), (30, 50), (50, 10_000))
SHEET_CELLS = 48


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One model on one set of photos; CPU milliseconds are those of the whole detector call, one thread."""

    model: Path
    threshold: float
    outcomes: list[Outcome]
    cpu_ms: float

    @property
    def summary(self) -> Summary:
        """The metrics over all photos."""
        return summarise(self.outcomes, self.threshold)


def evaluate(
    models: Sequence[Path], photos: Sequence[Photo], *, height_min: float, threshold: float | None = None
) -> list[Evaluation]:
    """Run each model over all photos, photo by photo, so that their CPU times are comparable.

    Args:
        models: ``.tflite`` files with their ``.json``.
        photos: labelled photos.
        height_min: plates lower than this, in pixels, are ignored.
        threshold: working threshold; each model's own if not given.
    """
    detectors = [Detector(model, threshold=FLOOR) for model in models]
    working = [threshold if threshold is not None else Detector(model).threshold for model in models]
    outcomes: list[list[Outcome]] = [[] for _ in models]
    times: list[list[float]] = [[] for _ in models]
    with Progress("photos", len(photos)) as progress:
        for photo in photos:
            image = load_image(photo.path)
            truth = tuple(replace(box, ignore=box.ignore or box.height < height_min) for box in photo.boxes)
            for index, detector in enumerate(detectors):
                begin = time.process_time()
                found = detector.detect(image)
                times[index].append(time.process_time() - begin)
                outcomes[index].append(Outcome(truth, found, photo.source, photo.path.name))
            progress.step()
    return [
        Evaluation(model, working[i], outcomes[i], 1000 * statistics.median(times[i] or [0.0]))
        for i, model in enumerate(models)
    ]


def report(evaluation: Evaluation) -> str:
    """Return the tables: all photos, by source, by height of the plate."""
    lines = [
        f"{evaluation.model.name}, threshold {evaluation.threshold:.2f}, {evaluation.cpu_ms:.1f} ms of CPU a photo"
    ]
    lines.append(
        f"{'':20s}{'photos':>7s}{'plates':>7s}{'AP50':>8s}{'AP75':>8s}{'AP50:95':>9s}{'recall':>8s}{'false/photo':>13s}"
    )
    lines.append(_row("all", evaluation.summary))
    for source in sorted({outcome.source for outcome in evaluation.outcomes}):
        part = [outcome for outcome in evaluation.outcomes if outcome.source == source]
        lines.append(_row(source or "-", summarise(part, evaluation.threshold)))
    lines.append("recall by plate height in pixels")
    for low, high in HEIGHT_BANDS:
        found, total = _recall_of_band(evaluation, low, high)
        if total:
            name = f"{low} to {high}" if high < 10_000 else f"{low} and more"
            lines.append(f"  {name:18s}{total:14d}{found / total:32.4f}")
    return "\n".join(lines)


def _row(name: str, s: Summary) -> str:
    counts = f"{name:20s}{s.photos:7d}{s.plates:7d}"
    return f"{counts}{s.ap50:8.4f}{s.ap75:8.4f}{s.ap:9.4f}{s.recall:8.4f}{s.false_alarms:13.4f}"


def _recall_of_band(evaluation: Evaluation, low: float, high: float) -> tuple[int, int]:
    found = total = 0
    for outcome in evaluation.outcomes:
        kept = replace(outcome, found=tuple(d for d in outcome.found if d.confidence >= evaluation.threshold))
        _, taken = match(kept, 0.5)
        for box, hit in zip(outcome.truth, taken, strict=True):
            if not box.ignore and low <= box.height < high:
                total += 1
                found += hit
    return found, total


def cost_table(evaluations: Sequence[Evaluation]) -> str:
    """Return a table of size, accuracy and CPU time of each file, beside the first one."""
    first = evaluations[0]
    lines = [f"{'file':28s}{'kB':>7s}{'AP50':>9s}{'lost':>9s}{'AP75':>9s}{'CPU ms':>8s}{'times as fast':>15s}"]
    for entry in evaluations:
        kilobytes = entry.model.stat().st_size // 1000
        summary, lost = entry.summary, first.summary.ap50 - entry.summary.ap50
        lines.append(
            f"{entry.model.name:28s}{kilobytes:7d}{summary.ap50:9.4f}{lost:9.4f}{summary.ap75:9.4f}"
            f"{entry.cpu_ms:8.1f}{first.cpu_ms / max(entry.cpu_ms, 1e-6):15.2f}"
        )
    return "\n".join(lines)


def mistakes_sheet(evaluation: Evaluation, photos: Sequence[Photo], path: Path) -> int:
    """Write photos with missed plates and false alarms onto a contact sheet; return how many photos have one."""
    threshold = evaluation.threshold
    pairs = zip(evaluation.outcomes, photos, strict=True)
    wrong = [(outcome, photo.path) for outcome, photo in pairs if is_wrong(outcome, threshold)]
    cells = [mistake_cell(outcome, load_image(path), threshold) for outcome, path in wrong[:SHEET_CELLS]]
    contact_sheet(cells, path)
    return len(wrong)
