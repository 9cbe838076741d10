"""What a look at the strip costs, beside reading the plate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from converter.errors import ConverterError
from converter.measure import Figure, goals
from converter.verdict.trials import KnownCase
from edge.config import Engine
from edge.vision.checksums import NETWORK_NAME
from edge.vision.reader import PlateReader
from edge.vision.strip import named_strip

ROUNDS = 5
"""Rounds of which the median counts: plates are read and strips looked at in turn, so that the load is the same."""


def cost(models: Path, engine: Engine, cases: Sequence[KnownCase]) -> tuple[str, bool]:
    """A line of text: processor time of a strip and of a plate read by *engine*; and whether the goal is reached.

    Raises:
        ConverterError: the reader names no strip network.
    """
    network = named_strip(models / "reader" / f"{NETWORK_NAME}.json")
    if network is None:
        raise ConverterError(
            f"the reader in {models} names no strip network", 'give its "strip" the value "strip_int8.tflite"'
        )
    reader = PlateReader(models, engine)
    codes = tuple(cases[0].frames[0][0].countries)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        taken[0].append(_cpu_s(lambda case: network.ratios(case.picture, codes), cases))
        taken[1].append(_cpu_s(lambda case: reader.read(case.picture, [case.frames[0][0].detection]), cases))
    strip, whole = (1e3 * median(each) / len(cases) for each in taken)
    figure = Figure(f"processor time of a strip over that of a plate ({engine})", strip / whole, goals.STRIP_CPU_RATIO)
    return f"{figure.line(60)}\n{strip:.3f} ms of {whole:.2f} ms a plate, the strip included", figure.reached


def _cpu_s(work: Callable[[KnownCase], object], cases: Sequence[KnownCase]) -> float:
    began = time.process_time()
    for case in cases:
        work(case)
    return time.process_time() - began
