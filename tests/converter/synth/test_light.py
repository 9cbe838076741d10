"""What is done to the light of a scene, and letters that are stuck onto the body."""

from __future__ import annotations

import random

import numpy as np

from converter.labels.photo import PlateBox
from converter.synth import light
from converter.synth.fonts import FontShelf
from converter.synth.plate_swap import stick_letters


def test_a_lamp_colours_what_it_shines_on_and_nothing_far_away() -> None:
    image = np.full((200, 300, 3), 120, np.uint8)
    for seed in range(30):
        lit = light.lamp(image, (140, 90, 200, 106), random.Random(seed))
        assert (lit.shape, lit.dtype) == (image.shape, np.uint8)
        assert (lit[92:104, 145:195] != 120).any()
        assert (lit[:40] == 120).all()
        assert (lit[:, :90] == 120).all()
    assert (image == 120).all()


def test_a_lamp_may_shine_on_the_edge_of_the_photo() -> None:
    image = np.full((50, 60, 3), 200, np.uint8)
    assert light.lamp(image, (-5, 30, 20, 49), random.Random(1)).shape == image.shape


def test_letters_are_stuck_into_the_old_plates_box() -> None:
    for seed in range(20):
        image = np.full((200, 300, 3), 60 + 8 * seed, np.uint8)
        before = image.copy()
        old = PlateBox(100, 80, 180, 80 + (20 if seed % 2 else 50))
        assert stick_letters(image, old, FontShelf(), random.Random(seed)) == old
        changed = (image != before).any(axis=2)
        inside = changed[round(old.y1) : round(old.y2), 100:180]
        assert inside.mean() > 0.05
        assert changed.sum() == inside.sum()
