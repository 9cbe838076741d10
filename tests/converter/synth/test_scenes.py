"""Training scenes: boxes follow the pixels, cut plates are painted over, the same seed gives the same scene."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from converter.labels.photo import Photo, PlateBox
from converter.synth import colour, light, plate_swap
from converter.synth.fonts import FontShelf
from converter.synth.scenes import Recipe, Spoilt, Studio, erase
from converter.synth.warp import transformed

GREEN = (0, 255, 0)
WORDS = [ImageFont.load_default(92)]
PLAIN = {
    "lamp": 0.0,
    "mosaic": 0.0,
    "plate_swap": 0.0,
    "distractors": 0.0,
    "negative": 0.0,
    "quarter_turn": 0.0,
    "backdrop": 0.0,
}


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    """Grey, with one pure green plate of 80x20 pixels."""
    picture = Image.new("RGB", (400, 300), (90, 90, 90))
    picture.paste(GREEN, (150, 200, 230, 220))
    picture.save(tmp_path / "car.png")
    return Photo(tmp_path / "car.png", 400, 300, "test", boxes=(PlateBox(150, 200, 230, 220),))


def green_extent(image: np.ndarray) -> tuple[float, float, float, float] | None:
    channels = image.astype(int)
    ys, xs = np.nonzero(channels[..., 1] - channels[..., [0, 2]].max(axis=2) > 60)
    return None if xs.size == 0 else (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


def test_the_box_lies_on_the_plate_wherever_the_photo_goes(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light, "relight", lambda image, rng: image)
    studio = Studio(Recipe(**PLAIN), random.Random(1), FontShelf(), WORDS)
    seen = 0
    for _ in range(60):
        image, boxes = studio.scene([[photo]])
        assert image.shape == (320, 320, 3)
        extent = green_extent(image)
        if not boxes:
            continue
        seen += 1
        (box,) = boxes
        # Turned by a degree or two, the corners reach further than the middles of the sides.
        slack = 2 + 0.06 * box.width
        assert extent == pytest.approx((box.x1, box.y1, box.x2, box.y2), abs=slack)
    assert seen > 40


def test_a_plate_that_is_too_small_to_learn_is_painted_over(photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(light, "relight", lambda image, rng: image)
    striped = Image.open(photo.path)
    for x in range(150, 230, 20):
        striped.paste((255, 0, 255), (x, 200, x + 10, 220))
    striped.save(photo.path)
    studio = Studio(Recipe(**PLAIN, height_min_px=1000), random.Random(2), FontShelf(), WORDS)
    for _ in range(20):
        image, boxes = studio.scene([[photo]])
        assert boxes == []
        channels = image.astype(int)
        left = (channels[..., 1] - channels[..., [0, 2]].max(axis=2) > 60).sum()
        # A turned plate reaches a little out of its box; a whole one has thousands of green pixels here.
        assert left < 250


def test_what_lies_under_the_paint_has_no_box() -> None:
    studio = Studio(Recipe(), random.Random(2), FontShelf(), WORDS)
    tile = np.full((300, 400, 3), 90, np.uint8)
    cut_off, beneath, beside = PlateBox(-200, 100, 60, 150), PlateBox(10, 110, 50, 120), PlateBox(200, 100, 280, 120)
    origin = PlateBox(0, 0, 100, 20)
    assert studio.visible_boxes(tile, [(box, origin) for box in (cut_off, beneath, beside)]) == [beside]


def test_a_tile_that_would_be_mostly_paint_is_made_again(photo: Photo) -> None:
    studio = Studio(Recipe(), random.Random(2), FontShelf(), WORDS)
    with pytest.raises(Spoilt):
        studio.visible_boxes(np.full((300, 400, 3), 90, np.uint8), [(PlateBox(-900, 0, 300, 300), photo.boxes[0])])


def test_a_quarter_turn_stands_the_box_on_its_end(photo: Photo) -> None:
    turned = transformed(photo.boxes[0], np.array([[0.0, -1.0, 300.0], [1.0, 0.0, 0.0]]))
    assert (turned.width, turned.height) == pytest.approx((20, 80))


def test_plate_widths_spread_over_the_whole_range(photo: Photo) -> None:
    studio = Studio(Recipe(**PLAIN, plate_px=(16, 200), enlarge_max=3), random.Random(3), FontShelf(), WORDS)
    widths = [b.width for _ in range(200) for b in studio.scene([[photo]])[1]]
    assert sum(w < 40 for w in widths) > 30
    assert sum(w > 90 for w in widths) > 30
    assert min(widths) > 12
    assert max(widths) < 240


def test_the_same_seed_gives_the_same_scenes(photo: Photo) -> None:
    def scenes(seed: int) -> list[bytes]:
        studio = Studio(Recipe(), random.Random(seed), FontShelf(), WORDS)
        return [studio.scene([[photo]])[0].tobytes() for _ in range(5)]

    assert scenes(5) == scenes(5)
    assert scenes(5) != scenes(6)


def test_a_rehung_plate_gets_a_box_of_its_own_around_it(photo: Photo) -> None:
    rng, shelf = random.Random(4), FontShelf()
    before = np.array(Image.open(photo.path))
    for _ in range(20):
        after, (box,) = plate_swap.swap_plates(before, photo.boxes, shelf, rng)
        changed = np.nonzero(np.abs(after.astype(int) - before).max(axis=2) > 8)
        if changed[0].size == 0:
            continue
        assert changed[1].min() >= min(box.x1, 150) - 5
        assert changed[1].max() <= max(box.x2, 230) + 5
        assert changed[0].min() >= min(box.y1, 200) - 5
        assert changed[0].max() <= max(box.y2, 220) + 5


def test_every_family_is_drawn_in_colour() -> None:
    rng = random.Random(5)
    plates = [colour.colour_plate(FontShelf(), rng) for _ in range(240)]  # which, differs by the fonts that are there
    ratios = [plate.shape[1] / plate.shape[0] for plate in plates]
    assert min(ratios) < 1.7
    assert max(ratios) > 4.0
    medians = np.array([np.median(plate, axis=(0, 1)) for plate in plates])
    red, green, blue = medians.T
    assert sum(red > 90 + green) > 5, "red plates"
    assert sum((red > 180) & (blue < 90)) > 3, "yellow plates"
    assert sum(medians.min(axis=1) > 200) > 20, "white plates"
    assert sum(medians.max(axis=1) < 60) > 10, "black plates"


def test_the_three_channels_show_one_plate() -> None:
    """White paper and black ink: where one channel is dark, so are the others, outside of the blue strip."""
    for seed in range(200):
        rng = random.Random(seed)
        plate = colour.colour_plate(FontShelf(), rng).astype(int)
        middle = plate[:, plate.shape[1] // 5 : -plate.shape[1] // 5]
        paper = np.median(middle, axis=(0, 1))
        if paper.min() > 215 and np.ptp(paper) < 20:
            dark = (middle < 100).astype(int)
            assert (np.ptp(dark, axis=2) == 0).mean() > 0.97
            break
    else:
        pytest.fail("no white plate in 200")


def test_the_same_dice_give_the_same_plate() -> None:
    one, other = (colour.colour_plate(FontShelf(), random.Random(8)) for _ in range(2))
    assert np.array_equal(one, other)


@pytest.mark.parametrize(("leaning", "steep"), [(0.0, False), (plate_swap.LEANING, True)])
def test_some_plates_are_seen_so_much_from_the_side_that_their_lines_are_steep(
    photo: Photo, monkeypatch: pytest.MonkeyPatch, leaning: float, steep: bool
) -> None:
    monkeypatch.setattr(plate_swap, "LEANING", leaning)
    monkeypatch.setattr(colour, "colour_plate", lambda shelf, rng: np.full((100, 470, 3), 230, np.uint8))
    rng, shelf, before = random.Random(7), FontShelf(), np.array(Image.open(photo.path))
    high = [
        box.height / box.width for _ in range(200) for box in plate_swap.swap_plates(before, photo.boxes, shelf, rng)[1]
    ]
    assert sorted(high)[len(high) // 2] < 0.3
    assert (max(high) > 0.5) == steep


def test_light_keeps_shape_and_range() -> None:
    rng = random.Random(6)
    image = np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    for _ in range(60):
        lit = light.relight(image.copy(), rng)
        assert lit.shape == image.shape
        assert lit.dtype == np.uint8
    assert light.night(image, rng).mean() < image.mean()
    cast = (image * np.array([1.0, 0.4, 0.9])).astype(np.uint8)
    assert np.ptp(light.grey_world(cast, 1.0).reshape(-1, 3).mean(axis=0)) < 3


def test_erasing_outside_of_the_tile_is_harmless() -> None:
    tile = np.zeros((10, 10, 3), np.uint8)
    erase(tile, PlateBox(20, 20, 30, 30), random.Random(1))
    erase(tile, PlateBox(-5, -5, 3, 3), random.Random(1))
    assert tile.shape == (10, 10, 3)
