"""How long a sealed packet stays in memory: as long as a trigger may need it."""

from __future__ import annotations

import pytest

from edge.config import Settings
from edge.daemon.wiring import packet_life_s


@pytest.mark.parametrize(
    ("window", "ttl_s", "life_s"), [({}, 60.0, 16.0), ({"window_before_s": 3.0}, 60.0, 9.0), ({}, 4.0, 4.0)]
)
def test_a_packet_is_gone_when_no_trigger_can_ask_for_it(window: dict[str, float], ttl_s: float, life_s: float) -> None:
    settings = Settings.model_validate({"window": window, "link": {"packet_ttl_s": ttl_s}})
    assert packet_life_s(settings) == life_s
