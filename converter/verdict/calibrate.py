"""From trials to thresholds: the probability that a claim is right, and the lines it must cross to be named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]

from converter.verdict.trials import DEGRADED, Bench, Kind
from edge.identify import Thresholds
from edge.vision.checksums import reader_checksum, write_list

LIMITS = {Kind.PRESENT: 0.0, Kind.RANDOM: 0.0, Kind.TWINS: 0.0005, Kind.ONE_TWIN: 0.01, Kind.BESIDE: 0.0}
"""Share of the trials of each kind that may end with a wrong name when thresholds are chosen. Of the near-twins' half
of what is promised; a single one is the harder case, since no second claim betrays it, and the rarer one by far."""
WEIGHTS = {Kind.PRESENT: 0.45, Kind.RANDOM: 0.4, Kind.TWINS: 0.05, Kind.ONE_TWIN: 0.05, Kind.BESIDE: 0.05}
"""How often the probability supposes each kind of trial: half of the cars photographed have sent a packet, and one case
in seven has a near-twin's claim, thousands of times what chance brings."""
TWINS, UNCLAIMED, SHAPES = (5.0, 6.0, 8.0), (0.5, 1.0, 2.0), (-1.0, 0.0, 1.0)
"""Lines that are tried. Nobody is named who is less than 5 nats ahead of a claimed twin, less than half a nat ahead of
a twin that nobody claims, or more than 1 behind a text of one shape, whatever the trials say: they hold a handful of
such plates, and each part of them another handful."""
MARGINS = tuple(float(margin) for margin in range(4, 19))
ACCEPTS = (0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999)
NEVER = 2.0
"""A probability that nothing reaches: where no thresholds keep the limits, nobody is named."""

Bands = tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]
"""Probabilities, what came true, and weights, each of shape (N,)."""


@dataclass(frozen=True, slots=True)
class Points:
    """Trials as columns, float64 or bool of shape (N,); ``kinds`` tells which are of each kind.

    ``as_taken`` marks those of photos that were not degraded.
    """

    lead: NDArray[np.float64]
    evidence: NDArray[np.float64]
    apart: NDArray[np.float64]
    twin: NDArray[np.float64]
    unclaimed: NDArray[np.float64]
    shape: NDArray[np.float64]
    right: NDArray[np.bool_]
    as_taken: NDArray[np.bool_]
    weight: NDArray[np.float64]
    kinds: dict[Kind, NDArray[np.bool_]]

    @classmethod
    def of(cls, bench: Bench) -> Points:
        """The columns of *bench*; of several suspects the one with the strongest evidence is taken."""
        rows = []
        for trial in bench.trials:
            if trial.compared:
                c = max(trial.compared, key=lambda c: c.evidence)
                case = bench.cases[trial.case]
                is_right, plain = trial.plates[c.best] == case.truth, not case.source.startswith(DEGRADED)
                rows.append((c.lead, c.evidence, c.apart, c.twin, c.unclaimed, c.shape, is_right, plain, trial.kind))
        lead, evidence, apart, twin, unclaimed, shape, right, taken, kind = (
            np.array(column) for column in zip(*rows, strict=True)
        )
        kinds = {k: np.array([x == k for x in kind]) for k in Kind}
        weight = np.sum([WEIGHTS[k] / max(rows.sum(), 1) * rows for k, rows in kinds.items()], axis=0)
        return cls(lead, evidence, apart, twin, unclaimed, shape, right, taken, weight, kinds)

    def probability(self, slope: float, bias: float) -> NDArray[np.float64]:
        """:func:`edge.identify.verdict.probability` of every row."""
        rival = np.exp(np.minimum(-slope * self.lead, 500.0))
        nobody = np.exp(np.minimum(-slope * self.evidence - bias, 500.0))
        return np.asarray(1.0 / (1.0 + rival + nobody), np.float64)

    def calibrated(self, thresholds: Thresholds) -> Bands:
        """Probabilities, what came true, and weights."""
        return self.probability(thresholds.slope, thresholds.bias), self.right, self.weight


