"""The reader's workshop: layouts, rendering, the simulated camera, real crops, and a few training steps."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ImageFont

from converter.errors import LabelError, MissingError
from converter.reader.augment import photograph
from converter.reader.batches import Mix, TrainingBatches, to_tensor
from converter.reader.fonts import ARABIC_FONTS, PLATE_FONTS, TEXT_FONTS, FontShelf
from converter.reader.layouts import LAYOUTS, choose, fill, named
from converter.reader.lettering import divided
from converter.reader.network import build, export, load_averaged, parameter_count
from converter.reader.real import RealCrop, load_real, recrop
from converter.reader.render import BASE_SHAPE, RenderedPlate, render_plate
from converter.reader.store import PlateStore
from converter.reader.strokes import Die
from converter.reader.train import Plan, RunError, train
from converter.reader.truth import TruthCrop
from edge.model import ALPHABET
from edge.plates import Formats
from edge.vision.integrity import READER_FILES, verify_folder
from edge.vision.rectify import CANVAS_SHAPE, skew


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> FontShelf:
    """A shelf on which Pillow's own font stands under every name."""
    folder = tmp_path_factory.mktemp("fonts")
    font = ImageFont.load_default(12)
    assert isinstance(font, ImageFont.FreeTypeFont)
    assert isinstance(font.path, BytesIO)
    for name in (*PLATE_FONTS, TEXT_FONTS[0], ARABIC_FONTS[0]):
        (folder / name.replace("*", "B")).write_bytes(font.path.getvalue())
    return FontShelf([folder])


def test_every_pattern_can_be_drawn(shelf: FontShelf) -> None:
    rng = random.Random(1)
    for layout in LAYOUTS:
        for pattern in layout.patterns:
            plate = render_plate(shelf, rng, layouts=[replace(layout, patterns=(pattern,))])
            assert 1 <= len(plate.text) <= 12, pattern
            assert set(plate.text) <= set(ALPHABET)
            x0, y0, x1, y1 = plate.extent
            assert 0 <= x0 < x1 <= 1, pattern
            assert 0 <= y0 < y1 <= 1.02, pattern
            assert np.ptp(plate.picture[32:96, 16:288]) > 50, pattern


def test_a_word_is_spelt_with_letters() -> None:
    rng = random.Random(2)
    drawn = [fill("9 W", LAYOUTS[0], rng) for _ in range(200)]
    assert all(text[0].isdigit() and text[2:].isalpha() and text[2:].isupper() for text in drawn)
    assert {len(text) - 2 for text in drawn} >= {3, 4, 5, 6}


def test_layouts_are_drawn_by_weight() -> None:
    rng = random.Random(2)
    drawn = [choose(LAYOUTS, rng)[0].name for _ in range(3000)]
    assert drawn.count("US") > drawn.count("IS") > 0


def test_a_layout_that_there_is_not_is_named() -> None:
    assert [layout.name for layout in named(["BR", "US"])] == ["BR", "US"]
    assert named([]) == LAYOUTS
    with pytest.raises(MissingError, match="there is no layout XX"):
        named(["BR", "XX"])


ENDED = {"A-AAA-999", "AAA 9999", "AA*99999", "AA*9999", "A 999 AA"}
"""Belgian, Polish, Slovak, Hungarian and Russian series that the formats leave out."""


def test_plates_are_drawn_as_their_countries_have_them() -> None:
    rng = random.Random(4)
    for layout in LAYOUTS:
        formats = Formats((layout.iso or "ANY",))
        for pattern in layout.patterns:
            texts = [fill(pattern, layout, rng) for _ in range(5)]
            fits = [formats.usual("".join(filter(str.isalnum, text))) for text in texts]
            assert not layout.iso or sum(fits) >= 4 or (pattern in ENDED and not any(fits)), (layout.name, texts)


