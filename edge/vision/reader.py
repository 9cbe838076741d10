"""Reads plates with a recognition network of our own, which EasyOCR or LiteRT runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.config import Engine
from edge.errors import ModelError
from edge.identify import met, weighed, with_strip
from edge.model import ALPHABET, Detection, PlateRead
from edge.vision.calibration import Calibration, CountryCalibration
from edge.vision.checksums import NETWORK_NAME, REINSTALL, read_json
from edge.vision.deskew import cut, cut_colour, deskewed, to_canvas
from edge.vision.lines import in_one_line, may_have_three_lines, three_lines
from edge.vision.looks import likeliest, looks
from edge.vision.network import Network, load_network
from edge.vision.plate_colour import plate_colour
from edge.vision.strip import named_strip

SINGLE_PASS_CONFIDENCE = 0.9
"""A crop is read once where the product of the characters' confidences reaches this. Not the calibrated confidence: the
calibration is fitted to what this decides."""
LOOK_AGAIN_CONFIDENCE = 0.6
"""A crop is looked at again where that product is less in each pass: see :mod:`edge.vision.looks`."""
DISAGREEMENT_FACTOR = 0.75
"""How much of its confidence a reading keeps where the other pass reads another text; set by hand, beside the
calibration."""


class PlateReader:
    """One network in one engine; not to be shared between threads.

    Args:
        model_dir: the folder of the reader's files, or the one above it (``models``).
        engine: what runs the network.
        network: the network to run, where it is not the one in the folder: another form of it that is measured.

    Raises:
        ModelError: a file is missing or altered, or the engine is not installed or cannot load the files.
    """

    def __init__(self, model_dir: Path, engine: Engine = "easyocr", network: Network | None = None) -> None:
        folder = model_dir / "reader" if (model_dir / "reader").is_dir() else model_dir
        path = folder / f"{NETWORK_NAME}.json"
        settings = read_json(path)
        try:
            self._margins = float(settings["margin_x"]), float(settings["margin_y"])
            self._calibration = Calibration(**settings["confidence"])
            self._countries: tuple[str, ...] = tuple(settings.get("countries", ()))
            self._country_calibration = CountryCalibration(float(settings.get("country_slope", 1.0)))
        except (KeyError, TypeError, ValueError):
            raise ModelError(f"{path} does not hold the reader's settings", REINSTALL) from None
        self._network = network or load_network(engine, folder)
        if self._network.countries not in (0, len(self._countries)):
            raise ModelError(f"the reader in {folder} tells other countries than it names", REINSTALL)
        self._strip = named_strip(path)

    def read(self, image: NDArray[np.uint8], detections: Sequence[Detection]) -> tuple[PlateRead, ...]:
        """Return one read a detection, in the order of *detections*; a text may be empty.

        *image* is uint8, RGB (H, W, 3) or grey (H, W).
        """
        return tuple(
            self._of_country(self._read_one(cut(image, found.box, *self._margins), found), image)
            for found in detections
        )

    def read_once(self, image: NDArray[np.uint8], detection: Detection) -> PlateRead:
        """Return the read of *detection* without a second pass; otherwise as :meth:`read`."""
        read = self._recognise(to_canvas(cut(image, detection.box, *self._margins)), detection)
        return self._of_country(read, image)

    def _read_one(self, crop: NDArray[np.uint8], detection: Detection) -> PlateRead:
        """Read the grey *crop*; where the read is not sure and the plate is tilted, deskew the crop and read it again.

        The surer read is kept and carries the other one as its ``second_pass``. Where the two texts differ, the
        confidence is multiplied by :data:`DISAGREEMENT_FACTOR`. Where none of them is sure, more looks
        (:mod:`edge.vision.looks`) say which text it is.
        """
        read = self._recognise(to_canvas(crop), detection)
        if (whole := self._read_three_lines(crop, read)) is not None:
            return whole
        if not read.text or math.prod(read.characters) >= SINGLE_PASS_CONFIDENCE:
            return read
        passes = [(read, crop)]
        if (level := deskewed(crop)) is not None:
            passes.append((self._recognise(to_canvas(level), detection), level))
        (surer, view), *rest = sorted(passes, key=lambda each: each[0].confidence, reverse=True)
        other = rest[0][0] if rest else None
        if max(math.prod(each.characters) for each, _ in passes) < LOOK_AGAIN_CONFIDENCE:
            surer, other = self._look_again(view, surer, other)
        if other is None:
            return surer
        agreed = 1.0 if surer.text == other.text else DISAGREEMENT_FACTOR
        return replace(surer, confidence=agreed * surer.confidence, second_pass=other)

    def _look_again(
        self, view: NDArray[np.uint8], surer: PlateRead, other: PlateRead | None
    ) -> tuple[PlateRead, PlateRead | None]:
        """The read of the text that all looks at *view*, of which *surer* is, find likeliest, and the read beside it.

        They are *surer* and *other* where one of them has that text, else the surest look that has it, and *surer*.
        """
        passes = [surer] if other is None else [surer, other]
        outputs = self._network.log_probs_of([to_canvas(look) for look in looks(view)])
        seen = [self._read_as(surer, log_probs) for log_probs in outputs]
        texts = list(dict.fromkeys(each.text for each in (*passes, *seen) if each.text))
        text = likeliest(texts, [each.log_probs for each in (*passes, *seen)])
        if text == surer.text:
            return surer, other
        if other is not None and text == other.text:
            return other, surer
        return max((each for each in seen if each.text == text), key=lambda each: each.confidence), surer

    def _read_as(self, read: PlateRead, log_probs: NDArray[np.float32]) -> PlateRead:
        """*read* of the same plate, with what another look at it says."""
        text, characters = greedy_decode(log_probs)
        confidence = self._calibration.confidence(characters)
        return replace(read, text=text, confidence=confidence, characters=characters, log_probs=log_probs)

    def _read_three_lines(self, crop: NDArray[np.uint8], read: PlateRead) -> PlateRead | None:
        """Read a *crop* of three lines as one line; None where it has not three, or *read* says it better.

        What *read* lost is a line: only a longer text is taken, and however sure *read* is where it is a part of it.
        """
        if not may_have_three_lines(crop):
            return None
        views = (crop, deskewed(crop))
        found = [(view, lines) for view in views if view is not None and (lines := three_lines(view)) is not None]
        if not found:
            return None
        wholes = [self._recognise(to_canvas(in_one_line(view, lines)), read.detection) for view, lines in found]
        whole = max(wholes, key=lambda each: each.confidence)
        longer = len(whole.text) > len(read.text)
        return whole if longer and (whole.confidence > read.confidence or _holds(whole.text, read.text)) else None

    def _recognise(self, canvas: NDArray[np.uint8], detection: Detection) -> PlateRead:
        # EasyOCR's own text is this same path; the log-probabilities score any other plate as well.
        log_probs = self._network.log_probs(canvas)
        text, characters = greedy_decode(log_probs)
        confidence = self._calibration.confidence(characters)
        countries = self._country_shares(self._country_calibration)
        origins = self._country_shares(self._strip.beside) if self._strip is not None else {}
        return PlateRead(text, confidence, characters, detection, log_probs, countries=countries, origins=origins)

    def _of_country(self, read: PlateRead, image: NDArray[np.uint8]) -> PlateRead:
        """*read* with what the strip and the colours of the plate in *image* say of its country, where it has a text.

        The reader's network sees no colours, and next to nothing of the strip. How often plates of a country are met
        counts beside a strip network alone: its calibration takes it in.
        """
        if not read.countries or not read.text:
            return read
        countries, origins = read.countries, read.origins
        if self._strip is not None:
            crop = cut_colour(image, read.detection.box, *self._margins)
            origins = met(with_strip(origins, self._strip.ratios(crop, tuple(origins))))
        if image.ndim == 3:
            colour = plate_colour(cut_colour(image, read.detection.box))
            countries, origins = weighed(countries, colour), weighed(origins, colour)
        return replace(read, countries=countries, origins=origins)

    def _country_shares(self, calibration: CountryCalibration) -> dict[str, float]:
        """The probability of each country, by the last picture; empty where the network tells none."""
        logits = self._network.country_logits()
        if logits is None:
            return {}
        return dict(zip(self._countries, calibration.shares(logits).tolist(), strict=True))


def _holds(text: str, part: str) -> bool:
    """Whether *text* has all characters of *part* in their order."""
    characters = iter(text)
    return all(character in characters for character in part)


def greedy_decode(log_probs: NDArray[np.float32]) -> tuple[str, tuple[float, ...]]:
    """Return the text of the best path through a CTC output, and one confidence (0 to 1) a character.

    *log_probs* is float32 of shape (T, 37): log-softmax, class 0 the blank. Repeats between blanks are one character;
    its confidence is the highest probability that the network gave it in that run (Graves et al., 2006, section 3.2).
    """
    classes = log_probs.argmax(axis=1)
    peaks = np.exp(log_probs.max(axis=1))
    text: list[str] = []
    confidences: list[float] = []
    previous = 0
    for cell, peak in zip(classes.tolist(), peaks.tolist(), strict=True):
        if cell and cell == previous:
            confidences[-1] = max(confidences[-1], peak)
        elif cell:
            text.append(ALPHABET[cell - 1])
            confidences.append(peak)
        previous = cell
    return "".join(text), tuple(min(1.0, c) for c in confidences)
