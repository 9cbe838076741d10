"""``make bench-through``: from the radar's edge to the verdict, decided on the unit and through the centre.

Real daemons on loopback, the same clip and the same car with its chip, in turns; PostgreSQL, centre and opening service
run beside. The time is the unit's own: from its trigger to the case's decision.
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
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from centre.opening import opening
from edge.cases import create_signing_key, load_signer
from edge.config import VerdictSettings
from edge.delivery import fetch_service
from edge.demo.setting import Setting
from tests.support.centre import Centre, Postgres, centre_at_work
from tests.support.centre_registry import take_over
from tests.support.station import PEOPLE, Station, make_template, small_cast

CLIP, PLATE = ("roundabout.mp4", 40, 71.0), "LS15EBC"
GAP_S = 3.0
PATIENCE_S = 60.0


async def measured(station: Station, cases: int) -> list[float]:
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
    return [1e3 * (each["decided_utc"] - each["trigger"]["at_utc"]) for each in decided]


def stations(folder: Path) -> tuple[Station, Station]:
    """A unit with a registry, and one without; both get the same cars."""
    make_template(folder / "alone")
    chips = Setting(folder / "alone").chips(small_cast())
    alone, keyless = Station(folder / "alone", chips), Station(folder / "keyless", chips)
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
    async with centre_at_work(dsn, folder / "centre") as centre:
        plates = VerdictSettings(plate_countries=(), plate_pattern="[A-Z0-9]{4,10}")
        asked = centre.settings.opening.model_copy(update={"least_cases_a_day": 1000})
        async with opening(centre.settings.model_copy(update={"verdict": plates, "opening": asked})):
            await join(keyless, centre)
            for _ in range(rounds):
                times["on the unit"] += await measured(alone, cases)
                times["through the centre"] += await measured(keyless, cases)
    print("| decided | cases | p50, ms | p90, ms | more than on the unit, p50 |")
    print("|---|---:|---:|---:|---:|")
    own = statistics.median(times["on the unit"])
    for name, found in times.items():
        p90 = sorted(found)[round(0.9 * (len(found) - 1))]
        p50 = statistics.median(found)
        print(f"| {name} | {len(found)} | {p50:,.0f} | {p90:,.0f} | {p50 - own:+,.0f} ms |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="autovelox-bench-") as scratch, Postgres() as postgres:
        dsn = postgres.server.dsn_of(postgres.call(_database(postgres)))
        asyncio.run(run(dsn, Path(scratch), args.rounds, args.cases))
    return 0


async def _database(postgres: Postgres) -> str:
    async with postgres.database() as name:
        return name


if __name__ == "__main__":
    raise SystemExit(main())
