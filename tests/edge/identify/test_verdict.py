"""Claims against photos: right name or no name."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from edge.errors import ModelError
from edge.identify import Thresholds, best_first, identify, judge
from edge.identify.candidates import candidates, reading
from edge.identify.formats import Formats
from edge.identify.tracks import tracks
from edge.model import Claim, Outcome, Packet, Reason
from tests.support.reads import plate_read

LINES = Thresholds(accept=0.98, margin=6.0, slope=1.0, bias=0.0)
ITALY = Formats(["IT"])


def _claim(plate: str) -> Claim:
    return Claim("uid", "licence", plate, Packet("uid", b"", plate, 0, 0.0, 0))


def test_the_one_claim_that_explains_the_photo_is_named() -> None:
    read, claims = plate_read("AB123CD"), [_claim("XY987ZW"), _claim("AB123CD"), _claim("AB987CD")]
    verdict = identify([[read]], claims, LINES)
    assert verdict.outcome is Outcome.IDENTIFIED
    assert verdict.claim is claims[1] and verdict.read is read and verdict.plate == "AB123CD"
    assert verdict.probability > 0.98
    assert verdict.scores[1] == pytest.approx(0.0, abs=1e-6)
    assert max(verdict.scores[0], verdict.scores[2]) < -6.0


@pytest.mark.parametrize("claims", [["AB123CE"], ["A8123CD", "AB123C0"], ["XY987ZW"] * 50])
def test_a_car_that_sent_nothing_is_not_named_after_its_twins(claims: list[str]) -> None:
    verdict = judge([[plate_read("AB123CD")]], claims, LINES)
    assert verdict.outcome is Outcome.UNIDENTIFIED
    assert verdict.claim is None
    assert verdict.plate == "AB123CD"
    assert verdict.probability < 0.5


def test_a_doubtful_character_names_nobody() -> None:
    read = plate_read("AB123CD", {1: ("8", 0.3)})
    assert judge([[read]], ["AB123CD"], LINES).outcome is Outcome.UNIDENTIFIED
    assert judge([[read]], ["A8123CD"], LINES).outcome is Outcome.UNIDENTIFIED


def test_two_claims_for_one_reading_are_ambiguous() -> None:
    read = plate_read("AB123CD", {1: ("D", 0.5)})
    verdict = judge([[read]], ["AB123CD", "AD123CD"], LINES)
    assert verdict.outcome is Outcome.AMBIGUOUS
    assert verdict.probability == pytest.approx(0.5, abs=0.02)
    assert judge([[plate_read("AB123CD")]], ["AB123CD"] * 2, LINES).outcome is Outcome.AMBIGUOUS


def test_frames_add_up_to_what_no_single_one_shows() -> None:
    doubts = [{1: ("8", 0.3)}, {4: ("8", 0.3)}, {6: ("O", 0.3)}]
    frames = [[plate_read("AB123CD", doubt, at=(300 + 10 * i, 300))] for i, doubt in enumerate(doubts)]
    for frame in frames:
        assert judge([frame], ["AB123CD"], LINES).outcome is Outcome.UNIDENTIFIED
    assert judge(frames, ["AB123CD"], LINES).outcome is Outcome.IDENTIFIED


def test_one_blurred_frame_does_not_outvote_two_clear_ones() -> None:
    clear = [plate_read("AB123CD", at=(300, 300)), plate_read("AB123CD", at=(320, 304))]
    blurred = plate_read("", at=(310, 302))
    assert judge([[clear[0]], [blurred], [clear[1]]], ["AB123CD", "AB123CE"], LINES).outcome is Outcome.IDENTIFIED


def test_the_format_settles_what_the_pixels_leave_open_and_nothing_else() -> None:
    open_read = plate_read("AB123CD", {6: ("0", 0.5), 2: ("I", 0.5)})
    assert reading(open_read, ITALY) == "AB123CD"
    assert candidates(tracks([[open_read]])[0], ITALY).texts[0] == "AB123CD"
    clear_read = plate_read("AB123C0")
    assert reading(clear_read, ITALY) == "AB123C0"
    assert judge([[clear_read]], ["AB123CD"], LINES, ITALY).outcome is Outcome.UNIDENTIFIED


@pytest.mark.parametrize(("confidence", "text"), [(0.95, "AB123CD"), (0.98, "AB123C0")])
def test_a_read_without_a_format_has_to_be_surer(confidence: float, text: str) -> None:
    assert reading(replace(plate_read("AB123C0", {6: ("D", 0.3)}), confidence=confidence), ITALY) == text


def test_what_the_second_pass_saw_may_be_right() -> None:
    read = replace(plate_read("AB123C0"), confidence=0.6, second_pass=plate_read("AB123CD"))
    assert reading(read, ITALY) == "AB123CD"
    for claim in ("AB123CD", "AB123C0"):
        assert judge([[read]], [claim], LINES).outcome is Outcome.UNIDENTIFIED
    assert judge([[read]], ["AB123CD", "AB123C0"], LINES).outcome is Outcome.AMBIGUOUS
    clear = plate_read("AB123CD", at=(310, 300))
    assert judge([[read], [clear]], ["AB123CD"], LINES).outcome is Outcome.IDENTIFIED


def test_of_many_readings_the_likeliest_are_looked_around() -> None:
    misread = ["AB123CX", "AB12XCD", "AX123CD", "XB123CD"]
    frames = [[plate_read(text, at=(300 + 10 * i, 300))] for i, text in enumerate(misread)]
    (track,) = tracks(frames)
    found = candidates(track, ITALY)
    assert found.texts[0] == "AB123CD"
    assert set(misread) < set(found.texts)
    assert list(found.scores) == sorted(found.scores, reverse=True)


def test_a_plate_of_which_nothing_is_seen_reads_as_it_was_read() -> None:
    dark = replace(plate_read("WXYZ" * 11), log_probs=np.full((48, 37), -np.log(37), np.float32))
    assert candidates(tracks([[dark]])[0], Formats()).texts[0] == "WXYZ" * 11


@pytest.mark.parametrize(("text", "place", "other"), [("671EURO", 6, "0"), ("BINA", 1, "1"), ("KOROFL1", 1, "0")])
def test_a_reading_without_a_format_prefers_groups_of_letters_and_digits(text: str, place: int, other: str) -> None:
    assert not ITALY.usual(text)
    assert reading(plate_read(text, {place: (other, 0.6)}), ITALY) == text
    clear = text[:place] + other + text[place + 1 :]
    assert reading(plate_read(clear), ITALY) == clear


def test_the_format_helps_a_claim_that_fits_against_a_reading_that_cannot_be() -> None:
    read = plate_read("AB123CE", {2: ("I", 0.15)})  # ABI23CE could be Polish
    without, with_format = (judge([[read]], ["AB123CE"], LINES, formats) for formats in (Formats(), ITALY))
    assert with_format.probability > without.probability


def test_a_claimed_car_behind_an_unclaimed_one_is_not_the_offender() -> None:
    near, far = plate_read("NE111AR", width=200), plate_read("FA222RR", at=(700, 200), width=100)
    verdict = judge([[near, far]], ["FA222RR"], LINES)
    assert verdict.outcome is Outcome.UNIDENTIFIED
    assert verdict.plate == "NE111AR"


@pytest.mark.parametrize("claims", [["LE111FT", "RI222GH"], ["LE111FT"], ["RI222GH"]])
def test_two_cars_side_by_side_name_nobody(claims: list[str]) -> None:
    left, right = plate_read("LE111FT", width=120), plate_read("RI222GH", at=(700, 300), width=110)
    verdict = judge([[left, right]], claims, LINES)
    assert verdict.outcome is Outcome.AMBIGUOUS
    assert verdict.probability <= 0.5
    assert verdict.claim is None


def test_the_order_of_claims_and_plates_does_not_matter() -> None:
    reads = [plate_read("NE111AR", width=200), plate_read("FA222RR", at=(700, 200), width=100)]
    claims = ["NE111AR", "FA222RR", "XY987ZW"]
    for order in itertools.permutations(claims):
        for photo in (reads, reads[::-1]):
            verdict = judge([photo], order, LINES)
            assert verdict.plate == "NE111AR"
            assert verdict.outcome is Outcome.IDENTIFIED and verdict.read is reads[0]


def test_nothing_seen_or_nothing_claimed_is_no_name() -> None:
    assert judge([], ["AB123CD"], LINES).reason == Reason.NO_PLATE
    assert judge([[plate_read("")]], ["AB123CD"], LINES).outcome is Outcome.UNIDENTIFIED
    verdict = judge([[plate_read("AB123CD")]], [], LINES)
    assert (verdict.outcome, verdict.plate, verdict.reason) == (
        Outcome.UNIDENTIFIED, "AB123CD", Reason.NO_PACKET,
    )  # fmt: skip


def test_best_first_puts_the_surest_plate_first_and_empty_ones_last() -> None:
    doubtful, sure = plate_read("AB123CD", {0: ("B", 0.4)}, at=(600, 300)), plate_read("XY987ZW", at=(100, 300))
    reads = [plate_read(""), doubtful, sure]
    assert [read.text for read in best_first(reads)] == ["XY987ZW", "AB123CD", ""]


def test_best_first_gives_a_plate_with_two_boxes_once() -> None:
    whole, part = plate_read("AB123CD"), plate_read("23CD", {0: ("Z", 0.4)}, at=(320, 300), width=60)
    assert [read.text for read in best_first([part, whole])] == ["AB123CD"]


def test_thresholds_survive_their_file_and_damage_is_named() -> None:
    content = json.dumps({"thresholds": LINES.as_dict(), "reader_sha256": "5a"}).encode()
    assert Thresholds.parse(content, "5a") == LINES
    with pytest.raises(ModelError, match=r"verdict\.json was made for another reader: run"):
        Thresholds.parse(content, "5b")
    for damage in (b"", b"\xff", b"{}", b"[]", b'{"thresholds": {"accept": 1}}', b'{"thresholds": {"accept": "x"}}'):
        with pytest.raises(ModelError, match=r"verdict\.json is damaged"):
            Thresholds.parse(damage, "5a")


@pytest.mark.parametrize(
    "wrong",
    [
        {"accept": -1},
        {"accept": 1.5},
        {"accept": "NaN"},
        {"margin": -2},
        {"margin": "inf"},
        {"slope": 0},
        {"bias": "NaN"},
    ],
)
def test_thresholds_that_would_name_anybody_are_refused(wrong: dict[str, object]) -> None:
    content = json.dumps({"thresholds": LINES.as_dict() | wrong, "reader_sha256": "5a"}).encode()
    with pytest.raises(ModelError, match=r"verdict\.json has thresholds that cannot be"):
        Thresholds.parse(content, "5a")
