"""Checks of the networks: present, unaltered, and how fast each installed runtime is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.metadata import version
from statistics import median

import numpy as np

from edge.config import Settings, models_dir
from edge.doctor.finding import Finding, good, missing, warning
from edge.vision import Detector, load_thresholds, require_engine
from edge.vision.checksums import NETWORK_NAME, READER_FILES, verify_folder
from edge.vision.network import load_network
from edge.vision.strip import named_strip
from edge.vision.tflite import available

ROUNDS = 5
MUCH_FASTER = 1.5
"""Another runtime is worth a warning if it is faster than the one in use by this factor."""


def runtimes(settings: Settings) -> Iterator[Finding]:
    """Time the detector in every installed runtime on a photo of noise; the unit uses the first one."""
    installed = available()
    if not installed:
        yield missing("detector", "no TFLite runtime is installed", "pip install ai-edge-litert")
        return
    took = {name: detector_ms(settings, name) for name in installed}
    fastest, used = min(took, key=took.__getitem__), installed[0]
    text = ", ".join(f"{name} {version(name.replace('_', '-'))} {ms:.1f} ms a photo" for name, ms in took.items())
    if took[used] > MUCH_FASTER * took[fastest]:
        yield warning("detector", f"checksum right; {text}; {used} is in use", f"uninstall {used}: {fastest} is faster")
    else:
        yield good("detector", f"checksum right; {text}; {used} is in use")


def detector_ms(settings: Settings, runtime: str) -> float:
    """Return the median time of a detection with *runtime*, in milliseconds."""
    detector = Detector(models_dir(settings.recognition.models_dir), runtime=runtime)
    photo = np.random.default_rng(0).integers(0, 256, (settings.camera.height, settings.camera.width, 3), np.uint8)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        detector.detect(photo)
        times.append(1000 * (time.perf_counter() - started))
    return median(times[1:])


def reader(settings: Settings) -> Iterator[Finding]:
    """Compare the reader's files with their checksums; compare thresholds and engine with the reader."""
    engine = settings.recognition.engine
    folder = models_dir(settings.recognition.models_dir)
    verify_folder(folder / "reader", READER_FILES)
    named_strip(folder / "reader" / f"{NETWORK_NAME}.json")
    load_thresholds(folder)
    require_engine(engine)
    if engine == "litert":
        load_network(engine, folder / "reader")
    yield good("reader", f"checksums right, the verdict's thresholds were made for it, and {engine} runs it")
