"""Training scenes: boxes follow the pixels, cut plates are painted over, the same seed gives the same scene."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from converter.labels.photo import Photo, PlateBox
from converter.synth import colour_plates, light, plate_swap
from converter.synth.fonts import scene_fonts
from converter.synth.scenes import Recipe, Spoilt, Studio, erase
from converter.synth.text_masks import text_mask
from converter.synth.warp import transformed

GREEN = (0, 255, 0)
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
    studio = Studio(Recipe(**PLAIN), random.Random(1), scene_fonts(None))
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
    studio = Studio(Recipe(**PLAIN, height_min_px=1000), random.Random(2), scene_fonts(None))
    for _ in range(20):
        image, boxes = studio.scene([[photo]])
        assert boxes == []
        channels = image.astype(int)
        left = (channels[..., 1] - channels[..., [0, 2]].max(axis=2) > 60).sum()
        # A turned plate reaches a little out of its box; a whole one has thousands of green pixels here.
        assert left < 250


def test_what_lies_under_the_paint_has_no_box() -> None:
    studio = Studio(Recipe(), random.Random(2), [])
    tile = np.full((300, 400, 3), 90, np.uint8)
    cut_off, beneath, beside = PlateBox(-200, 100, 60, 150), PlateBox(10, 110, 50, 120), PlateBox(200, 100, 280, 120)
    origin = PlateBox(0, 0, 100, 20)
    assert studio.visible_boxes(tile, [(box, origin) for box in (cut_off, beneath, beside)]) == [beside]


def test_a_tile_that_would_be_mostly_paint_is_made_again(photo: Photo) -> None:
    studio = Studio(Recipe(), random.Random(2), [])
    with pytest.raises(Spoilt):
        studio.visible_boxes(np.full((300, 400, 3), 90, np.uint8), [(PlateBox(-900, 0, 300, 300), photo.boxes[0])])


def test_a_quarter_turn_stands_the_box_on_its_end(photo: Photo) -> None:
    turned = transformed(photo.boxes[0], np.array([[0.0, -1.0, 300.0], [1.0, 0.0, 0.0]]))
    assert (turned.width, turned.height) == pytest.approx((20, 80))


def test_plate_widths_spread_over_the_whole_range(photo: Photo) -> None:
    studio = Studio(Recipe(**PLAIN, plate_px=(16, 200), enlarge_max=3), random.Random(3), scene_fonts(None))
    widths = [b.width for _ in range(200) for b in studio.scene([[photo]])[1]]
    assert sum(w < 40 for w in widths) > 30
    assert sum(w > 90 for w in widths) > 30
    assert min(widths) > 12
    assert max(widths) < 240


def test_the_same_seed_gives_the_same_scenes(photo: Photo) -> None:
    def scenes(seed: int) -> list[bytes]:
        studio = Studio(Recipe(), random.Random(seed), scene_fonts(None))
        return [studio.scene([[photo]])[0].tobytes() for _ in range(5)]

    assert scenes(5) == scenes(5)
    assert scenes(5) != scenes(6)


def test_a_rehung_plate_gets_a_box_of_its_own_around_it(photo: Photo) -> None:
    rng, fonts = random.Random(4), scene_fonts(None)
    before = np.array(Image.open(photo.path))
    for _ in range(20):
        after, (box,) = plate_swap.swap_plates(before, photo.boxes, fonts, rng)
        changed = np.nonzero(np.abs(after.astype(int) - before).max(axis=2) > 8)
        if changed[0].size == 0:
            continue
        assert changed[1].min() >= min(box.x1, 150) - 5
        assert changed[1].max() <= max(box.x2, 230) + 5
        assert changed[0].min() >= min(box.y1, 200) - 5
        assert changed[0].max() <= max(box.y2, 220) + 5


def test_every_layout_renders(tmp_path: Path) -> None:
    rng = random.Random(5)
    fonts = scene_fonts(None)
    ratios = [image.shape[1] / image.shape[0] for image in (colour_plates.render(rng, fonts) for _ in range(120))]
    assert min(ratios) < 1.7
    assert max(ratios) > 4.0


def test_a_word_in_joined_script_stands_where_the_pattern_says() -> None:
    (font,) = scene_fonts(None)
    digits, left, right = (text_mask(text, font) for text in ("129", "12", "9"))
    first, last, between = (text_mask(text, font) for text in ("~ 129", "129 ~", "12 ~ 9"))
    assert np.array_equal(first[:, -digits.shape[1] :], digits)
    assert np.array_equal(last[:, : digits.shape[1]], digits)
    assert np.array_equal(between[: left.shape[0], : left.shape[1]], left)
    assert np.array_equal(between[: right.shape[0], -right.shape[1] :], right)
    assert first[:, : -digits.shape[1]].any()
    assert last[:, digits.shape[1] :].any()
    assert between[:, left.shape[1] : -right.shape[1]].any()


@pytest.mark.parametrize(("leaning", "steep"), [(0.0, False), (plate_swap.LEANING, True)])
def test_some_plates_are_seen_so_much_from_the_side_that_their_lines_are_steep(
    photo: Photo, monkeypatch: pytest.MonkeyPatch, leaning: float, steep: bool
) -> None:
    monkeypatch.setattr(plate_swap, "LEANING", leaning)
    monkeypatch.setattr(colour_plates, "render", lambda rng, fonts: np.full((100, 470, 3), 230, np.uint8))
    rng, fonts, before = random.Random(7), scene_fonts(None), np.array(Image.open(photo.path))
    high = [
        box.height / box.width for _ in range(200) for box in plate_swap.swap_plates(before, photo.boxes, fonts, rng)[1]
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
