"""Training scenes: one photo or four at a random scale, stretch and place on the network's canvas.

Photos are framed as they were taken, or scaled so that the chosen plate's width is log-uniform over what the network
must find: small plates are as frequent as large ones. Where a photo does not fill the canvas, another one shows behind
it. Some plates are exchanged for rendered ones of other countries or for bare letters; rendered words without a plate,
and parts of photos without any plate, are the hard negatives. Everything is drawn from the `random.Random` that is
passed in: the same seed gives the same scenes.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from converter.labels import Photo, PlateBox, load_photo
from converter.synth import distractors, light
from converter.synth.fonts import Font, FontShelf
from converter.synth.plate_swap import swap_plates
from converter.synth.warp import Matrix, Pixels, covers, transformed, warped

Groups = Sequence[Sequence[Photo]]

HIDDEN = 0.15
"""The part of a plate that may be covered before nobody has to find it."""
SPOILT = 0.15
"""The part of a tile that may be painted over."""
TRIES = 10
"""How many tiles are made for one that is not spoilt."""


class Spoilt(Exception):
    """A tile that is not worth learning: another one is made."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How often what happens, and the range of plate widths in pixels of the canvas.

    ``whole``: the photo about fills the canvas, as it was framed, whatever the size of its plates. ``plate_swap``: most
    plates are exchanged for drawn ones. ``distractors``: things that look like plates are drawn. ``lamp``: a
    coloured lamp shines on a plate. ``squeezed`` names sources whose wide photos were squeezed into a square, and the
    largest factor by which they are stretched back.
    """

    width: int = 320
    height: int = 320
    plate_px: tuple[float, float] = (16.0, 260.0)
    enlarge_max: float = 1.8
    whole: float = 0.4
    mosaic: float = 0.06
    backdrop: float = 0.75
    negative: float = 0.08
    quarter_turn: float = 0.08
    plate_swap: float = 0.5
    distractors: float = 0.4
    lamp: float = 0.12
    visible_min: float = 0.6
    height_min_px: float = 3.5
    squeezed: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Studio:
    """Makes scenes: plates lettered from *shelf*, badges and captions in *word_fonts* (see :mod:`.fonts`)."""

    recipe: Recipe
    rng: random.Random
    shelf: FontShelf
    word_fonts: list[Font]

    def scene(self, groups: Groups) -> tuple[Pixels, list[PlateBox]]:
        """One canvas (height, width, 3) RGB and the boxes on it, in its pixels; a group is as likely as any other."""
        recipe, rng = self.recipe, self.rng
        canvas = np.full((recipe.height, recipe.width, 3), rng.choice((0, 114, rng.randint(0, 255))), np.uint8)
        boxes: list[PlateBox] = []
        if rng.random() < recipe.mosaic:
            cut_x, cut_y = (round(side * rng.uniform(0.35, 0.65)) for side in (recipe.width, recipe.height))
            tiles = [(0, 0, cut_x, cut_y), (cut_x, 0, recipe.width, cut_y)]
            tiles += [(0, cut_y, cut_x, recipe.height), (cut_x, cut_y, recipe.width, recipe.height)]
        else:
            tiles = [(0, 0, recipe.width, recipe.height)]
        for x0, y0, x1, y1 in tiles:
            tile, found = self._good_tile(groups, x1 - x0, y1 - y0)
            canvas[y0:y1, x0:x1] = tile
            boxes += [replace(b, x1=b.x1 + x0, y1=b.y1 + y0, x2=b.x2 + x0, y2=b.y2 + y0) for b in found]
        if rng.random() < recipe.distractors:
            distractors.write(canvas, boxes, self.word_fonts, rng)
        return light.relight(canvas, rng), boxes

    def _good_tile(self, groups: Groups, width: int, height: int) -> tuple[Pixels, list[PlateBox]]:
        """The first tile that is not spoilt; of photos that give none, a blank one."""
        for _ in range(TRIES):
            with suppress(Spoilt):
                return self._tile(groups, width, height)
        return np.full((height, width, 3), 114, np.uint8), []

    def _tile(self, groups: Groups, width: int, height: int) -> tuple[Pixels, list[PlateBox]]:
        """One photo on the tile and, where it leaves room, another one behind it."""
        rng = self.rng
        photo = rng.choice(rng.choice(groups))
        image, boxes = self._prepared(photo)
        matrix = self._placement(photo, boxes, width, height)
        tile = np.full((height, width, 3), rng.choice((0, 114, 114, rng.randint(0, 255))), np.uint8)
        placed: list[tuple[PlateBox, PlateBox]] = []
        layers = [(image, boxes, matrix)]
        if not covers(matrix, photo, width, height) and rng.random() < self.recipe.backdrop:
            behind = rng.choice(rng.choice(groups))
            image, boxes = self._prepared(behind)
            layers.insert(0, (image, boxes, self._cover(behind, width, height)))
        for image, boxes, matrix in layers:
            layer, alpha = warped(image, matrix, width, height)
            for box, _ in placed:
                if _hidden(box, alpha):
                    erase(tile, box, rng)
            tile = np.clip(tile * (1 - alpha[..., None]) + layer, 0, 255).astype(np.uint8)
            placed = [(box, origin) for box, origin in placed if not _hidden(box, alpha)]
            placed += [(transformed(b, matrix), b) for b in boxes]
        return tile, self.visible_boxes(tile, placed)

    def _prepared(self, photo: Photo) -> tuple[Pixels, list[PlateBox]]:
        image, boxes = load_photo(photo), list(photo.boxes)
        if self.rng.random() < self.recipe.plate_swap:
            image, boxes = swap_plates(image, boxes, self.shelf, self.rng)
        for box in boxes:
            if self.rng.random() < self.recipe.lamp:
                image = light.lamp(image, (box.x1, box.y1, box.x2, box.y2), self.rng)
        return image, boxes

    def _cover(self, photo: Photo, width: int, height: int) -> Matrix:
        """A map that covers the whole tile with some part of the photo."""
        rng = self.rng
        scale = max(width / photo.width, height / photo.height) * math.exp(rng.uniform(0, 0.7))
        shift = (rng.uniform(width - photo.width * scale, 0), rng.uniform(height - photo.height * scale, 0))
        return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)

    def _placement(self, photo: Photo, boxes: Sequence[PlateBox], width: int, height: int) -> Matrix:
        """The 2x3 affine map from the photo to the tile."""
        rng, recipe = self.rng, self.recipe
        stretch = (
            rng.uniform(1.0, recipe.squeezed[photo.source])
            if photo.source in recipe.squeezed
            else rng.uniform(0.9, 1.1)
        )
        usable = [b for b in boxes if b.height >= 8] or list(boxes)
        if usable and rng.random() >= recipe.negative:
            chosen = rng.choice(usable)
            plate_w = chosen.width * stretch
            low, high = recipe.plate_px
            if plate_w > 0.5 * photo.width:  # a close-up of a plate shrunk to a stamp teaches nothing
                low *= 4
            high = min(high, 0.9 * width, 0.9 * height * plate_w / chosen.height)
            target = math.exp(rng.uniform(math.log(low), math.log(max(high, low + 1))))
            if rng.random() < recipe.whole:
                fit = min(width / (photo.width * stretch), height / photo.height)
                target = min(fit * math.exp(rng.uniform(-0.2, 0.5)) * plate_w, high)
            scale = min(target / plate_w, recipe.enlarge_max)
        else:
            chosen = PlateBox(0.45 * photo.width, 0.45 * photo.height, 0.55 * photo.width, 0.55 * photo.height)
            scale = math.exp(rng.uniform(0.0, 1.0)) * max(width / photo.width, height / photo.height)
        centre = ((chosen.x1 + chosen.x2) / 2, (chosen.y1 + chosen.y2) / 2)
        goal = (
            _goal(rng, centre[0], chosen.width, photo.width, scale * stretch, width),
            _goal(rng, centre[1], chosen.height, photo.height, scale, height),
        )
        angle = math.radians(rng.gauss(0, 1.5))
        if rng.random() < recipe.quarter_turn:
            angle += rng.choice((math.pi / 2, -math.pi / 2))
        shear = rng.gauss(0, 0.03)
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        linear = turn @ np.array([[scale * stretch, shear * scale], [0.0, scale]])
        if rng.random() < 0.5:
            linear = linear @ np.diag([-1.0, 1.0])
        shift = np.array(goal) - linear @ np.array(centre)
        return np.hstack([linear, shift[:, None]])

    def visible_boxes(self, tile: Pixels, boxes: Sequence[tuple[PlateBox, PlateBox]]) -> list[PlateBox]:
        """The boxes that can be learnt; plates that are cut off or too small are painted over in the tile.

        What lies under the paint is painted over as well: nothing that cannot be seen has a box.

        Raises:
            Spoilt: more of the tile would be paint than is worth learning.
        """
        height, width = tile.shape[:2]
        kept: list[PlateBox] = []
        unfit: list[PlateBox] = []
        for box, origin in boxes:
            x1, y1, x2, y2 = max(box.x1, 0), max(box.y1, 0), min(box.x2, width), min(box.y2, height)
            if x2 - x1 < 1 or y2 - y1 < 1:
                continue
            share = (x2 - x1) * (y2 - y1) / (box.width * box.height)
            clear = min(x2 - x1, y2 - y1) >= self.recipe.height_min_px and not origin.ignore
            fit = share >= self.recipe.visible_min and clear
            (kept if fit else unfit).append(PlateBox(x1, y1, x2, y2))
        for box in kept[:]:
            if any(_overlap(box, other) > HIDDEN * box.width * box.height for other in unfit):
                kept.remove(box)
                unfit.append(box)
        if sum(box.width * box.height for box in unfit) > SPOILT * width * height:
            raise Spoilt
        for box in unfit:
            erase(tile, box, self.rng)
        return kept


def _overlap(one: PlateBox, other: PlateBox) -> float:
    """The area that both cover, in square pixels."""
    width = min(one.x2, other.x2) - max(one.x1, other.x1)
    return max(width, 0.0) * max(min(one.y2, other.y2) - max(one.y1, other.y1), 0.0)


def erase(tile: Pixels, box: PlateBox, rng: random.Random) -> None:
    """Paint *box* over with its mean colour and some grain, so that it teaches neither plate nor background."""
    x1, y1, x2, y2 = (max(0, v) for v in (math.floor(box.x1), math.floor(box.y1), math.ceil(box.x2), math.ceil(box.y2)))
    spot = tile[y1:y2, x1:x2]
    if spot.size == 0:
        return
    grain = np.random.default_rng(rng.getrandbits(32)).normal(0, 6, spot.shape)
    spot[:] = np.clip(spot.reshape(-1, 3).mean(axis=0) + grain, 0, 255).astype(np.uint8)


def _hidden(box: PlateBox, alpha: NDArray[np.float32]) -> bool:
    """Whether the upper layer hides a noticeable part of the box."""
    x1, y1, x2, y2 = (max(0, round(v)) for v in (box.x1, box.y1, box.x2, box.y2))
    spot = alpha[y1:y2, x1:x2]
    return spot.size == 0 or float(spot.mean()) > HIDDEN


def _goal(rng: random.Random, centre: float, plate: float, photo: float, scale: float, room: float) -> float:
    """Where the plate's centre goes along one axis: wholly in the tile, and the photo fills the tile or lies in it."""
    offsets = sorted((0.0, room - photo * scale))
    low, high = offsets[0] + centre * scale, offsets[1] + centre * scale
    half = plate * scale / 2
    low, high = max(low, half), min(high, room - half)
    return rng.uniform(low, high) if high > low else min(max(centre * scale, half), max(room - half, half))
