"""``make bench-through``: from the radar's edge to the verdict, decided on the unit and through the centre.

Real daemons on loopback, the same clip and the same car with its chip, in turns; PostgreSQL, centre and opening service
run beside. The time is the unit's own: from its trigger to the case's decision. The second table says where it goes on
the way through the centre: one clock, since all of it runs on one machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from centre import delivery
from centre.opening import opening
from centre.opening.service import OpeningDesk
from centre.web import routes
from edge.cases import create_signing_key, load_signer
from edge.config import VerdictSettings
from edge.delivery import fetch_service
from edge.demo.setting import Setting
from edge.workers import WorkerPool
from tests.support.centre import Centre, Postgres, centre_at_work
from tests.support.centre_registry import take_over
from tests.support.station import PEOPLE, Station, make_template, small_cast

CLIP, PLATE = ("roundabout.mp4", 40, 71.0), "LS15EBC"
GAP_S = 3.0
PATIENCE_S = 60.0


STEPS = {
    "filed": "the case is in the unit's chain",
    "arrived": "its entry arrives at the centre: head, courier, TLS",
    "committed": "the entry is checked and committed",
    "asked": "the opening is asked for: what is left of reading the photo",
    "checked": "the opening service has checked the request",
    "peeked": "a process said which chips answered",
    "looked up": "their keys are looked up",
    "opened": "a process opened the packets and compared",
    "answered": "the statement is signed",
    "decided": "the unit has checked it and decided",
}


@dataclass
class Stopwatch:
    """When (seconds since the epoch) each step of each case was done; cases come one after the other."""

    cases: dict[int, dict[str, float]] = field(default_factory=dict)
    asking: int = 0

    def note(self, case: int, step: str, at_utc: float | None = None) -> None:
        """Note the first time that *step* of *case* was done (default: now)."""
        self.cases.setdefault(case, {}).setdefault(step, time.time() if at_utc is None else at_utc)

    @contextmanager
    def at_the_centre(self) -> Iterator[None]:
        """What the centre and its opening service do in this process is noted meanwhile."""
        accept, answer, run = delivery.accept_entries, OpeningDesk.open, WorkerPool.run

        async def accept_entries(pool: Any, visitor: Any, links: Sequence[Any], memory: Any) -> Any:
            headers = [json.loads(link.header) for link in links]
            filed = [header["case"] for header in headers if header["kind"] == "filed"]
            for case in filed:
                self.note(case, "arrived")
            found = await accept(pool, visitor, links, memory)
            for case in filed:
                self.note(case, "committed")
            return found

        async def opened(desk: OpeningDesk, visitor: Any, body: bytes, signature: bytes) -> Any:
            self.asking = json.loads(body)["case"]
            self.note(self.asking, "asked")
            found = await answer(desk, visitor, body, signature)
            self.note(self.asking, "answered")
            return found

        async def work(pool: WorkerPool, job: Any, *arguments: Any) -> Any:
            self.note(self.asking, {"peek": "checked", "decide": "looked up"}[job.__name__])
            found = await run(pool, job, *arguments)
            self.note(self.asking, {"peek": "peeked", "decide": "opened"}[job.__name__])
            return found

        with (
            mock.patch.object(routes, "accept_entries", accept_entries),
            mock.patch.object(OpeningDesk, "open", opened),
            mock.patch.object(WorkerPool, "run", work),
        ):
            yield

    def table(self) -> list[str]:
        """The rows for a person: the median of each step, from the one before."""
        lines = ["| step | cases | p50, ms | p90, ms |", "|---|---:|---:|---:|"]
        names = ["trigger", *STEPS]
        whole = [case for case in self.cases.values() if all(name in case for name in names)]
        for before, name in zip(names, STEPS, strict=False):
            ms = sorted(1e3 * (case[name] - case[before]) for case in whole)
            p90 = ms[round(0.9 * (len(ms) - 1))]
            lines.append(f"| {STEPS[name]} | {len(ms)} | {statistics.median(ms):,.1f} | {p90:,.1f} |")
        return lines


async def measured(station: Station, cases: int, watch: Stopwatch | None = None) -> list[float]:
    """Milliseconds from trigger to decision of each of so many more cases."""
    station.write_feed(*[CLIP] * cases, gap_s=GAP_S)
    async with station.unit() as unit:
        for number in range(1, cases + 1):
            await unit.expect(rf"clip {number} of {cases}")
            await station.drive_by(PEOPLE[0], PLATE)
        async with asyncio.timeout(PATIENCE_S):
            while sum(" decided: identified" in line for line in unit.lines) < cases:  # noqa: ASYNC110 - a file
                await asyncio.sleep(0.1)
        await asyncio.to_thread(unit.end)
    with closing(sqlite3.connect(station.folder / "state" / "cases.sqlite")) as database:
        rows = database.execute("SELECT body FROM entries WHERE kind = 'decided' ORDER BY seq DESC LIMIT ?", (cases,))
        decided = [json.loads(body) for (body,) in rows]
        filed = database.execute("SELECT case_number, header FROM entries WHERE kind = 'filed'").fetchall()
    watch = watch or Stopwatch()  # nobody looks at this one
    for each in decided:
        watch.note(each["number"], "trigger", each["trigger"]["at_utc"])
        watch.note(each["number"], "decided", each["decided_utc"])
        watch.note(each["number"], "filed", json.loads(dict(filed)[each["number"]])["at"])
    return [1e3 * (each["decided_utc"] - each["trigger"]["at_utc"]) for each in decided]


def stations(folder: Path) -> tuple[Station, Station]:
    """A unit with a registry, and one without; both get the same cars."""
    make_template(folder / "alone")
    chips = Setting(folder / "alone").chips(small_cast())
    alone, keyless = (Station(folder / name, chips, small=False) for name in ("alone", "keyless"))
    keyless.folder.mkdir()
    create_signing_key(keyless.folder / "signing.key")
    for name in ("registry.sqlite", "master.key"):
        shutil.copy(alone.folder / name, folder)
    alone.configure()
    return alone, keyless


async def join(station: Station, centre: Centre) -> None:
    signer = load_signer(station.folder / "signing.key")
    async with await centre.let_in("AVX-TEST", signer, station.folder) as client:
        await fetch_service(client, b"", station.folder / "opener.json")
    lines = f'url = "{centre.url}"\nauthority_file = "AVX-TEST.pem"\ndecides = true\nopener_file = "opener.json"'
    station.configure(centre=lines)


async def run(dsn: str, folder: Path, rounds: int, cases: int) -> None:
    """Print the table."""
    alone, keyless = await asyncio.to_thread(stations, folder)
    await take_over(dsn, folder)
    times: dict[str, list[float]] = {"on the unit": [], "through the centre": []}
    watch = Stopwatch()
    async with centre_at_work(dsn, folder / "centre") as centre:
        plates = VerdictSettings(plate_countries=(), plate_pattern="[A-Z0-9]{4,10}")
        asked = centre.settings.opening.model_copy(update={"least_cases_a_day": 1000})
        with watch.at_the_centre():
            async with opening(centre.settings.model_copy(update={"verdict": plates, "opening": asked})):
                await join(keyless, centre)
                for _ in range(rounds):
                    times["on the unit"] += await measured(alone, cases)
                    times["through the centre"] += await measured(keyless, cases, watch)
    print("| decided | cases | p50, ms | p90, ms | more than on the unit, p50 |")
    print("|---|---:|---:|---:|---:|")
    own = statistics.median(times["on the unit"])
    for name, found in times.items():
        p90 = sorted(found)[round(0.9 * (len(found) - 1))]
        p50 = statistics.median(found)
        print(f"| {name} | {len(found)} | {p50:,.0f} | {p90:,.0f} | {p50 - own:+,.0f} ms |")
    print("", *watch.table(), sep="\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=int, default=5)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="autovelox-bench-") as scratch,
        Postgres() as postgres,
        postgres.new_database() as dsn,
    ):
        asyncio.run(run(dsn, Path(scratch), args.rounds, args.cases))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
