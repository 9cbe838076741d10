"""What a case says of where its trigger and its speed come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config import Settings
from edge.daemon.provenance import provenance


@pytest.mark.parametrize(
    ("radar", "trigger", "speed"),
    [
        ({"pin_means": "over_limit"}, "a vehicle over the limit", "none"),
        ({"pin_means": "motion", "serial_port": "/dev/ttyACM0"}, "any movement", "radar's serial line /dev/ttyACM0"),
        ({}, "any movement", "none"),
    ],
)
def test_a_case_says_what_its_trigger_means(tmp_path: Path, radar: dict[str, Any], trigger: str, speed: str) -> None:
    settings = Settings.model_validate({"radar": radar})
    sources = provenance(settings, tmp_path, of_release=True)["sources"]
    assert sources == {
        "trigger": f"radar's line on GPIO 17, which means {trigger}",
        "speed": speed,
        "limit": "limit_kmh in the unit's configuration",
    }
