"""Attack 24: what all the attacks left in the daemon's log. The file's name puts it behind the other attacks."""

from __future__ import annotations

from linkkit import RawCar
from linkunit import SECRETS, TRACES, Unit, leaks


async def test_24_the_whole_log_says_nothing_of_anybody(shared_unit: Unit) -> None:
    async with RawCar(shared_unit.port) as car:
        assert await car.visit() == {"status": "accepted"}
    assert shared_unit.opened()[0]
    log = shared_unit.whole_log()
    assert "the link listens on" in log
    assert leaks(log) == []


def test_24_the_scan_finds_what_it_looks_for() -> None:
    for planted in (*TRACES, *SECRETS):
        assert len(planted) > 4
        assert leaks(f"INFO:edge.link:a car said {planted!r} just now") == [planted]
