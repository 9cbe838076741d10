"""Which reads are one plate, and which plate is the offender's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from edge.identify import neighbours
from edge.identify.tracks import summed, suspects, tracks
from edge.model import PlateRead
from tests.support.reads import plate_read


def film(text: str, start: tuple[float, float], step: tuple[float, float], widths: Sequence[float]) -> list[PlateRead]:
    return [
        plate_read(text, at=(start[0] + i * step[0], start[1] + i * step[1]), width=w) for i, w in enumerate(widths)
    ]


def texts(found: Sequence[object]) -> list[str]:
    return [track.reads[0].text for track in found]  # type: ignore[attr-defined]


def test_a_plate_is_followed_though_it_moves_and_one_frame_reads_it_wrongly() -> None:
    photos = [
        [plate_read("AB123CD", at=(300, 300)), plate_read("XY987ZW", at=(700, 300))],
        [plate_read("XY987ZW", at=(760, 310)), plate_read("AB123CD", {6: ("O", 0.6)}, at=(340, 310))],
        [plate_read("AB123CD", at=(380, 320)), plate_read("XY987ZW", at=(820, 320))],
    ]
    found = tracks(photos)
    assert len(found) == 2
    first = next(track for track in found if track.reads[0].text == "AB123CD")
    assert [read.text for read in first.reads] == ["AB123CD", "AB123CO", "AB123CD"]
    assert first.photos == (0, 1, 2)


def test_a_blurred_frame_is_followed_by_its_place_and_says_nothing() -> None:
    clear, blurred = plate_read("AB123CD", at=(300, 300)), plate_read("", at=(310, 302))
    (track,) = tracks([[clear], [blurred]])
    alone = tracks([[clear]])[0].log_likelihoods(["AB123CD", "AB123CE"])
    both = track.log_likelihoods(["AB123CD", "AB123CE"])
    assert np.diff(both) == np.round(np.diff(alone), 3) or abs(np.diff(both) - np.diff(alone))[0] < 1e-3


def test_edits_score_as_each_text_by_itself() -> None:
    doubted = plate_read("AB123CD", {6: ("O", 0.4)}, at=(310, 302))
    photos = [
        replace(plate_read("AB123CO"), confidence=0.3, second_pass=doubted),
        plate_read("AB123CD"),
        plate_read(""),
    ]
    (track,) = tracks([[read] for read in photos])
    alone = track.log_likelihoods(neighbours.texts("AB123CD"))
    assert summed(track.around("AB123CD")) == pytest.approx(alone, rel=1e-9)


def test_two_boxes_on_one_plate_are_one_plate() -> None:
    (track,) = tracks([[plate_read("AB123CD"), plate_read("B123C", at=(302, 301), width=80)]])
    assert track.reads[0].text == "AB123CD"


def test_a_part_of_a_plate_stands_back_for_the_whole_however_surely_it_is_read() -> None:
    whole = replace(plate_read("AB123CD", found=0.9), confidence=0.3)
    part = plate_read("23CD", at=(325, 300), width=48, found=0.6)
    assert texts(tracks([(part, whole)])) == texts(tracks([(whole, part)])) == ["AB123CD"]


@pytest.mark.parametrize(
    ("inner", "found"),
    [("23CE", 0.6), ("23CD", 0.95), ("", 0.6)],
    ids=["another text", "found more surely than what is around it", "no text"],
)
def test_what_is_no_part_of_a_plate_is_weighed_as_before(inner: str, found: float) -> None:
    around = replace(plate_read("AB123CD", found=0.9), confidence=0.3)
    read = plate_read(inner, at=(325, 300), width=48, found=found)
    assert texts(tracks([(around, read)])) == ([inner] if inner else ["AB123CD"])


def test_two_plates_side_by_side_are_no_parts_of_each_other() -> None:
    left, right = plate_read("AB123CD", at=(300, 300), found=0.9), plate_read("123", at=(420, 300), found=0.6)
    assert sorted(texts(tracks([(left, right)]))) == ["123", "AB123CD"]


def test_the_plate_that_moves_is_the_offenders_though_a_larger_one_stands() -> None:
    parked = film("PA100RK", (200, 400), (0.5, 0.0), [160, 161, 160])
    driving = film("DR200IV", (600, 300), (15, 4), [100, 104, 108])
    found = tracks(list(zip(parked, driving, strict=True)))
    assert texts(found) == ["PA100RK", "DR200IV"]
    assert texts(suspects(found)) == ["DR200IV"]


def test_a_small_plate_whose_box_trembles_does_not_move() -> None:
    near = film("AB123CD", (600, 470), (1, 1), [150, 152, 151])
    far = film("PA100RK", (130, 290), (1, -1), [30, 32, 30])
    assert texts(suspects(tracks(list(zip(near, far, strict=True))))) == ["AB123CD"]


def test_a_small_plate_that_moves_a_little_is_not_taken_for_parked() -> None:
    small = film("AB123CD", (300, 300), (2, 0), [40, 40, 40])
    driving = film("DR200IV", (600, 300), (15, 4), [56, 57, 58])
    assert set(texts(suspects(tracks(list(zip(small, driving, strict=True)))))) == {"AB123CD", "DR200IV"}


def test_where_nothing_is_seen_to_move_nothing_is_taken_for_parked() -> None:
    slow = film("AB123CD", (200, 400), (0.5, 0.5), [120, 120, 121])
    assert texts(suspects(tracks([[read] for read in slow]))) == ["AB123CD"]


def test_the_radars_direction_chooses_between_coming_and_going() -> None:
    coming = film("CO111ME", (300, 300), (0, 12), [100, 106, 112])
    going = film("GO222NE", (700, 300), (0, -12), [112, 106, 100])
    found = tracks(list(zip(coming, going, strict=True)))
    assert texts(suspects(found, "inbound")) == ["CO111ME"]
    assert texts(suspects(found, "outbound")) == ["GO222NE"]
    assert len(suspects(found)) == 2


def test_the_clearly_larger_plate_is_the_nearer_cars() -> None:
    near, far = plate_read("NE111AR", width=160), plate_read("FA222RR", at=(700, 200), width=100)
    beside = plate_read("BE333SI", at=(700, 300), width=120)
    assert texts(suspects(tracks([[near, far]]))) == ["NE111AR"]
    assert len(suspects(tracks([[near, beside]]))) == 2


def test_what_is_hardly_found_or_has_no_text_is_no_plate_beside_one() -> None:
    badge = plate_read("GTI", at=(700, 300), found=0.3)
    empty = plate_read("", at=(900, 300), width=300)
    assert texts(suspects(tracks([[plate_read("AB123CD"), badge, empty]]))) == ["AB123CD"]
    assert suspects(tracks([[empty]])) == ()


def test_no_frames_and_empty_frames_have_no_plates() -> None:
    assert tracks([]) == ()
    assert tracks([[], []]) == ()
    assert suspects(()) == ()
