"""An officers' service beside the unit while it is struck, and an officer who looks at cases all the time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from station import Station

from edge.cases.archive import Archive
from edge.cases.views import EventKind
from edge.errors import CaseError, EvidenceError, NoSuchCase
from edge.officers.client import ServiceDesk

SOCKET = "officers.sock"
REST_S = 0.05


@contextmanager
def looking(station: Station) -> Iterator[None]:
    """Run both meanwhile. Every acknowledged look must be an entry in the end, and the service stop cleanly."""
    command = [sys.executable, "-P", "-m", "edge", "officers", "--config", str(station.folder / "autovelox.toml")]
    with (station.folder / "officers.log").open("wb") as log:
        service = subprocess.Popen(command, stderr=log)
    ended, looks = threading.Event(), Counter[int]()
    officer = threading.Thread(target=_look, args=(station, ended, looks))
    officer.start()
    try:
        yield
    finally:
        ended.set()
        officer.join()
        service.terminate()
        if (code := service.wait(60)) != 0:
            station.wrong.append(f"the officers' service ended with exit code {code}")
        station.wrong += list(_missing(station.folder / "state", looks))


def _look(station: Station, ended: threading.Event, looks: Counter[int]) -> None:
    while not ended.wait(REST_S):
        with suppress(CaseError), closing(ServiceDesk(station.folder / SOCKET)) as desk:
            for row in desk.cases(limit=3).rows:
                try:
                    desk.open(row.number)
                except EvidenceError as error:
                    station.wrong.append(f"an officer is told: {error}")
                else:
                    looks[row.number] += 1


def _missing(state: Path, looks: Counter[int]) -> Iterator[str]:
    if not looks:
        return
    with Archive(state) as archive:
        for number, acknowledged in looks.items():
            with suppress(NoSuchCase):
                kept = sum(event.kind is EventKind.VIEW for event in archive.events(number))
                if not kept:  # a look that lasts is recorded once
                    yield f"{acknowledged} looks at case {number} were acknowledged, none is there"