def test_a_block_stands_in_two_small_rows_left_of_the_rest() -> None:
    box = (10.0, 5.0, 110.0, 25.0)
    (upper, first), (lower, second), (rest, last) = divided("{PY|01}BL 1155", box, random.Random(1), one_size=False)
    assert (upper, lower, rest) == ("PY", "01", "BL 1155")
    assert first[1] == last[1] == 5
    assert second[3] == last[3] == 25
    assert first[3] < second[1]
    assert first[2] == second[2] < last[0] < last[2] == 110


def test_a_last_group_of_digits_may_be_larger() -> None:
    rng, box = random.Random(2), (0.0, 0.0, 100.0, 20.0)
    for _ in range(100):
        (head, (_, top, right, bottom)), (tail, larger) = divided("TN 59 AQ 1515", box, rng, one_size=False)
        assert (head, tail) == ("TN 59 AQ", "1515")
        assert bottom - top < 17
        assert right < larger[0]
        assert larger[1:] == box[1:]
    for line, one_size in (("TN 59 AQ 1515", True), ("AA 999AA", False), ("1515", False)):
        assert divided(line, box, rng, one_size=one_size) == [(line, box)]


def test_a_font_that_a_layout_prefers_is_one_that_is_drawn() -> None:
    for layout in LAYOUTS:
        assert any(name.startswith(layout.font) for name in (*PLATE_FONTS, *TEXT_FONTS)), layout.name


def test_no_two_characters_of_an_alphabet_look_the_same() -> None:
    for seed in range(12):
        die = Die.random(random.Random(seed))
        glyphs = {c: cv2.resize(die.glyph(c, 64), (32, 64)).astype(int) for c in ALPHABET if c not in "O0I1"}
        for a, mask_a in glyphs.items():
            for b, mask_b in glyphs.items():
                if a < b:
                    assert np.abs(mask_a - mask_b).mean() > 1.0, (seed, a, b)


def test_nothing_turns_a_text_round_whose_glyphs_are_in_order(shelf: FontShelf) -> None:
    rng, from_right_to_left = random.Random(1), "\u202e"
    turned, given = shelf.arabic(from_right_to_left + "IW", 20, rng), shelf.arabic("WI", 20, rng)
    assert not np.array_equal(turned, given)


def test_missing_fonts_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="plate fonts are missing"):
        FontShelf([tmp_path])


def plate(seed: int) -> RenderedPlate:
    noise = np.random.default_rng(seed)
    picture = noise.integers(0, 256, BASE_SHAPE, dtype=np.uint8)
    return RenderedPlate(picture, "AB123CD", 4.7, (0.12, 0.15, 0.95, 0.85))


@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_the_camera_is_reproducible_and_gives_small_crops(difficulty: float) -> None:
    background = np.full((96, 192), 80, np.uint8)
    for seed in range(30):
        views = [photograph(plate(seed), background, difficulty, random.Random(seed)) for _ in range(2)]
        assert 8 <= views[0].shape[0] <= 200
        assert 8 <= views[0].shape[1] <= 260
        assert np.array_equal(*views)


def test_tensors_are_what_easyocr_feeds() -> None:
    tensor = to_tensor([np.zeros(CANVAS_SHAPE, np.uint8), np.full(CANVAS_SHAPE, 255, np.uint8)])
    assert tensor.shape == (2, 1, *CANVAS_SHAPE)
    assert (tensor.min().item(), tensor.max().item()) == (-1.0, 1.0)


