"""What the reader's workshop draws: layouts and their texts, lettering, alphabets, fields and frames."""

from __future__ import annotations

import random
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ImageFont

from converter.errors import MissingError
from converter.synth.alphabets import ALPHABETS
from converter.synth.decorations import arms, emblem, field
from converter.synth.fonts import ARABIC_FONTS, PAINTED, PLATE_FONTS, SIGN_FONTS, TEXT_FONTS, FontShelf
from converter.synth.layouts import LAYOUTS, choose, fill, named
from converter.synth.lettering import Inks, divided, write
from converter.synth.render import render_plate
from converter.synth.strokes import Die
from edge.identify.formats import Formats
from edge.model import ALPHABET


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> FontShelf:
    """A shelf on which Pillow's own font stands under every name."""
    folder = tmp_path_factory.mktemp("fonts")
    font = ImageFont.load_default(12)
    assert isinstance(font, ImageFont.FreeTypeFont)
    assert isinstance(font.path, BytesIO)
    signs = [f"{family}-latin-{weight}-normal.woff" for family in SIGN_FONTS[:2] for weight in (400, 700, 900)]
    for name in (*PLATE_FONTS, TEXT_FONTS[0], ARABIC_FONTS[0], *signs):
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


UNLISTED = {"A-AAA-999", "AAA 9999", "AA*99999", "AA*9999", "A 999 AA",
         "AA.99.TC.999 A", "AA 99 TC 9999 A"}  # fmt: skip
"""Belgian, Polish, Slovak, Hungarian and Russian series, and Indian dealers' ones, that the formats leave out."""


def test_plates_are_drawn_as_their_countries_have_them() -> None:
    rng = random.Random(4)
    for layout in LAYOUTS:
        formats = Formats((layout.iso or "ANY",))
        for pattern in layout.patterns:
            texts = [fill(pattern, layout, rng) for _ in range(5)]
            fits = [formats.usual("".join(filter(str.isalnum, text))) for text in texts]
            assert not layout.iso or sum(fits) >= 4 or (pattern in UNLISTED and not any(fits)), (layout.name, texts)


def test_a_block_stands_in_two_small_rows_left_of_the_rest() -> None:
    box = (10.0, 5.0, 110.0, 25.0)
    (upper, first), (lower, second), (rest, last) = divided("{PY|01}BL 1155", box, random.Random(1), one_size=False)
    assert (upper, lower, rest) == ("PY", "01", "BL 1155")
    assert first[1] == last[1] == 5
    assert second[3] == last[3] == 25
    assert first[3] < second[1]
    assert first[2] == second[2] < last[0] < last[2] == 110


def test_a_bar_may_part_the_rows_of_a_block(shelf: FontShelf) -> None:
    layout, inks = named(["IN"])[0], Inks(paper=230, ink=20)

    def bars(line: str) -> int:
        """How many of 40 plates have a row of ink from the block's left to its right end, half-way down."""
        found = 0
        for seed in range(40):
            canvas = np.full((104, 440), inks.paper, np.float32)
            write(canvas, [line], (10, 14, 430, 90), layout, inks, shelf, random.Random(seed))
            found += bool((canvas[48:57, 14:40] < 120).all(axis=1).any())
        return found

    assert 4 <= bars("{II|11}AB 1234") <= 24
    assert bars("{II|11}AB 1234") > bars("I I AB 1234") + 3


def test_large_arms_bear_a_name_beneath(shelf: FontShelf) -> None:
    for seed in range(20):
        picture, mask = arms(60, random.Random(seed), Inks(200, 20).blend, shelf)
        assert picture.shape == mask.shape
        assert 30 <= picture.shape[1] <= picture.shape[0] == 60
        assert mask[0].min() == 255  # as wide as the picture above, pointed below
        assert 0 < (mask[35:47] > 0).mean() < 1
        assert 0 < (mask[55:] > 0).mean() < 1


