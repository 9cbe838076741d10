"""The real unit says in its chain that it started, with what, that it works, and that it stopped, or did not."""

from __future__ import annotations

import json
import signal
import sqlite3
from contextlib import closing
from typing import Any

from edge.cases import StateFolder
from edge.cases.audit import audit
from tests.support.station import PEOPLE, Station

GIULIA = PEOPLE[0]
MEASURED = ("roundabout.mp4", 40, 71.0)


def said(station: Station) -> list[tuple[str, dict[str, Any]]]:
    """Kind and content of the entries, but the key's and what officers did."""
    with closing(sqlite3.connect(StateFolder(station.folder / "state").database)) as database:
        sql = "SELECT kind, body FROM entries WHERE kind NOT IN ('key', 'view') ORDER BY seq"
        return [(kind, json.loads(body)) for kind, body in database.execute(sql)]


async def test_a_case_of_an_orderly_day_lies_between_two_good_self_checks(station: Station) -> None:
    station.write_feed(MEASURED)
    async with station.unit() as unit:
        await station.drive_by(GIULIA, "LS15EBC")
        await unit.outcome()
        unit.end()
    found = said(station)
    kinds = ["configuration", "software", "start", "selfcheck", "filed", "decided", "selfcheck", "stop"]
    assert [kind for kind, _ in found] == kinds
    checks = [content for kind, content in found if kind == "selfcheck"]
    assert [(check["good"], [read["text"] for read in check["reads"]]) for check in checks] == [(True, ["AV174UX"])] * 2
    software = next(content for kind, content in found if kind == "software")
    assert {name for name in software["models"] if name.endswith(".tflite")} and len(software["package"]) == 64
    case = station.case(1)
    assert case["selfcheck"]["says"] == "good before, good after"
    assert audit(station.folder / "state").startswith("Everything holds: 1 cases")


async def test_a_unit_that_was_killed_says_so_at_its_next_start(station: Station) -> None:
    station.write_feed(MEASURED)
    async with station.unit() as unit:
        unit.stop(signal.SIGKILL)
    async with station.unit() as unit:
        unit.end()
    starts = [content["after"] for kind, content in said(station) if kind == "start"]
    assert starts == ["nothing", "no stop: power, a crash or a kill"]
