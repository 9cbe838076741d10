"""National alphabets, the drawn Italian set, twins held against cases, and the countries a network tells."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from converter.labels.truth import TruthCrop
from converter.measure import drawn
from converter.measure.drawn import DrawnPlate, drawn_plates, swapped
from converter.reader.countries import COUNTRIES, UNKNOWN, country_class
from converter.synth.alphabets import ALPHABETS
from converter.synth.layouts import fill, named
from converter.verdict.trials import KnownCase
from edge.identify import Thresholds
from edge.model import ALPHABET
from tests.support.lazy import lazy
from tests.support.reads import plate_read

torch = lazy("torch")
networks = lazy("converter.reader.network")
origins = lazy("converter.reader.origins")
national = lazy("converter.verdict.national")
countries = lazy("converter.verdict.countries")
held_back = lazy("converter.verdict.held_back")

LINES = Thresholds(accept=0.8, margin=6.0, slope=0.5, bias=3.0, twin=3.0, unclaimed=0.0)
DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.mark.parametrize("name", sorted(ALPHABETS))
def test_an_alphabet_has_every_character_and_none_twice(name: str) -> None:
    dies = ALPHABETS[name].draw(random.Random(1))
    glyphs = {character: dies.glyph(character, 96) for character in ALPHABET}
    assert {glyph.shape for glyph in glyphs.values()} == {next(iter(glyphs.values())).shape}
    for one, other in combinations(ALPHABET, 2):
        if {one, other} != {"0", "O"}:
            assert np.mean(np.abs(glyphs[one].astype(int) - glyphs[other])) > 4, (one, other)


def test_a_makers_dies_are_always_the_same_and_another_ones_differ() -> None:
    first, other = (ALPHABETS["I front"].draw(random.Random(seed)) for seed in (1, 2))
    assert np.array_equal(first.glyph("G", 96), first.glyph("G", 96))
    assert first != other


def test_the_italian_g_has_a_low_short_bar() -> None:
    for seed in range(20):
        dies = ALPHABETS["I front"].draw(random.Random(seed))
        right = dies.glyph("G", 200)[:, -dies.glyph("G", 200).shape[1] // 8 :].max(axis=1) > 128
        # Open on the right from the upper end to the bar, in the lower half; a C is open further.
        assert not right[80:110].any()
        assert right[150:165].any()


def test_italian_letters_are_those_of_the_law_with_many_twins() -> None:
    rng, layout = random.Random(3), named(["I front"])[0]
    letters = "".join("".join(filter(str.isalpha, fill("ii^999ii", layout, rng))) for _ in range(500))
    assert not set(letters) & set("IOQU")
    assert letters.count("G") > len(letters) / 10
    assert abs(letters.count("G") - letters.count("C")) < len(letters) / 20


def test_a_swap_is_nothing_but_a_swap() -> None:
    assert swapped("GF819JC", "CF819JG")
    assert not swapped("GF819JK", "GF819JK")
    assert not swapped("GF819JK", "CF819JX")
    assert not swapped("GF819JK", "CF819J")


@pytest.mark.skipif(not DATA.is_dir(), reason="the training data is not here")
def test_the_drawn_set_is_the_same_everywhere_and_as_wide_as_it_says() -> None:
    first, again = (drawn_plates(DATA, widths=(70, 200), each=3) for _ in range(2))
    assert [p.crop.text for p in first] == [p.crop.text for p in again]
    assert all(np.array_equal(a.crop.picture, b.crop.picture) for a, b in zip(first, again, strict=True))
    assert all(plate.country == "IT" for plate in first)
    widths = {w: [p.crop.picture.shape[1] for p in first if p.width == w] for w in (70, 200)}
    assert min(widths[200]) > max(widths[70])


@pytest.mark.skipif(not DATA.is_dir(), reason="the training data is not here")
def test_steep_plates_are_narrow_and_leave_the_others_as_they_are() -> None:
    before = drawn_plates(DATA, ("I rear",), (120,), 4)
    steep = drawn_plates(DATA, ("I rear",), (120,), 4, steep=True)
    after = drawn_plates(DATA, ("I rear",), (120,), 4)
    assert all(np.array_equal(a.crop.picture, b.crop.picture) for a, b in zip(before, after, strict=True))
    heights = [np.mean([plate.crop.picture.shape[0] for plate in plates]) for plates in (before, steep)]
    assert heights[1] > 1.4 * heights[0]


def drawn_plate(text: str, width: int) -> DrawnPlate:
    return DrawnPlate(TruthCrop(np.zeros((2, 2), np.uint8), text, "", ""), "IT", width)


def test_a_swap_of_g_and_c_fails_the_drawn_set_however_many_are_read() -> None:
    plates = [drawn_plate("GF819JK", 100)] * 100
    assert drawn.table(plates, ["GF819JK"] * 100)[1]
    assert not drawn.table(plates, ["GF819JK"] * 99 + ["CF819JK"])[1]
    assert drawn.table(plates, ["GF819JK"] * 98 + ["GF819J", ""])[1]
    assert not drawn.table(plates, ["GF819JK"] * 96 + [""] * 4)[1]


def case(text: str, doubts: dict[int, tuple[str, float]] | None = None) -> KnownCase:
    return KnownCase(text, "drawn", text, ((plate_read(text, doubts),),), np.zeros((2, 2), np.uint8))


def test_wrong_names_of_twins_are_counted_and_named() -> None:
    clear, misread = case("GO2781P", {0: ("C", 0.01)}), case("GO2781P", {0: ("C", 0.99)})
    assert national.silent([clear], LINES).wrong == ()
    assert national.silent([misread], LINES).wrong == (("GO2781P", "CO2781P"),)
    near = national.beside([clear], LINES)
    assert (near.right, near.wrong) == (near.trials, ())
    assert national.beside([misread], LINES).right == 0


def test_what_look_alikes_cost_a_car_that_claims_alone_is_counted() -> None:
    clear, alike, garbled = case("GB278PL"), case("GB278PL", {0: ("C", 0.2)}), case("TX555KV")
    garbled = replace(garbled, truth="GB278PL")
    assert national.alone([clear], LINES) == (1, 0)
    assert national.alone([clear, alike, garbled], LINES) == (1, 1)
    assert national.alone([alike], replace(LINES, unclaimed=-9.0)) == (1, 0)


@pytest.mark.parametrize(
    ("shown", "claimed", "cause", "pair"),
    [
        (case("GB278PL", {0: ("C", 0.9)}), ["CB278PL", "GB278FL"], "MISREAD_THERE", ""),
        (case("GB278PL", {0: ("C", 0.9)}), ["GB273PL", "GB278FL"], "MISREAD", ""),
        (case("GB278PL", {0: ("C", 0.2)}), ["GB273PL", "GB278FL"], "UNSURE", "CG"),
        (case("GB278PL", {0: ("C", 0.01)}), ["GB273PL", "GB278FL"], "HELD", "CG"),
        (case("GB211PL"), ["GB2I1PL", "GB211FL"], "ONE_SHAPE", ""),
        (replace(case("GB278PL"), frames=((),)), ["GB273PL", "GB278FL"], "UNSEEN", ""),
    ],
)
def test_why_a_car_is_not_identified_beside_its_twins_is_told(
    shown: KnownCase, claimed: list[str], cause: str, pair: str
) -> None:
    found = held_back.left(shown, claimed)
    assert (found.cause, found.pair) == (held_back.Cause[cause], pair)


def test_every_car_that_is_not_identified_has_a_cause() -> None:
    cases = [case("GB278PL"), case("GB278PL", {0: ("C", 0.9)}), replace(case("GB278PL"), frames=((),))]
    near = national.beside(cases, LINES)
    assert near.right == 3
    assert [each.cause for each in near.left[-3:]] == [held_back.Cause.UNSEEN] * 3
    assert len(near.left) + near.right + len(near.wrong) == near.trials == 9
    lines = held_back.table(near.left).splitlines()
    assert next(line for line in lines if line.startswith(held_back.Cause.UNSEEN)).split()[-1] == "3"


def test_countries_are_counted_with_what_was_promised() -> None:
    assert countries.country_table([("IT", "IT", 0.97)] * 97 + [("IT", "FR", 0.97)] * 3)[1]
    assert not countries.country_table([("IT", "FR", 0.97)] * 10 + [("IT", "IT", 0.97)] * 90)[1]
    assert not countries.country_table([("IT", "IT", 0.6)] * 100)[1]


def test_countries_have_a_class_each_and_others_none() -> None:
    assert [country_class(code) for code in COUNTRIES] == list(range(len(COUNTRIES)))
    assert country_class("") == country_class("ZZ") == UNKNOWN


def test_means_and_old_networks_keep_what_tells_countries() -> None:
    torch.manual_seed(1)
    whole, old = (
        networks.build(),
        networks.build({"channels": [24, 48, 80, 128], "pairs": [1, 2], "layers": 3, "countries": 0}),
    )
    between = networks.mean([old, whole])
    assert torch.equal(between.state_dict()["origin.where.bias"], whole.state_dict()["origin.where.bias"])
    name = "classify.bias"
    halfway = (old.state_dict()[name] + whole.state_dict()[name]) / 2
    assert torch.allclose(between.state_dict()[name], halfway)
    assert networks.mean([old, old]).origin is None
    before = whole.state_dict()["origin.where.bias"].clone()
    networks.adopt(whole, old)
    assert torch.equal(whole.state_dict()[name], old.state_dict()[name])
    assert torch.equal(whole.state_dict()["origin.where.bias"], before)


def test_the_share_of_each_case_that_is_identified_beside_its_twins_is_that_of_all_trials() -> None:
    cases = [case("GB278PL"), case("AX777KV", {0: ("4", 0.9)}), replace(case("GB275PL"), frames=((),)), case("9")]
    shares = national.named_beside(cases, LINES)
    assert shares == {"GB278PL": 1.0, "AX777KV": 0.0, "GB275PL": 0.0, "9": 0.0}
    near = national.beside(cases, LINES)
    assert near.right == sum(national.PAIRS_BESIDE * share for share in shares.values())
