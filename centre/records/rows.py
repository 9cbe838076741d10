"""What the rows of cases and files must say: everything in them follows from the entries, so an edited row shows.

Whoever may write to the database can change a plate or a name in a list, but no entry unseen: the rows are made anew
from the entries and compared.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from centre.database import Connection
from centre.delivery import Rows, counting, rows_of
from edge.cases.evidence import Link, Mismatch

COLUMNS = (
    *("state", "at_utc", "site", "speed_kmh", "limit_kmh", "plate", "corrected_plate", "outcome", "driver_name"),
    *("review", "is_held", "filed_seq", "decided_seq", "purged_seq"),
)
JUDGING = frozenset({"confirm", "confirm_vehicle", "set_name_aside", "dismiss", "correct_plate", "withdraw"})
_EMPTY: Mapping[str, Any] = dict.fromkeys(COLUMNS) | {
    "state": "pending",
    "site": "",
    "plate": "",
    "driver_name": "",
    "is_held": False,
}
_CASES = f"SELECT number, {', '.join(COLUMNS)} FROM cases WHERE unit_id = $1"  # noqa: S608 - names of columns, ours
_HELD_HERE = "SELECT case_number FROM holds WHERE unit_id = $1"
_FILES = "SELECT case_number, place, sha256 FROM files WHERE unit_id = $1"


class ExpectedRows:
    """The rows of one unit's cases as its entries make them; give it the entries in order."""

    def __init__(self) -> None:
        """No entry yet."""
        self._cases: dict[int, dict[str, Any]] = {}
        self._files: set[tuple[int, int, str]] = set()
        self._judgements: dict[int, list[tuple[int, str, bytes]]] = {}

    def follow(self, headers: Sequence[dict[str, Any]], links: Sequence[Link]) -> None:
        """Go on with *links*, which were checked, and their *headers*.

        Raises:
            Unreadable: a content is none that a unit writes.
        """
        rows = rows_of(headers, links, datetime.now(UTC))
        self._verdicts(rows)
        for header, link in zip(headers, links, strict=True):
            if header["kind"] in JUDGING and link.body is not None:
                judgement = header["seq"], header["kind"], link.body
                self._judgements.setdefault(header["case"], []).append(judgement)
        for number, is_held in rows.held:
            self._cases[number]["is_held"] = is_held
        for number, seq in rows.purged:
            self._cases[number]["purged_seq"] = seq

    def _verdicts(self, rows: Rows) -> None:
        for number, seq, at_utc, site, speed_kmh, limit_kmh in rows.filed:
            said = {"filed_seq": seq, "at_utc": at_utc, "site": site, "speed_kmh": speed_kmh, "limit_kmh": limit_kmh}
            self._cases[int(str(number))] = {**_EMPTY, **said}
        for number, seq, plate, outcome, driver_name in rows.decided:
            said = {"state": "decided", "decided_seq": seq, "plate": plate, "outcome": outcome}
            self._cases[int(str(number))] |= {**said, "driver_name": driver_name}
        self._files |= {(number, place, digest) for number, place, digest, _ in rows.files}

    def _purge(self, held: Container[int]) -> None:
        """Of cases with a tombstone nothing is left, but for those that officers of the centre hold."""
        for number, case in self._cases.items():
            if case["purged_seq"] is not None and number not in held:
                kept = {name: case[name] for name in ("filed_seq", "decided_seq", "purged_seq")}
                self._cases[number] = {**_EMPTY, **kept, "state": "purged"}
        self._files = {file for file in self._files if self._cases[file[0]]["state"] != "purged"}

    async def compare(self, connection: Connection, unit: int) -> None:
        """Compare with what is here of the *unit*.

        Raises:
            Mismatch: a row is missing, one too many, or says something else than the entries.
        """
        for number, entries in self._judgements.items():
            review, plate = counting(entries)
            self._cases[number] |= {"review": review, "corrected_plate": plate}
        self._purge({row["case_number"] for row in await connection.fetch(_HELD_HERE, unit)})
        here = {row["number"]: dict(row) for row in await connection.fetch(_CASES, unit)}
        for number in sorted({*here, *self._cases}):
            found, wanted = here.get(number), self._cases.get(number)
            if found is None and wanted is not None and wanted["state"] == "purged":
                continue  # it went with its month
            if found is None or wanted is None:
                raise Mismatch(f"the row of case {number} does not agree with the chain")
            wrong = [name for name in COLUMNS if found[name] != wanted[name]]
            if wrong:
                raise Mismatch(f"the row of case {number} does not agree with the chain: {', '.join(wrong)}")
        files = {tuple(row) for row in await connection.fetch(_FILES, unit)}
        for number, place, _ in sorted(files ^ self._files):
            raise Mismatch(f"the file {place} of case {number} is not the one that the chain names")
