"""A case of which everything was checked, as it is shown, printed and judged."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from edge.cases.evidence import case_of
from edge.cases.storage.checked import CheckedCase, CheckedEntry, read_checked
from edge.cases.storage.head import read_head
from edge.cases.storage.layout import StateFolder
from edge.cases.views import WITH, Enclosure, Event, EventKind, waiting
from edge.model import Case


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case of which everything was checked."""

    checked: CheckedCase

    @property
    def events(self) -> tuple[Event, ...]:
        """What officers did with the case, the oldest first."""
        kinds = frozenset(EventKind)
        return tuple(_event(entry) for entry in self.checked.entries if entry.kind in kinds)

    @property
    def waiting(self) -> str | None:
        """The judgement that waits for a second officer, if one does."""
        return waiting(self.events)

    @property
    def enclosure(self) -> Enclosure:
        """The unit's self-checks around the case."""
        return self.checked.enclosure

    @property
    def case(self) -> Case:
        """The case itself, with what officers made of it."""
        return case_of(self.checked.manifest, self.checked.portrait, self.events)


def opened_in(folder: StateFolder, database: sqlite3.Connection, number: int) -> OpenedCase:
    """A case of the store in *folder*, checked but for its photos; the caller has begun a transaction.

    Raises:
        EvidenceError: something of it does not hold.
        CaseError: the remembered head cannot be read.
        sqlite3.Error: the database cannot be read.
    """
    head = read_head(folder)
    is_earlier = head is None or head.earlier  # no program of this version has written to the store yet
    return OpenedCase(read_checked(database, number, earlier=is_earlier))


def _event(entry: CheckedEntry) -> Event:
    content = json.loads(entry.body)
    second = content.get("second")
    return Event(
        seq=entry.seq,
        kind=EventKind(entry.kind),
        at_utc=entry.at_utc,
        officer=f"{content['officer']}{WITH}{second['officer']}" if second else content["officer"],
        reason=content["reason"],
        plate=content.get("plate"),
        signed=bool(entry.signature),
        action=content.get("action", ""),
        request=content.get("request", 0),
        until_utc=content.get("until_utc", 0.0),
        judgement=content.get("judgement", 0),
    )
