"""The viewer over a real ``ssh -X``, counted: the limits for the network, with fewer cases and a shorter minute."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import stores, wire, xdisplay

IDLE_S = 10.0


@pytest.mark.slow
def test_the_wire_carries_no_more_than_the_limits(tmp_path: Path) -> None:
    if reason := xdisplay.missing(xdisplay.SSH_NEEDED):
        pytest.skip(reason)
    stores.fill_many(tmp_path, [stores.resized(scene, (1280, 960)) for scene in stores.scenes(150)])
    found = wire.measure(tmp_path, IDLE_S)
    print(wire.table(found))
    assert {step: count for step, count in found.items() if count > wire.LIMITS[step]} == {}
