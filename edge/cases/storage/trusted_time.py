"""The time that a purge may believe: the wall clock, as far as it agrees with what the unit knows of time otherwise.

Network time is not authenticated, and a clock that is ahead would make every case due at once. What the unit knows is
the monotonic clock, which nobody sets, and the newest time it signed or believed before. A step ahead of that is taken
for real while all steps of a day (of a boot, across reboots) make up one day at most; beyond, a person has to say so.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import asdict, dataclass

from edge.cases.evidence import canonical
from edge.cases.storage.clock import clock_state
from edge.cases.storage.database import open_to_read
from edge.cases.storage.durable import read_own, write_durably
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Believed:
    """What was believed last: ``utc`` in seconds since the epoch, when by the monotonic clock of which boot.

    ``stepped_s`` is how far the wall clock went ahead of the monotonic clock since ``since_s``, at most a day ago.
    """

    utc: float
    seen_s: float
    boot_id: str
    stepped_s: float
    since_s: float


def believe_clock(folder: StateFolder) -> float:
    """The time now, in seconds since the epoch, if it may be believed; it is remembered.

    Raises:
        CaseError: the clock went ahead by more than a day, or the store cannot be read or written.
    """
    now_utc, now_s, boot_id = time.time(), time.monotonic(), str(clock_state()["boot_id"])
    last = _read(folder)
    if last is None:
        last = Believed(min(now_utc, _newest_signed(folder, now_utc)), now_s, boot_id, 0.0, now_s)
    same_boot = last.boot_id == boot_id and now_s >= last.seen_s
    passed_s = now_s - last.seen_s if same_boot else 0.0
    new_day = not same_boot or now_s - last.since_s >= DAY_S
    stepped_s = (0.0 if new_day else last.stepped_s) + max(0.0, now_utc - last.utc - passed_s)
    if stepped_s > DAY_S:
        raise CaseError(
            f"the clock is {stepped_s / DAY_S:.0f} days ahead of what this unit knows: nothing is purged",
            "set the clock right; if it is right, let two officers say so (autovelox cases ask trust-clock)",
        )
    since_s = now_s if new_day else last.since_s
    _write(folder, Believed(max(last.utc, now_utc), now_s, boot_id, stepped_s, since_s))
    return now_utc


def trust_clock(folder: StateFolder) -> float:
    """Believe the wall clock because a person says so; returns the time now, in seconds since the epoch.

    Raises:
        CaseError: it cannot be remembered.
    """
    now_utc, now_s = time.time(), time.monotonic()
    _write(folder, Believed(now_utc, now_s, str(clock_state()["boot_id"]), 0.0, now_s))
    return now_utc


def _read(folder: StateFolder) -> Believed | None:
    try:
        return Believed(**json.loads(read_own(folder.believed)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise CaseError(
            f"{folder.believed} does not say which time was believed last ({error})",
            "remove that file, and look whether the clock is right",
        ) from None


def _write(folder: StateFolder, believed: Believed) -> None:
    try:
        write_durably(folder.believed, canonical(asdict(believed)))
    except OSError as error:
        raise CaseError(f"{folder.believed} cannot be written ({error.strerror})", "check the disk") from None


def _newest_signed(folder: StateFolder, otherwise: float) -> float:
    """The time of the newest signed entry, in seconds since the epoch; *otherwise* if there is none."""
    sql = "SELECT header FROM entries WHERE signature IS NOT NULL ORDER BY seq DESC LIMIT 1"
    try:
        with closing(open_to_read(folder)) as database:
            row = database.execute(sql).fetchone()
    except sqlite3.Error as error:
        raise CaseError(f"the case store cannot be read ({error})", "run autovelox cases verify") from None
    return float(json.loads(row[0])["at"]) if row else otherwise
