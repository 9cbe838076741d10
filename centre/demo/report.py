"""The fleet demo's table: what each unit has beside what is at the centre, and what both should be."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from centre.database import Pool
from centre.demo.units import FleetUnit
from centre.records import Verified
from edge.demo.cast import Cast
from edge.terminal import legible


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    unit: str
    what: str
    cases: int
    here: int
    entries: int
    confirmed: int
    photos: int
    right: int
    faults: tuple[str, ...]


async def compare(unit: FleetUnit, what: str, cast: Cast, pool: Pool, verified: Verified) -> Row:
    """What the unit has beside what is here, and what both should be."""
    rows = await pool.fetch(
        "SELECT number, coalesce(outcome, cases.state) AS outcome, driver_name FROM cases"
        " JOIN units ON units.id = unit_id WHERE serial = $1 ORDER BY number",
        unit.serial,
    )
    here = [(row["number"], row["outcome"], row["driver_name"]) for row in rows]
    own, wrong, faults = unit.verdicts(), unit.wrong(cast), list[str]()
    if here != own:
        faults.append("the cases here are not the cases of the unit")
    if len(own) != len(unit.played):
        faults.append(f"{len(unit.played)} cars drove by and there are {len(own)} cases")
    if wrong:
        faults.append(f"{wrong} verdicts are wrong")
    if verified.fault:
        faults.append(verified.fault)
    if verified.entries < unit.newest_of_a_case:
        faults.append("entries are missing")
    return Row(
        unit=unit.serial,
        what=what,
        cases=len(own),
        here=len(here),
        entries=unit.newest_of_a_case,
        confirmed=verified.entries,
        photos=verified.photos,
        right=len(unit.played) - wrong,
        faults=tuple(faults),
    )


async def compare_clone(clone: FleetUnit, original: FleetUnit, pool: Pool) -> Row:
    """The clone: what it was told, and which alarms there are."""
    alarms = await pool.fetch("SELECT serial, kind FROM alarms JOIN units ON units.id = unit_id")
    kinds = {(row["serial"], row["kind"]) for row in alarms}
    kept = int(await pool.fetchval("SELECT count(*) FROM forks"))
    # Its chain is shorter than what the original had delivered, which is an alarm before it sends anything.
    meant = {(original.serial, "fork"), (original.serial, "rolled_back")}
    faults = [f"an alarm that should not be: {kind} of {serial}" for serial, kind in kinds - meant]
    if (original.serial, "fork") not in kinds or not kept:
        faults.append("the clone was not seen")
    what = f"its clone: fork seen, {kept} entry kept"
    return Row(f"{clone.serial}'", what, len(clone.verdicts()), 0, clone.newest_of_a_case, 0, 0, 0, tuple(faults))


def print_table(rows: list[Row]) -> None:
    """Print the table for a person."""
    console = Console() if Console().is_terminal else Console(width=120)
    table = Table(title="The fleet", title_justify="left")
    for column in (
        "unit",
        "what happened",
        "cases",
        "here",
        "entries",
        "confirmed",
        "lag",
        "photos",
        "verdicts right",
        "",
    ):
        table.add_column(column, justify="left" if column in ("unit", "what happened", "") else "right")
    for row in rows:
        is_clone = row.unit.endswith("'")
        right = "-" if is_clone else f"{row.right} of {row.cases}"
        lag = "-" if is_clone else str(max(0, row.entries - row.confirmed))
        cells = (row.unit, row.what, row.cases, row.here, row.entries, row.confirmed, lag, row.photos, right)
        table.add_row(*(legible(str(cell)) for cell in cells), "WRONG" if row.faults else "right")
    console.print(table)