def write_data(folder: Path, labels: list[dict[str, str]]) -> Path:
    images = folder / "detect" / "images"
    images.mkdir(parents=True)
    cv2.imwrite(str(images / "a.jpg"), np.random.default_rng(0).integers(0, 255, (120, 300, 3), dtype=np.uint8))
    with (folder / "detect" / "boxes.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "x1", "y1", "x2", "y2", "use"])
        writer.writerow(["a.jpg", 0, 10, 100, 40, "train"])
    path = folder / "labels.csv"
    with path.open("w", newline="") as file:
        rows = csv.DictWriter(file, ["file", "box_index", "text", "quality", "x1", "y1", "x2", "y2", "note"])
        rows.writeheader()
        rows.writerows({"file": "a.jpg", **row} for row in labels)
    return path


def test_labels_take_the_given_box_or_their_own(tmp_path: Path) -> None:
    labels = [
        {"box_index": "0", "text": "AB123CD", "quality": "good"},
        {"box_index": "new", "text": "XY9", "quality": "poor", "x1": "150", "y1": "20", "x2": "298", "y2": "60"},
        {"box_index": "0", "text": "", "quality": "unreadable"},
    ]
    path = write_data(tmp_path, labels)
    first, second = load_real(tmp_path, [path])
    assert (first.text, second.text) == ("AB123CD", "XY9")
    assert first.box[2] - first.box[0] == 100
    assert second.box[2] - second.box[0] == 148
    assert recrop(first, 0.0, random.Random(1)).shape == (30, 100)


@pytest.mark.parametrize(
    "row",
    [{"box_index": "7", "text": "AB1", "quality": "good"}, {"box_index": "0", "text": "ab-1", "quality": "good"}],
)
def test_a_bad_label_is_refused_with_its_line(tmp_path: Path, row: dict[str, str]) -> None:
    with pytest.raises(LabelError, match="line 2"):
        load_real(tmp_path, [write_data(tmp_path, [row])])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "plates"
    folder.mkdir()
    np.save(folder / "pictures.npy", np.stack([plate(i).picture for i in range(4)]))
    np.save(folder / "patches.npy", np.full((2, 96, 192), 70, np.uint8))
    line = json.dumps({"text": "AB123CD", "aspect": 4.7, "extent": [0.1, 0.1, 0.9, 0.9]})
    (folder / "plates.jsonl").write_text(f"{line}\n" * 4)
    return folder


def test_a_store_that_is_not_there_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="reader render"):
        PlateStore.open(tmp_path)


def test_batches_hold_their_targets(store: Path) -> None:
    images, targets, lengths = next(iter(TrainingBatches([store], [], Mix(empty=0.3), 20, seed=1, start=0)))
    assert images.shape == (20, 1, *CANVAS_SHAPE)
    assert set(lengths.tolist()) == {0, 7}
    assert targets[:7].tolist() == [ALPHABET.index(c) + 1 for c in "AB123CD"]


def test_tilted_crops_are_shown_level_as_often_as_the_mix_says(store: Path) -> None:
    tilted = np.full((120, 300), 230, np.uint8)
    for top in (30, 50, 70):
        cv2.line(tilted, (20, top - 10), (280, top + 42), (20,), 6)
    real = [RealCrop(tilted, (20.0, 10.0, 280.0, 118.0), "AB1", 1.0)]

    def steepest(level: float) -> float:
        mix = Mix(real=1.0, empty=0.0, level=level)
        images, _, _ = next(iter(TrainingBatches([store], real, mix, 12, seed=1, start=0)))
        canvases = ((images[:, 0] + 1) * 127.5).numpy().astype(np.uint8)
        return float(np.median([abs(skew(canvas)) for canvas in canvases]))

    assert steepest(0.0) > 0.15
    assert steepest(1.0) < 0.05


def test_network_is_of_the_promised_size() -> None:
    assert 500_000 <= parameter_count(build()) <= 1_500_000


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_training_resumes_and_exports_what_the_unit_loads(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = [TruthCrop(np.zeros((30, 90), np.uint8), "AB123CD", "drawn", "a.png")]
    run, released = tmp_path / "run", tmp_path / "released"
    released.mkdir()
    plan = Plan(steps=4, batch=4, keep_every=1, check_every=2)
    with monkeypatch.context() as power, pytest.raises(KeyboardInterrupt):
        power.setattr("converter.reader.train._log", interrupt)
        train(run, [store], [], truth, plan, Mix())
    network = train(run, [store], [], truth, plan, Mix())
    with (run / "log.csv").open(newline="") as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["4"]
    with pytest.raises(RunError, match="4 steps"):
        train(run, [store], [], truth, replace(plan, steps=8), Mix())
    same = load_averaged(run / "checkpoint.pt")
    for name, value in network.state_dict().items():
        assert np.array_equal(value.numpy(), same.state_dict()[name].numpy()), name
    export(network, released)
    verify_folder(released, READER_FILES)