def fit(points: Points) -> tuple[float, float]:
    """Return slope and bias of the greatest likelihood."""

    def loss(parameters: NDArray[np.float64]) -> float:
        p = np.clip(points.probability(float(np.exp(parameters[0])), float(parameters[1])), 1e-9, 1 - 1e-9)
        return float(-np.sum(points.weight * np.where(points.right, np.log(p), np.log(1 - p))))

    found = minimize(loss, np.array([0.0, 0.0]), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-8})
    return float(np.exp(found.x[0])), float(found.x[1])


def choose(points: Points) -> Thresholds:
    """Return the thresholds that name most true cars while wrong names stay within :data:`LIMITS`.

    Wrong names count on all photos, right ones on those that were not degraded: what a blurred plate would gain by
    looser lines is no reason for them. Among the thresholds that name at most 0.05 % less than most do, those are taken
    that name most cars with twins beside them, to 0.3 %, and among those the ones with the largest leads. The
    probability is the last to be raised: it costs right names and tells no twins apart.
    """
    slope, bias = fit(points)
    p = points.probability(slope, bias)
    columns = np.stack((points.twin, points.unclaimed, points.shape, points.apart, p), axis=1)
    wrong = {
        kind: columns[rows & ~points.right & (columns >= _LEAST).all(axis=1)] for kind, rows in points.kinds.items()
    }
    most_wrong = {kind: limit * int(points.kinds[kind].sum()) for kind, limit in LIMITS.items()}
    present, beside = (
        _Rows(columns, points.kinds[kind] & points.as_taken, points.right) for kind in (Kind.PRESENT, Kind.BESIDE)
    )
    options = [
        lines
        for lines in product(TWINS, UNCLAIMED, SHAPES, MARGINS, ACCEPTS)
        if all((wrong[kind] >= lines).all(axis=1).sum() <= most for kind, most in most_wrong.items())
    ]
    if not options:
        return Thresholds(NEVER, max(MARGINS), slope, bias)
    for rows, tolerance in ((present, 0.0005), (beside, 0.003)):
        shares = [rows.share(lines) for lines in options]
        options = [lines for lines, share in zip(options, shares, strict=True) if share >= max(shares) - tolerance]
    twin, unclaimed, shape, margin, accept = max(options, key=lambda o: (o[3], o[0], o[2], o[1], -o[4]))
    return Thresholds(accept, margin, slope, bias, twin, unclaimed, shape)


_LEAST = tuple(min(tried) for tried in (TWINS, UNCLAIMED, SHAPES, MARGINS, ACCEPTS))


class _Rows:
    """Trials of one kind, and the share of them that lines name rightly."""

    def __init__(self, columns: NDArray[np.float64], rows: NDArray[np.bool_], right: NDArray[np.bool_]) -> None:
        self._right, self._count = columns[rows & right], max(int(rows.sum()), 1)

    def share(self, lines: Sequence[float]) -> float:
        return float((self._right >= lines).all(axis=1).sum()) / self._count


def reliability(parts: Sequence[Bands], edges: Sequence[float] = (0, 0.1, 0.5, 0.9, 0.99, 1)) -> str:
    """What was promised against what came true, in bands of probability, as lines of text."""
    p, right, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    lines = [f"{'probability':>16s}{'trials':>9s}{'promised':>10s}{'true':>8s}"]
    for low, high in pairwise(edges):
        band = (p >= low) & ((p < high) | (high == 1))
        if band.any():
            promised, true = (float(np.average(values[band], weights=weight[band])) for values in (p, right))
            lines.append(f"{low:7.2f} to {high:4.2f}{int(band.sum()):10d}{promised:10.4f}{true:8.4f}")
    return "\n".join(lines)


def write(thresholds: Thresholds, models: Path, calibrated_on: str) -> None:
    """Write ``verdict.json`` into *models*, with the checksum of the network it holds for, and enter it in the list."""
    rounded = {name: round(value, 5) for name, value in thresholds.as_dict().items()}
    content = {"thresholds": rounded, "calibrated_on": calibrated_on, "reader_sha256": reader_checksum(models)}
    path = models / "verdict.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    write_list(models, (path.name,))
