"""Plates that look alike: who is ahead of whom, and what settles characters of one shape."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from edge.identify import ANY_FORMAT, Thresholds, judge
from edge.identify.candidates import prior, reading
from edge.identify.ctc import read_log_likelihoods
from edge.identify.origin import origin
from edge.identify.twins import (
    MOST_VARIANTS,
    SHAPE_SAYS,
    ahead,
    are_twins,
    is_sure,
    near_twins,
    one_shape,
    shapes_differ,
)
from edge.model import Outcome, PlateRead, Reason
from edge.vision.calibration import load_thresholds
from tests.support.reads import plate_read

LINES = Thresholds(accept=0.8, margin=6.0, slope=0.5, bias=3.0, twin=3.0, unclaimed=0.0)


def seen_in(country: str, read: PlateRead, share: float = 0.97) -> PlateRead:
    return replace(read, countries={country: share, "FO": 1 - share})


def surely(read: PlateRead, confidence: float = 0.99) -> PlateRead:
    return replace(read, characters=(confidence,) * len(read.text))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("GF819JK", "CF819JK", True),
        ("EO59CLU", "E059CLU", True),
        ("OO99II", "009911", True),  # every character has one shape
        ("GF819JK", "CF819JX", False),  # two of them
        ("GF819JK", "GF819JK", False),
        ("GF819JK", "AF819JK", False),
        ("GF819JK", "GF819J", False),
    ],
)
def test_twins_differ_in_one_lookalike_or_in_shapes_only(one: str, other: str, alike: bool) -> None:
    assert are_twins(one, other) is alike
    assert are_twins(other, one) is alike


def test_near_twins_have_one_character_exchanged() -> None:
    assert set(near_twins("GH")) >= {"CH", "6H", "GN"}
    assert all(sum(a != b for a, b in zip(twin, "AB123CD", strict=True)) == 1 for twin in near_twins("AB123CD"))


def test_texts_of_one_shape_are_few_however_many_characters_have_doubles() -> None:
    assert sorted(one_shape("O1")) == ["01", "0I", "OI"]
    assert len(one_shape("O0O0O0O0O0")) == MOST_VARIANTS
    assert one_shape("AB234CD") == []


def test_between_texts_of_one_shape_the_pixels_count_little() -> None:
    others = {"E059CLU": 10.0}
    settled = {"EO59CLU": math.log(0.9), "E059CLU": math.log(0.01)}
    assert ahead("EO59CLU", 0.0, others, settled.__getitem__, one_shape_only=True) > 0
    assert ahead("EO59CLU", 0.0, others, settled.__getitem__, one_shape_only=False) == -10.0
    assert ahead("XY999ZZ", 0.0, others, settled.__getitem__, one_shape_only=True) == math.inf


def test_a_country_whose_letters_are_all_unlike_is_told_by_the_picture() -> None:
    assert shapes_differ({"DE": 0.7, "IT": 0.3})
    assert not shapes_differ({"IT": 0.7, "DE": 0.3})
    assert not shapes_differ({})


@pytest.mark.parametrize("doubt", [0.02, 0.3, 0.6, 0.95])
def test_of_an_italian_g_and_c_nobody_is_named_before_the_reader_is_sure(doubt: float) -> None:
    read = plate_read("GF819JK", {0: ("C", doubt)})
    assert judge([[read]], ["CF819JK"], LINES).outcome is not Outcome.IDENTIFIED
    assert judge([[plate_read("GF819JK")]], ["GF819JK"], LINES).plate == "GF819JK"


@pytest.mark.parametrize(("text", "twin"), [("GF819JK", "CF819JK"), ("GZ05052", "CZ05052"), ("GE808967", "CE808967")])
def test_every_italian_series_has_the_allowance_for_g_and_c(text: str, twin: str) -> None:
    read = plate_read(text, {0: ("C", 0.95)})
    assert judge([[read]], [twin], LINES).outcome is not Outcome.IDENTIFIED
    other = surely(plate_read(text.replace("G", "N"), {0: ("M", 0.9)}))
    assert judge([[other]], [twin.replace("C", "M")], LINES).outcome is Outcome.IDENTIFIED


def test_a_claim_whose_twin_explains_the_photo_better_is_ambiguous_and_says_why() -> None:
    verdict = judge([[plate_read("GO2781P", {0: ("C", 0.3)})]], ["CO2781P"], LINES)
    assert verdict.outcome is Outcome.AMBIGUOUS
    assert verdict.reason is Reason.LOOKS_ALIKE


@pytest.mark.parametrize(("place", "other"), [(2, "O"), (4, "I")])
def test_a_claim_behind_a_text_of_its_shape_that_nobody_claims_is_ambiguous(place: int, other: str) -> None:
    # The lines allow a claim to be two nats behind any other twin; the car photographed may have sent nothing.
    lines = replace(LINES, unclaimed=-2.0)
    behind = plate_read("JQ0J1QQ", {place: (other, 0.6)})
    verdict = judge([[behind]], ["JQ0J1QQ"], lines)
    assert (verdict.outcome, verdict.reason) == (Outcome.AMBIGUOUS, Reason.LOOKS_ALIKE)
    assert judge([[plate_read("JQ0J1QQ", {place: (other, 0.4)})]], ["JQ0J1QQ"], lines).plate == "JQ0J1QQ"
    assert judge([[plate_read("JQ0J1QQ", {3: ("I", 0.6)})]], ["JQ0J1QQ"], lines).plate == "JQ0J1QQ"


def test_lines_from_before_shapes_had_one_of_their_own_hold_as_they_did() -> None:
    document = {
        "thresholds": {"accept": 0.8, "margin": 15.0, "slope": 0.5, "bias": 3.0, "twin": 6.0, "unclaimed": -2.0}
    }
    old = Thresholds.parse(json.dumps(document | {"reader_sha256": "5a"}).encode(), "5a")
    assert old.shape == old.unclaimed == -2.0
    assert judge([[plate_read("JQ0J1QQ", {2: ("O", 0.6)})]], ["JQ0J1QQ"], old).plate == "JQ0J1QQ"


def test_a_claim_is_named_with_its_twins_beside_it_where_the_pixels_tell_them_apart() -> None:
    read = plate_read("GO2781P", {0: ("C", 0.01)})
    assert judge([[read]], ["CO2781P", "GO2781P", "GO278IP"], LINES).plate == "GO2781P"
    open_read = plate_read("GO2781P", {0: ("C", 0.4)})
    assert judge([[open_read]], ["CO2781P", "GO2781P"], LINES).outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize(
    ("read", "country", "text"),
    [
        ("OOPDR6", "NL", "00PDR6"),
        ("EE00OHG", "IT", "EE000HG"),
        ("E059CLU", "GB", "EO59CLU"),
        ("1OAA454", "GB", "1OAA454"),  # no British plate either way: as it was read
        ("AB123CD", "IT", "AB123CD"),
    ],
)
def test_one_shape_is_settled_by_format_and_country_however_sure_the_reader_is(
    read: str, country: str, text: str
) -> None:
    assert reading(replace(seen_in(country, plate_read(read)), confidence=1.0), ANY_FORMAT) == text


@pytest.mark.parametrize("text", ["E059CLU", "EO59CLU", "OO1IDOI", "B0I0O1", "AI0IOOI", "IO0I1O"])
@pytest.mark.parametrize("country", ["GB", "IT", "NL", "FR", "PL"])
def test_what_is_left_unjudged_could_not_have_won(text: str, country: str) -> None:
    read = replace(seen_in(country, plate_read(text)), confidence=1.0)
    usual = [text, *(double for double in one_shape(text) if ANY_FORMAT.usual(double))]
    judged = read_log_likelihoods(read, usual)
    likely = {
        double: max(-SHAPE_SAYS, min(SHAPE_SAYS, float(says - judged[0]))) + prior(double, ANY_FORMAT, read.countries)
        for double, says in zip(usual, judged, strict=True)
    }
    told = origin(read.countries, text)
    assert reading(read, ANY_FORMAT) == (text if told is None else max(likely, key=likely.__getitem__))


def test_where_the_letters_are_unlike_a_sure_read_stands() -> None:
    assert reading(replace(seen_in("DE", plate_read("BO1234")), confidence=1.0), ANY_FORMAT) == "BO1234"


def test_a_claim_that_only_format_and_country_rule_out_is_not_named() -> None:
    read = seen_in("GB", plate_read("EO59CLU", {1: ("0", 0.98)}))
    lines = replace(LINES, shape=-1.0)
    assert judge([[read]], ["EO59CLU"], lines).plate == "EO59CLU"
    assert judge([[read]], ["E059CLU"], lines).outcome is not Outcome.IDENTIFIED


def test_where_the_reading_is_garbled_the_twin_of_a_silent_car_is_not_named() -> None:
    # Two characters are misread, so that neither the true text nor the claimed twin is near the reading.
    read = replace(plate_read("NB12HD", {1: ("T", 0.6), 2: ("9", 0.6), 4: ("K", 0.4)}), confidence=0.4)
    assert read.text == "NT92HD"
    behind = replace(LINES, unclaimed=-0.5)
    assert judge([[read]], ["NB12KD"], behind).outcome is not Outcome.IDENTIFIED
    assert judge([[read]], ["NB12HD"], behind).plate == "NB12HD"


def test_a_lead_over_a_twin_that_is_less_than_the_plate_is_garbled_by_is_none() -> None:
    # Two characters read otherwise: the claim is behind by more than it is ahead of its twin, NB12ND.
    read = plate_read("NB12HD", {1: ("T", 0.75), 2: ("9", 0.75), 4: ("N", 0.4)})
    assert read.text == "NT92HD"
    verdict = judge([[read]], ["NB12HD"], LINES)
    assert verdict.outcome is Outcome.AMBIGUOUS
    assert verdict.reason is Reason.LOOKS_ALIKE


def test_a_plate_that_looks_italian_is_doubted_as_italian_whatever_it_is_read_as() -> None:
    read = plate_read("EK58ZFA", {4: ("2", 0.3)})  # a British form; the car is EK582FA
    assert judge([[read]], ["EK58ZFA"], LINES).plate == "EK58ZFA"
    italian = replace(read, countries={"IT": 0.6, "ES": 0.4})
    assert judge([[italian]], ["EK58ZFA"], LINES).outcome is Outcome.AMBIGUOUS


def test_likely_countries_object_to_a_shape_though_none_is_told() -> None:
    read = plate_read("E059CLU", {1: ("O", 0.1)})
    assert judge([[read]], ["E059CLU"], LINES).plate == "E059CLU"  # nothing is known of its country
    british = replace(read, countries={"GB": 0.58, "RO": 0.42})
    assert origin(british.countries, "E059CLU") is None
    assert judge([[british]], ["E059CLU"], LINES).outcome is Outcome.AMBIGUOUS


@pytest.mark.parametrize(("confidence", "sure"), [(0.99, True), (0.95, True), (0.94, False), (0.5, False)])
def test_a_reading_is_sure_by_its_two_least_sure_characters(confidence: float, sure: bool) -> None:
    assert is_sure((0.999, confidence, 0.999, confidence)) is sure
    assert not is_sure((confidence,))
    assert not is_sure(())


def test_a_claimed_twin_costs_a_sure_italian_reading_nothing_beyond_the_line() -> None:
    # 4.6 nats between G and C: more than the line of 3, less than the line and the allowance for G and C together.
    read = plate_read("GF819JK", {0: ("C", 0.01)})
    both = ["GF819JK", "CF819JK"]
    assert judge([[surely(read)]], both, LINES).plate == "GF819JK"
    assert judge([[surely(read, 0.9)]], both, LINES).reason is Reason.LOOKS_ALIKE


@pytest.mark.parametrize("text", ["NF819JK", "GZ05052"])
def test_an_unclaimed_twin_of_an_italian_plate_counts_more_where_the_reading_is_not_sure(text: str) -> None:
    twin = "M" if text[0] == "N" else "C"
    # 4.1 nats: beyond what a sure reading errs by, within what one errs by that is not.
    read = plate_read(text, {0: (twin, 0.016)})
    assert judge([[surely(read)]], [text], LINES).plate == text
    assert judge([[surely(read, 0.9)]], [text], LINES).reason is Reason.LOOKS_ALIKE


def test_another_sure_reading_takes_the_sureness_away() -> None:
    read = surely(plate_read("GF819JK", {0: ("C", 0.002)}))
    other = surely(plate_read("CF819JK", {0: ("G", 0.2)}))
    both = ["GF819JK", "CF819JK"]
    # Together 4.8 nats for the G: enough where only the G is read surely, too little where the C is, too.
    assert judge([[read], [surely(other, 0.9)]], both, LINES).plate == "GF819JK"
    assert judge([[read], [other]], both, LINES).reason is Reason.LOOKS_ALIKE


def test_plates_of_other_countries_have_no_allowance() -> None:
    read = surely(plate_read("GF8190K", {0: ("C", 0.03)}), 0.9)
    assert judge([[read]], ["GF8190K"], LINES).plate == "GF8190K"


@pytest.mark.parametrize("twin", ["K", "N"])
def test_of_a_plate_that_is_read_faintly_nobody_is_named_whose_twin_is_near(twin: str) -> None:
    # 3.4 nats ahead of a twin that nobody claims: of a plate that is read at all that is enough.
    read = plate_read("NB12HD", {4: (twin, 0.03)})
    faint, read = (replace(read, confidence=confidence) for confidence in (0.29, 0.31))
    assert judge([[read]], ["NB12HD"], LINES).plate == "NB12HD"
    assert judge([[faint]], ["NB12HD"], LINES).reason is Reason.LOOKS_ALIKE
    assert judge([[faint], [read]], ["NB12HD"], LINES).plate == "NB12HD"  # one photo shows it


def test_a_faint_reading_says_nothing_about_a_text_of_one_shape() -> None:
    read = replace(plate_read("KOROFL1", {1: ("0", 0.05)}), confidence=0.2)
    assert judge([[read]], ["KOROFL1"], LINES).plate == "KOROFL1"


@pytest.mark.parametrize(("read", "twin"), [("GR506CX", "GR5O6CX"), ("AB814HC", "AB8I4HC")])
def test_a_claimed_text_of_one_shape_that_no_country_has_is_ruled_out_by_format(read: str, twin: str) -> None:
    lines = replace(LINES, twin=6.0)
    seen = surely(seen_in("IT", plate_read(read)))
    assert judge([[seen]], [twin, read], lines).plate == read
    assert judge([[seen]], [twin], lines).outcome is not Outcome.IDENTIFIED


def test_a_claimed_text_of_one_shape_is_in_the_way_where_it_has_a_format_or_the_pixels_say_it() -> None:
    lines = replace(LINES, twin=6.0)
    british = surely(seen_in("IT", plate_read("CP540CC")))
    assert judge([[british]], ["CP540CC", "CP54OCC"], lines).reason is Reason.LOOKS_ALIKE
    doubtful = surely(seen_in("IT", plate_read("GR506CX", {3: ("O", 0.95)})))
    assert judge([[doubtful]], ["GR506CX", "GR5O6CX"], lines).outcome is not Outcome.IDENTIFIED


def test_a_claimed_text_of_a_special_series_is_not_ruled_out_by_format() -> None:
    # E 0123 BCD is a Spanish tractor or digger; of EO123BCD other countries have the format.
    lines = load_thresholds(Path(__file__).parents[3] / "models")
    for read in (plate_read("EO123BCD"), plate_read("E0123BCD", {1: ("O", 0.6)})):
        assert judge([[surely(seen_in("ES", read))]], ["E0123BCD", "EO123BCD"], lines).reason is Reason.LOOKS_ALIKE


def test_the_shipped_lines_name_nobody_whose_silent_twin_is_read_as_well() -> None:
    lines = load_thresholds(Path(__file__).parents[3] / "models")
    read = replace(plate_read("IVR001", {0: ("T", 0.55)}), confidence=0.5)
    assert read.text == "TVR001"
    for claim in ("TVR001", "IVR001"):
        assert judge([[read]], [claim], lines).reason is Reason.LOOKS_ALIKE
    assert judge([[plate_read("IVR001", {0: ("T", 0.05)})]], ["IVR001"], lines).plate == "IVR001"
