"""Words, captions and scraps are told from plates, and none of them costs the car its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from edge.identify import ANY_FORMAT, Thresholds, best_first, judge
from edge.identify.plausible import MAX_CHARACTERS, SURE_DETECTION, Likeness, is_listed, likeness
from edge.identify.tracks import suspects, tracks
from edge.model import Outcome, PlateRead, Reason
from tests.support.reads import plate_read

THRESHOLDS = Thresholds(accept=0.99, margin=4.0, slope=0.5, bias=3.0)


def unclear(read: PlateRead) -> PlateRead:
    """The same read with characters that the reader doubts."""
    return replace(read, confidence=0.2, characters=(0.5,) * len(read.text))


def texts(reads: Sequence[PlateRead]) -> list[str]:
    return [read.text for read in reads]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GF819JK", Likeness.PLATE),
        ("98THD4", Likeness.PLATE),
        ("A1", Likeness.PLATE),  # a dateless British plate
        ("12XX34YY5", Likeness.PLATE),  # fits no format that is written down, but has the digits and length of a plate
        ("IVECO", Likeness.UNLIKELY),
        ("FEUERWEHR", Likeness.UNLIKELY),
        ("PUMA", Likeness.UNLIKELY),
        ("SPEED071KMH", Likeness.UNLIKELY),  # longer than any plate
        ("0612345678901", Likeness.UNLIKELY),
        ("GTI", Likeness.SCRAP),
        ("1", Likeness.SCRAP),
        ("", Likeness.SCRAP),
    ],
)
def test_digits_length_and_format_say_what_a_clear_text_is(text: str, expected: Likeness) -> None:
    assert likeness(plate_read(text)) is expected


def test_an_unclear_text_is_no_word_but_a_short_one_is_a_scrap() -> None:
    assert likeness(unclear(plate_read("LQLOWL"))) is Likeness.PLATE
    assert likeness(unclear(plate_read("P8"))) is Likeness.UNLIKELY
    assert likeness(unclear(plate_read("LE"))) is Likeness.SCRAP


def test_a_word_is_listed_only_where_the_detector_is_sure_and_a_scrap_never() -> None:
    assert is_listed(plate_read("AB123CD", found=0.5))
    assert is_listed(plate_read("NOTACOP", found=SURE_DETECTION))
    assert not is_listed(plate_read("NISSAN", found=SURE_DETECTION - 0.01))
    assert not is_listed(plate_read("GTI", found=0.99))
    assert not is_listed(plate_read("", found=0.99))
    assert not is_listed(unclear(plate_read("TFUAKU", found=SURE_DETECTION - 0.01)))
    assert is_listed(unclear(plate_read("TFUAKU", found=SURE_DETECTION)))
    assert is_listed(unclear(plate_read("LP51AFU", found=0.5)))


def test_a_plate_comes_before_a_word_that_is_found_and_read_more_surely() -> None:
    plate = replace(plate_read("AB123CD", found=0.6), confidence=0.5)
    door, scrap = plate_read("PIZZERIA", at=(700, 300), found=0.99), plate_read("E", at=(100, 300), found=0.99)
    assert texts(best_first([scrap, door, plate])) == ["AB123CD", "PIZZERIA", "E"]


def test_a_text_of_a_format_comes_before_one_of_none() -> None:
    usual = replace(plate_read("AB123CD", found=0.8), confidence=0.8)
    phone = replace(plate_read("06123456", at=(700, 300), found=0.85), confidence=0.85)
    assert texts(best_first([phone, usual])) == ["AB123CD", "06123456"]


@pytest.mark.parametrize(("neighbour", "found"), [("IVECO", 0.6), ("FEUERWEHR", 0.99), ("GTI", 0.7)])
def test_a_word_beside_the_plate_costs_no_verdict(neighbour: str, found: float) -> None:
    plate, word = plate_read("AB123CD"), plate_read(neighbour, at=(700, 300), width=140, found=found)
    verdict = judge([[plate, word]], ["AB123CD"], THRESHOLDS)
    assert (verdict.outcome, verdict.plate) == (Outcome.IDENTIFIED, "AB123CD")


def test_a_word_that_a_claim_says_is_a_plate() -> None:
    neighbour, own_words = plate_read("AB123CD"), plate_read("NOTACOP", at=(700, 300), found=0.9)
    verdict = judge([[neighbour, own_words]], ["AB123CD", "NOTACOP"], THRESHOLDS)
    assert (verdict.outcome, verdict.reason) == (Outcome.AMBIGUOUS, Reason.SEVERAL_CARS)
    alone = judge([[own_words]], ["NOTACOP"], THRESHOLDS)
    assert alone.outcome is Outcome.IDENTIFIED


def test_a_plate_too_unclear_to_read_still_keeps_its_neighbour_from_being_named() -> None:
    neighbour = plate_read("AB123CD", at=(700, 300))
    one_line_of_two = plate_read("SAB", found=0.9)
    for plate in (unclear(plate_read("XLQLOWL", found=0.9)), unclear(plate_read("LE", found=0.9)), one_line_of_two):
        verdict = judge([[neighbour, plate]], ["AB123CD"], THRESHOLDS)
        assert (verdict.outcome, verdict.reason) == (Outcome.AMBIGUOUS, Reason.SEVERAL_CARS)


def test_a_scrap_that_the_detector_doubts_is_no_suspect() -> None:
    badge = plate_read("GT", found=0.5)
    verdict = judge([[badge]], ["AB123CD"], THRESHOLDS)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNIDENTIFIED, Reason.NO_PLATE)


def test_a_caption_burnt_into_the_picture_is_no_suspect_though_nothing_moves_beside_it() -> None:
    frames = [[plate_read("28112026", at=(300 + shift, 40), width=200)] for shift in (0.0, 2.0, -3.0)]
    assert suspects(tracks(frames)) == ()
    assert judge(frames, ["28112026"], THRESHOLDS).reason is Reason.NO_PLATE


def test_what_has_a_format_or_moves_or_is_seen_in_few_frames_is_no_caption() -> None:
    parked = [[plate_read("AB123CD")] for _ in range(3)]
    assert len(suspects(tracks(parked))) == 1
    nearing = [[plate_read("28112026", at=(300, 40 + shift))] for shift in (0.0, 3.0, 6.0)]
    assert len(suspects(tracks(nearing))) == 1
    doubted = [[unclear(plate_read("28112026"))] for _ in range(3)]
    assert len(suspects(tracks(doubted))) == 1
    two = [[plate_read("28112026")] for _ in range(2)]
    assert len(suspects(tracks(two))) == 1


def test_no_format_is_longer_than_a_plate_can_be() -> None:
    assert ANY_FORMAT.slots(MAX_CHARACTERS)
    assert not any(ANY_FORMAT.slots(length) for length in range(MAX_CHARACTERS + 1, 20))
