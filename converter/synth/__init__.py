"""Drawn plates and scenes: layouts, lettering, the simulated camera, what is put onto photos."""

from converter.synth.augment import degrade, photograph
from converter.synth.fonts import FontShelf, word_fonts
from converter.synth.layouts import LAYOUTS, Layout, named
from converter.synth.light import JPEG_QUALITIES, compressed
from converter.synth.patches import PATCH_SHAPE, plate_free_patches
from converter.synth.render import BASE_SHAPE, PLATE_BOX, RenderedPlate, render_plate
from converter.synth.scenes import Recipe, Studio

__all__ = [
    "BASE_SHAPE",
    "JPEG_QUALITIES",
    "LAYOUTS",
    "PATCH_SHAPE",
    "PLATE_BOX",
    "FontShelf",
    "Layout",
    "Recipe",
    "RenderedPlate",
    "Studio",
    "compressed",
    "degrade",
    "named",
    "photograph",
    "plate_free_patches",
    "render_plate",
    "word_fonts",
]
