"""What a case says of where its trigger and its speed come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config import Settings
from edge.daemon.provenance import instrument, provenance, site


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


CALIBRATION = {
    "certificate": "LAT 105/26",
    "laboratory": "LAT 105",
    "calibrated_on": "2026-03-02",
    "valid_until": "2027-03-01",
}


def test_a_case_says_what_measured_and_leaves_out_what_is_not_known() -> None:
    assert instrument(Settings()) == {}
    told = {"radar": {"make": "Acme", "serial": "4711"}, "calibration": CALIBRATION}
    settings = Settings.model_validate({"unit": {"serial": "AVX-7"}, "instrument": told})
    assert instrument(settings) == {**told, "unit": {"serial": "AVX-7"}}


def test_a_site_of_one_line_stays_one_and_a_table_has_a_line_and_a_version() -> None:
    assert site(Settings.model_validate({"unit": {"site": "SP 235, km 12"}})) == "SP 235, km 12"
    table = {"road": "SS 13", "km": 118.4, "municipality": "Tavagnacco", "direction": "verso Udine"}
    found = site(Settings.model_validate({"site": table}))
    assert isinstance(found, dict)
    assert found["text"] == "SS 13 km 118+400, Tavagnacco, verso Udine"
    assert {name: found[name] for name in table} == table
    moved = site(Settings.model_validate({"site": {**table, "ordinance": "n. 12"}}))
    assert isinstance(moved, dict) and len(str(moved["version"])) == 64 and moved["version"] != found["version"]
    assert site(Settings.model_validate({"site": table})) == found
