"""The real unit takes the right of way at the radar's edge, while its camera still has no photo, and gives it back."""

from __future__ import annotations

from edge.cases.storage.layout import StateFolder
from edge.cases.storage.right_of_way import is_filing
from tests.support.eventually import eventually
from tests.support.feed import ROUNDABOUT
from tests.support.station import Station

SLOW = f"""
gap_s = 0.1
loop = true
[[clip]]
file = "{ROUNDABOUT}"
start_frame = 39
frames = 3
fps = 1.0
[[clip.trigger]]
frame = 40
speed_kmh = 71.0
direction = "inbound"
"""
"""A camera of one frame a second, again and again: from edge to photo half a second."""


async def test_it_is_taken_at_the_edge_and_given_back_when_the_case_is_filed(station: Station) -> None:
    station.write_feed(("roundabout.mp4", 40, 71.0))
    manifest = station.folder / "feed.toml"
    assert manifest.is_file()
    manifest.write_text(SLOW)
    folder = StateFolder(station.folder / "state")
    async with station.unit() as unit:
        await eventually(lambda: is_filing(folder))
        await unit.expect(r"case 1 filed")
        await eventually(lambda: not is_filing(folder))
        unit.end()
    assert not is_filing(folder)
