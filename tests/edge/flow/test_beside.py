"""Plates of other vehicles: where they are is kept, what is on them is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.cases.evidence.manifest import decided_manifest, filed_manifest, to_case
from edge.flow.beside import other_plates
from edge.model import Box, Decision, OtherPlate, Outcome, PendingCase, PlateRead, Reason, Trigger, Verdict
from tests.support.reads import plate_read

TRIGGER = Trigger(1_790_000_000.0, 5_000_000_000, 78.0, "gpio")


def pending(exposed_ns: Sequence[int]) -> PendingCase:
    """A case whose photos were exposed at these times, in their stored order."""
    photos = tuple(Path(f"frames/1/{index}.jpg") for index in range(len(exposed_ns)))
    return PendingCase(1, TRIGGER, photos, tuple(exposed_ns), ())


def about(read: PlateRead | None, photo: int = 0) -> Decision:
    verdict = Verdict(Outcome.UNIDENTIFIED, read.text if read else "", 0.0, reason=Reason.NO_CLAIM, read=read)
    return Decision(verdict, photo)


def test_plates_beside_the_decided_one_by_photo_and_from_left_to_right() -> None:
    own = [plate_read("AB123CD", at=(600.0, 500.0 + 20 * step), width=140.0 + 10 * step) for step in range(2)]
    left, right = plate_read("EF456GH", at=(200.0, 300.0)), plate_read("JK789LM", at=(1000.0, 310.0))
    reads = [(own[0], right, left), (own[1],), None]
    found = other_plates(pending([1, 2, 3]), reads, about(own[0]))
    assert found == (OtherPlate(0, left.detection.box), OtherPlate(0, right.detection.box))


def test_the_photos_keep_their_stored_numbers_whenever_they_were_exposed() -> None:
    """The photo of the trigger is stored first and may be exposed last."""
    own = [plate_read("AB123CD", at=(600.0, y), width=w) for y, w in ((540.0, 160.0), (500.0, 140.0))]
    other = plate_read("EF456GH", at=(200.0, 300.0))
    found = other_plates(pending([9, 4]), [(own[0],), (own[1], other)], about(own[0]))
    assert found == (OtherPlate(1, other.detection.box),)


@pytest.mark.parametrize(("found", "counted"), [(0.3, 0), (0.95, 1)], ids=["doubted", "sure"])
def test_a_scrap_that_the_detector_doubts_is_no_plate(found: float, counted: int) -> None:
    own, scrap = plate_read("AB123CD"), plate_read("I", at=(900.0, 300.0), width=40.0, found=found)
    assert len(other_plates(pending([1]), [(own, scrap)], about(own))) == counted


def test_two_boxes_around_the_decided_plate_are_no_other_one() -> None:
    own = plate_read("AB123CD")
    double = plate_read("AB123C", at=(298.0, 300.0), width=96.0, found=0.99)
    for reads in ((own, double), (double, own)):
        assert other_plates(pending([1]), [reads], about(own)) == ()


def test_nothing_was_read() -> None:
    assert other_plates(pending([1, 2]), [None, ()], about(None)) == ()


def test_the_manifest_holds_their_places_and_no_text() -> None:
    own, other = plate_read("AB123CD"), plate_read("EF456GH", at=(900.0, 300.0))
    decision = about(own)
    filed = filed_manifest(1, TRIGGER, [], limit_kmh=50.0, site="SP 235", unit={}, clock={})
    before = decided_manifest(filed, decision, 1.0)
    assert "other_plates" not in before and to_case(before).others is None, "a case of an earlier program"
    found = other_plates(pending([1]), [(own, other)], decision)
    manifest = json.loads(json.dumps(decided_manifest(filed, Decision(decision.verdict, others=found), 1.0)))
    assert manifest["other_plates"] == [{"photo": 0, "box": [850.0, 287.5, 950.0, 312.5]}]
    assert "EF456GH" not in json.dumps(manifest)
    assert to_case(manifest).others == (OtherPlate(0, Box(850.0, 287.5, 950.0, 312.5)),)