def test_a_field_keeps_the_ground_within_a_frame(shelf: FontShelf) -> None:
    for seed in range(20):
        canvas = np.full((104, 270), 30, np.float32)
        x0, y0, x1, y1 = map(int, field(canvas, 220.0, 40.0, shelf, random.Random(seed)))
        assert (canvas[y0:y1, x0:x1] == 30).all()
        assert (canvas[y1:] == 220).all()
        assert (canvas[:, :x0] == 220).all()
        assert (canvas[:, x1:] == 220).all()
        assert y1 - y0 > 0.5 * 104
        assert x1 - x0 > 0.8 * 270


def test_an_arms_bearing_shield_is_no_plain_letter() -> None:
    rng = random.Random(3)
    shields = [emblem(60, rng, lambda share: 255 * share) for _ in range(2000)]
    assert all(picture.shape == mask.shape for picture, mask in shields)
    crossed = [picture for picture, mask in shields if mask[-1, 0] == 0 and mask[0, 0] and _crossed(picture)]
    assert len(crossed) >= 5


def _crossed(picture: np.ndarray) -> bool:
    """Whether one grey goes from top to bottom and from side to side, on another one between its arms."""
    height, width = picture.shape
    down, across = picture[:, width // 2], picture[round(height * 0.45)]
    corners = {float(picture[y, x]) for y in (height // 6, 3 * height // 5) for x in (width // 4, width - width // 4)}
    return bool(np.ptp(down[2:-8]) == 0 and np.ptp(across[6:-6]) == 0 and len(corners) == 1 and down[5] not in corners)


def test_some_alphabets_are_as_wide_as_high() -> None:
    widths = [Die.random(random.Random(seed)).width for seed in range(300)]
    assert 0.05 < sum(width > 0.72 for width in widths) / 300 < 0.2


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
        assert any(name.startswith(layout.font) for name in (*PLATE_FONTS, *TEXT_FONTS, PAINTED, *ALPHABETS)), (
            layout.name
        )


def test_sign_fonts_are_found_in_weights_that_plates_are_painted_in(shelf: FontShelf) -> None:
    signs = [name for name in shelf.names if name.endswith(".woff")]
    assert signs == [f"{family}-latin-{weight}-normal.woff" for family in SIGN_FONTS[:2] for weight in (400, 700)]


def test_characters_may_be_contours_or_cast_a_shadow(shelf: FontShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    inks = Inks(200, 20)

    def ink(outlined: float, shadowed: float) -> tuple[float, float]:
        """Shares of the pixels that are as dark as the ink, and of those that are neither ink nor ground."""
        monkeypatch.setattr("converter.synth.lettering.OUTLINED", outlined)
        monkeypatch.setattr("converter.synth.lettering.SHADOWED", shadowed)
        canvas = np.full((100, 400), inks.paper, np.float32)
        write(canvas, ["HH 88"], (20, 10, 380, 90), LAYOUTS[0], inks, shelf, random.Random(3))
        return float((canvas < 60).mean()), float(((canvas > 60) & (abs(canvas - 200) > 40)).mean())

    (plain, neither), (contours, _), (solid, shadow) = ink(0, 0), ink(1, 0), ink(0, 1)
    assert contours < 0.8 * plain
    assert solid > 0.95 * plain
    assert shadow > neither + 0.02


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
    turned, given = shelf.caption(from_right_to_left + "IW", 20, rng), shelf.caption("WI", 20, rng)
    assert not np.array_equal(turned, given)


def test_without_fonts_lines_stand_for_the_tunisian_word() -> None:
    word = FontShelf().tunis(60, random.Random(1))
    assert word.shape == (60, 72)
    assert 0.05 < (word > 0).mean() < 0.5


def test_without_fonts_every_layout_is_drawn() -> None:
    rng = random.Random(1)
    for layout in LAYOUTS:
        assert np.ptp(render_plate(FontShelf(), rng, layouts=[layout]).picture) > 50, layout.name


def test_missing_fonts_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="plate fonts are missing"):
        FontShelf([tmp_path])
