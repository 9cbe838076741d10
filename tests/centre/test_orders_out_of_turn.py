"""Orders that come when their case stands otherwise than officers thought, and numbers that one of them made up."""

from __future__ import annotations

import time
from pathlib import Path

from edge.cases.review import record
from edge.delivery.orders import OrderKind
from tests.support.cases import SIGNER
from tests.support.orders import ADA, EVA, signed, text_of, unit_with_cases


async def test_an_order_that_was_held_back_does_not_undo_a_newer_one(tmp_path: Path) -> None:
    """Whoever has the centre's computers keeps a release, or a purge, until officers have the case held again."""
    unit = await unit_with_cases(tmp_path)
    kept = [signed(text_of(number, kind), ADA, EVA) for number, kind in ((2, OrderKind.RELEASE), (3, OrderKind.PURGE))]
    assert unit.orders().obey([signed(text_of(4, OrderKind.HOLD), ADA).record()]) == []
    refused = unit.orders().obey([each.record() for each in kept])
    assert all("a newer order about case 1 was carried out" in str(each["cause"]) for each in refused)
    assert len(refused) == 2
    assert unit.kinds(1)[2:] == ["hold"]


async def test_the_number_of_one_officers_order_keeps_nobodys_out(tmp_path: Path) -> None:
    """A hold takes one signature: with a number that others' orders will have, or one that none will ever reach."""
    unit = await unit_with_cases(tmp_path)
    for number in (2, (1 << 53) - 1):
        forged = text_of(number, OrderKind.HOLD, reason=f"mine {number}")
        assert unit.orders().obey([signed(forged, ADA).record()]) == []
        release = text_of(2, OrderKind.RELEASE, reason=f"after {number}")
        assert unit.orders().obey([signed(release, ADA, EVA).record()]) == []
    assert unit.kinds(1)[2:] == ["hold", "release", "hold", "release"]
    ahead = text_of(3, OrderKind.HOLD, at_utc=time.time() + 1e5)
    assert "of a later time" in str(unit.orders().obey([signed(ahead, ADA).record()]))
    assert unit.kinds(1)[2:] == ["hold", "release", "hold", "release"]


async def test_an_order_of_an_earlier_version_is_known_by_its_number(tmp_path: Path) -> None:
    """Its entries do not say when officers made the order."""
    unit = await unit_with_cases(tmp_path)
    release = signed(text_of(2, OrderKind.RELEASE), ADA, EVA)
    named = {"number": 3, "sha256": "0" * 64, "officers": ["Ada Conti"]}
    details = {"order": named}
    record(
        *(unit.state_dir, 1),
        kind="hold",
        officer="centre",
        account="centre",
        reason="appeal",
        details=details,
        signer=SIGNER,
    )
    assert "a newer order" in str(unit.orders().obey([release.record()]))
    assert unit.orders().obey([signed(text_of(4, OrderKind.RELEASE), ADA, EVA).record()]) == []


async def test_an_order_that_was_held_back_does_not_undo_what_the_units_officers_did_since(tmp_path: Path) -> None:
    unit = await unit_with_cases(tmp_path)
    kept = [signed(text_of(number, kind), ADA, EVA) for number, kind in ((2, OrderKind.RELEASE), (3, OrderKind.PURGE))]
    record(unit.state_dir, 1, kind="hold", officer="local", reason="appeal", signer=SIGNER)
    refused = unit.orders().obey([each.record() for each in kept])
    assert all("put on hold after the order was signed" in str(each["cause"]) for each in refused)
    assert len(refused) == 2
    assert unit.kinds(1)[2:] == ["hold"]
    assert unit.orders().obey([signed(text_of(4, OrderKind.RELEASE), ADA, EVA).record()]) == []
    assert unit.kinds(1)[2:] == ["hold", "release"]
