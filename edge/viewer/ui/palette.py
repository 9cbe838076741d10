"""The two sets of colours, light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TONES = ("good", "warn", "bad", "neutral", "accent")
"""Tones of texts, badges and banners; a :class:`Palette` has a colour and a soft background for each."""


@dataclass(frozen=True, slots=True)
class Palette:
    """One set of colours; a ``_soft`` colour is the background for text in the colour of the same name.

    ``border`` parts cards and rows, which say what they are without it; ``edge`` is what shows where a field, a button
    or a scrollbar's thumb is, and has a contrast of 3 to 1 (WCAG 2.2, 1.4.11).
    """

    name: Literal["light", "dark"]
    background: str
    surface: str
    raised: str
    border: str
    edge: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    bad_hover: str
    neutral: str
    neutral_soft: str
    photo: str


LIGHT = Palette(
    name="light",
    background="#eef1f5",
    surface="#ffffff",
    raised="#f5f7fa",
    border="#d3dae3",
    edge="#7c8898",
    text="#16202c",
    muted="#566475",
    accent="#1d5fc4",
    accent_hover="#174ea3",
    on_accent="#ffffff",
    accent_soft="#e3edfb",
    good="#12693d",
    good_soft="#dcf2e5",
    warn="#8a4b00",
    warn_soft="#fdeccd",
    bad="#b3261e",
    bad_soft="#fbe3e1",
    bad_hover="#f7d5d2",
    neutral="#48566a",
    neutral_soft="#e5eaf0",
    photo="#dfe5ec",
)
DARK = Palette(
    name="dark",
    background="#0f141a",
    surface="#182029",
    raised="#202a35",
    border="#303c4a",
    edge="#6d7d90",
    text="#e6ecf3",
    muted="#9aa8b8",
    accent="#6ea8ff",
    accent_hover="#8dbbff",
    on_accent="#0b1624",
    accent_soft="#1d3050",
    good="#6fd6a0",
    good_soft="#15392a",
    warn="#f2bd6b",
    warn_soft="#43310f",
    bad="#ff9a92",
    bad_soft="#4a1d1b",
    bad_hover="#5e2624",
    neutral="#b4c0ce",
    neutral_soft="#2b3643",
    photo="#0b0f14",
)
