"""The real unit without the facts that a fine needs: it files the case, keeps no packet, and names nobody."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.station import PEOPLE, Station

GIULIA = PEOPLE[0]
SILENT_RADAR = ("roundabout.mp4", 40, None)
MEASURED = ("roundabout.mp4", 40, 71.0)

EXPIRED = """[instrument.calibration]
certificate = "LAT 105/24"
laboratory = "LAT 105"
calibrated_on = 2024-01-01
valid_until = 2024-12-31
"""


async def decided(station: Station) -> dict[str, object]:
    """The case of the car that drives by and answers; its health page as well, before the unit ends."""
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        await unit.outcome()
        _, text = await station.ask("/health")
        unit.end()
    return {**station.case(1), "health": json.loads(text)}


def rewrite(station: Station, pattern: str, text: str) -> None:
    """Change the configuration as an editor would."""
    before = station.config.read_text(encoding="utf-8")
    assert re.search(pattern, before)
    station.config.write_text(re.sub(pattern, text, before), encoding="utf-8")


@pytest.mark.parametrize(
    ("pattern", "text", "clip", "basis", "mode"),
    [
        ("never", "", SILENT_RADAR, "no_speed", "enforce"),
        ('pin_means = "motion"\n', "", SILENT_RADAR, "no_speed", "enforce"),
        (r"\[unit\]", '[unit]\nmode = "observe"', MEASURED, "observed", "observe"),
        (r"\[radar\]", "[radar]\nmax_speed_kmh = 60", MEASURED, "impossible_speed", "enforce"),
        (r"\[radar\]", EXPIRED + "[radar]", MEASURED, "no_certificate", "observe"),
    ],
    ids=["radar unplugged", "an earlier unit's configuration", "observing", "impossible speed", "expired certificate"],
)
async def test_a_silent_radar_names_nobody(
    station: Station, pattern: str, text: str, clip: tuple[str, int, float | None], basis: str, mode: str
) -> None:
    station.write_feed(clip)
    if pattern != "never":
        rewrite(station, pattern, text)
    case = await decided(station)
    assert case["basis"] == basis
    assert (case["driver"], case["packet"]) == (None, None)
    assert case["standing"] == "no infringement"
    assert case["frames"], "the photos are kept all the same"
    assert case["verdict"]["reason"] == "the trigger is no infringement"
    health = case["health"]
    assert health["mode"] == mode
    assert (health["speeds_missing_since_utc"] is None) is (mode == "observe")
    asked = "what does the radar's pin mean?" in health.get("problems", {}).get("configuration", "")
    assert asked is ("pin_means" in pattern)
    uncertified = "LAT 105/24 counts from 2024-01-01" in health.get("problems", {}).get("instrument", "")
    assert uncertified is (basis == "no_certificate")
    assert ("instrument" in case) is uncertified


async def test_a_pin_that_means_too_fast_names_the_driver_without_a_figure(station: Station) -> None:
    station.write_feed(SILENT_RADAR)
    rewrite(station, 'pin_means = "motion"', 'pin_means = "over_limit"')
    case = await decided(station)
    assert (case["basis"], case["standing"]) == ("signalled", "identified")
    assert case["driver"]["licence"] == GIULIA and case["trigger"]["speed_kmh"] is None
