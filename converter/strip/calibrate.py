"""Fit what the country of a plate rests on: how far the reader's word counts, and the strip network's.

Both have learnt from drawn plates. What is fitted are three figures, on one half of the European crops whose country is
known; the other half is measured (``autovelox-convert reader national``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]

from converter.errors import ConverterError
from converter.verdict.countries import european_countries, for_calibration, in_colour, text_of
from edge.identify import met, strip_ratios, weighed, with_strip
from edge.identify.colours import Colour
from edge.identify.origin import country_shares
from edge.vision import installed_engine
from edge.vision.calibration import CountryCalibration
from edge.vision.checksums import NETWORK_NAME, read_json, write_list
from edge.vision.deskew import cut, cut_colour, to_canvas
from edge.vision.network import load_network
from edge.vision.plate_colour import plate_colour
from edge.vision.reader import PlateReader
from edge.vision.strip import StripNetwork, to_strip

_FIRST = np.log(((1.0, 0.05, 1.0), (0.8, 0.06, 1.1), (1.5, 0.15, 1.8)))
"""Where searches for slope, doubt and slope of the strip begin; they go along the logarithms. The best one counts."""
_BOUNDS = np.log(((0.2, 3.0), (0.002, 0.5), (0.2, 3.0)))
_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a plate's country: logits of the reader and of the strip network, colour, text, and the truth."""

    reader: NDArray[np.float32]
    strip: NDArray[np.float32]
    colour: Colour
    text: str
    country: str


def calibrate(models: Path, data: Path) -> tuple[CountryCalibration, float, int]:
    """Fit the three figures, write them into the strip network's description; return them and how many crops count.

    Raises:
        ConverterError: no crop of *data* knows its country, or the reader names no strip network.
        ModelError: a model cannot be used.
    """
    folder = models / "reader"
    path = folder / f"{NETWORK_NAME}.json"
    settings = read_json(path)
    if not isinstance(settings.get("strip"), str):
        raise ConverterError(f"{path} names no strip network", 'give its "strip" the value "strip_int8.tflite"')
    strip = folder / settings["strip"]
    network = StripNetwork(strip)
    seen = gather(models, network, settings, data)
    told, slope = fit(seen, settings["countries"], network.priors)
    about = strip.with_suffix(".json")
    fitted = {"slope": slope, "reader_slope": told.slope, "reader_doubt": told.doubt}
    description = read_json(about) | {name: round(figure, 3) for name, figure in fitted.items()}
    about.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    write_list(folder, (about.name,))
    return told, slope, len(seen)


def gather(models: Path, strip: StripNetwork, settings: dict[str, Any], data: Path) -> list[Evidence]:
    """What speaks for the country of each European crop of *data* that is there for calibration.

    Raises:
        ConverterError: there is none.
    """
    homes = {name: home for name, home in european_countries(data).items() if for_calibration(name)}
    if not homes:
        raise ConverterError(f"{data} holds no crops of known country", "give the folder with read/texts.csv")
    network = load_network(installed_engine(), models / "reader")
    margins = float(settings["margin_x"]), float(settings["margin_y"])
    seen = []
    for case in in_colour(PlateReader(models, installed_engine()), data, homes):
        read, image = case.frames[0][0], case.picture
        box = read.detection.box
        network.log_probs(to_canvas(cut(image, box, *margins)))
        logits = network.country_logits()
        if read.text and logits is not None:
            strip_logits = strip.logits(to_strip(cut_colour(image, box, *margins)))
            seen.append(Evidence(logits, strip_logits, plate_colour(image), text_of(read), homes[case.name]))
    return seen


def fit(seen: Sequence[Evidence], codes: Sequence[str], priors: dict[str, float]) -> tuple[CountryCalibration, float]:
    """Return the reader's calibration and the slope of the strip's logits under which the true countries are likeliest.

    *codes* are the countries of the reader's logits, *priors* as :class:`edge.vision.strip.StripNetwork` has them.
    """

    def loss(figures: NDArray[np.float64]) -> float:
        slope, doubt, strip_slope = np.exp(figures).tolist()
        calibration = CountryCalibration(slope, doubt)
        total = 0.0
        for each in seen:
            shares = np.exp(strip_slope * (each.strip - each.strip.max()).astype(np.float64))
            classes = dict(zip(priors, (shares / shares.sum()).tolist(), strict=True))
            countries = dict(zip(codes, calibration.shares(each.reader).tolist(), strict=True))
            countries = weighed(met(with_strip(countries, strip_ratios(classes, priors, codes))), each.colour)
            total += _score(country_shares(countries, each.text), each.country)
        return total / len(seen)

    options = {"xatol": 0.01, "fatol": 1e-5}
    found = [
        minimize(loss, first, method="Nelder-Mead", bounds=_BOUNDS,
                 options=options | {"initial_simplex": np.vstack([first, first + _STEP * np.eye(len(first))])})
        for first in _FIRST
    ]  # fmt: skip
    slope, doubt, strip_slope = np.exp(min(found, key=lambda each: float(each.fun)).x).tolist()
    return CountryCalibration(slope, doubt), strip_slope


def _score(told: dict[str, float], truth: str) -> float:
    """How far *told*, the probabilities of the countries, is from *truth*: Brier's score, 0 to 2.

    It is proper as the logarithm is, but bounded: a few plates that nothing tells do not settle the figures of all.
    """
    return 1 - 2 * told[truth] + sum(share * share for share in told.values())
