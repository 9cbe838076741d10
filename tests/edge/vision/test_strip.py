"""The strip network: files that cannot be used, crops of every shape, and what its word is worth."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.identify.strips import NO_STRIP, STRIP_SHARES, UNFAMILIAR, strip_ratios, with_strip
from edge.model import Box, Detection
from edge.vision.checksums import NETWORK_NAME, write_list
from edge.vision.reader import PlateReader
from edge.vision.strip import SIDE, StripNetwork, named_strip, to_strip

MODELS = Path(__file__).parents[3] / "models"
SETTINGS = f"{NETWORK_NAME}.json"
STRIP = json.loads((MODELS / "reader" / SETTINGS).read_text())["strip"]
BLUE, GOLD = (15, 55, 160), (245, 205, 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The reader's folder in a copy of all models."""
    shutil.copytree(MODELS, tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "models" / "reader"


def listed(folder: Path, name: str, content: str) -> None:
    """Write a file that the list of a folder of one's own names."""
    (folder / name).write_text(content, encoding="utf-8")
    write_list(folder, (name,))


def plate(sign: str, text: str = "AB 123 CD") -> NDArray[np.uint8]:
    """A white plate of 520 x 110 with a strip of stars and *sign*, lettered in OpenCV's own font; RGB."""
    picture = np.full((110, 520, 3), 238, np.uint8)
    if sign:
        picture[:, :48] = BLUE
        for angle in np.arange(12) * np.pi / 6:
            cv2.circle(picture, (round(24 + 16 * np.cos(angle)), round(32 + 16 * np.sin(angle))), 2, GOLD, -1)
        (wide, _), _ = cv2.getTextSize(sign, cv2.FONT_HERSHEY_SIMPLEX, 0.8, 2)
        cv2.putText(picture, sign, (24 - wide // 2, 94), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (250, 250, 250), 2, cv2.LINE_AA)
    cv2.putText(picture, text, (62, 86), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (15, 15, 15), 8, cv2.LINE_AA)
    return picture


@pytest.fixture(scope="module")
def network() -> StripNetwork:
    return StripNetwork(MODELS / "reader" / STRIP)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (5, 400, 3), (300, 20), (64, 192), (1, 3000, 3)], ids=str)
def test_every_crop_can_be_looked_at(network: StripNetwork, shape: tuple[int, ...]) -> None:
    crop = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert to_strip(crop).shape == (SIDE, SIDE, 3)
    ratios = network.ratios(crop, ("IT", "CH", "US"))
    assert all(0 < ratio < np.inf for ratio in ratios.values())


def test_night_looks_like_day_and_colours_stay_what_they_are() -> None:
    day = plate("I")
    night = (day // 5 + 3).astype(np.uint8)
    assert np.abs(to_strip(night).astype(int) - to_strip(day)).mean() < 6
    blue = to_strip(night)[30, 3].astype(int)
    assert blue[2] > blue[0] + 60
    assert to_strip(np.full((20, 60, 3), 90, np.uint8)).std() == 0  # an even grey has no contrast to stretch


@pytest.mark.parametrize("name", [STRIP, str(Path(STRIP).with_suffix(".json"))])
@pytest.mark.parametrize("harm", ["altered", "missing"])
def test_a_named_network_that_is_not_there_as_listed_is_refused(folder: Path, name: str, harm: str) -> None:
    path = folder / name
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        PlateReader(folder, "litert")


def described(folder: Path, **changes: object) -> None:
    name = str(Path(STRIP).with_suffix(".json"))
    listed(folder, name, json.dumps({**json.loads((folder / name).read_text()), **changes}))


@pytest.mark.parametrize(
    "changes",
    [
        {"priors": {}},
        {"priors": "IT"},
        {"priors": {"IT": 0.5, NO_STRIP: 0.5}},
        {"priors": {"IT": 0.0, NO_STRIP: 1.0}},
        {"slope": 0},
        {"slope": float("nan")},
        {"slope": "steep"},
        {"reader_slope": -1},
        {"reader_doubt": 1.0},
        {"reader_doubt": None},
    ],
    ids=str,
)
def test_figures_that_cannot_be_used_are_refused(folder: Path, changes: dict[str, object]) -> None:
    described(folder, **changes)
    with pytest.raises(ModelError):
        StripNetwork(folder / STRIP)


@pytest.mark.parametrize("name", ["../detector.tflite", "", 7, "gone.tflite"], ids=str)
def test_a_network_of_another_folder_or_none_is_refused(folder: Path, name: object) -> None:
    settings = json.loads((folder / SETTINGS).read_text())
    listed(folder, SETTINGS, json.dumps({**settings, "strip": name}))
    with pytest.raises(ModelError):
        named_strip(folder / SETTINGS)


def test_another_model_is_no_strip_network(folder: Path) -> None:
    shutil.copy(MODELS / "refiner_int8.tflite", folder / STRIP)
    write_list(folder, (STRIP,))
    with pytest.raises(ModelError, match="no strip network"):
        StripNetwork(folder / STRIP)


def test_a_folder_of_an_earlier_release_tells_the_country_without_it(folder: Path) -> None:
    settings = json.loads((folder / SETTINGS).read_text())
    del settings["strip"]
    listed(folder, SETTINGS, json.dumps(settings))
    earlier, now = PlateReader(folder, "litert"), PlateReader(MODELS, "litert")
    picture = plate("F")
    found = Detection(Box(0, 0, 520, 110), 1.0)
    (before,), (after,) = earlier.read(picture, [found]), now.read(picture, [found])
    assert before.text == after.text
    assert before.countries == after.countries == before.looks_from  # the strip settles no character
    assert not before.origins
    assert sum(after.looks_from.values()) == pytest.approx(1)
    assert after.looks_from["FR"] > before.looks_from["FR"]


@pytest.mark.parametrize(("sign", "code"), [("I", "IT"), ("F", "FR"), ("D", "DE"), ("SLO", "SI"), ("NL", "NL")])
@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
def test_one_text_is_of_another_country_with_another_strip(
    network: StripNetwork, sign: str, code: str, *, grey: bool
) -> None:
    picture = plate(sign)
    if grey:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    ratios = network.ratios(picture, tuple(STRIP_SHARES))
    assert max(ratios, key=ratios.__getitem__) == code
    assert ratios[code] > 3


def test_a_plate_without_a_strip_speaks_for_countries_that_have_none(network: StripNetwork) -> None:
    ratios = network.ratios(plate(""), ("US", "CH", "IT", "HU"))
    assert ratios["US"] == ratios["CH"] > ratios["IT"] > ratios["HU"]


def test_what_the_strip_says_is_an_odds_ratio() -> None:
    priors = {"IT": 0.3, "FR": 0.5, NO_STRIP: 0.2}
    nothing = strip_ratios(priors, priors, ("IT", "FR", "US"))
    assert list(nothing.values()) == pytest.approx([1 + UNFAMILIAR] * 3)
    italian = strip_ratios({"IT": 1.0, "FR": 0.0, NO_STRIP: 0.0}, priors, ("IT", "FR", "US"))
    assert italian["IT"] == pytest.approx(STRIP_SHARES["IT"] / 0.3 + UNFAMILIAR)
    assert italian["FR"] == italian["US"] == UNFAMILIAR  # never nothing: the network may err
    seen = with_strip({"IT": 0.2, "FR": 0.8, "US": 0.0}, italian)
    assert sum(seen.values()) == pytest.approx(1)
    assert seen["IT"] > 0.99


def test_an_empty_text_gets_no_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = PlateReader(MODELS, "litert")
    monkeypatch.setattr(StripNetwork, "ratios", lambda *_: pytest.fail("the strip of nothing was looked at"))
    (read,) = reader.read(np.full((60, 200, 3), 90, np.uint8), [Detection(Box(0, 0, 200, 60), 0.6)])
    assert read.text == ""
