"""What an officers' program can ask for: the interface that every way to the cases has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from edge.cases import (
    USUAL_DAYS,
    Action,
    CaseFilter,
    CaseSummary,
    Enclosure,
    Event,
    EventKind,
    Manifest,
    Order,
    Progress,
    Request,
    Statistics,
    UnitStatus,
    case_of,
    unwatched,
    waiting,
)
from edge.model import Case

ALL_CASES = CaseFilter()


@dataclass(frozen=True, slots=True)
class Listing:
    """Some rows of a list, and the number of rows in all."""

    total: int
    rows: tuple[CaseSummary, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement that was recorded: the number of its entry, and whether it ``waits`` for a second officer."""

    entry: int
    waits: bool = False


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case of which everything was checked: its newest manifest, the driver's portrait, what officers did with it.

    ``enclosure`` are the unit's self-checks around it; ``photos_left_utc`` is since when its photos are at the centre.
    """

    manifest: Manifest = field(repr=False)
    portrait: bytes = field(repr=False)
    events: tuple[Event, ...]
    enclosure: Enclosure = field(default_factory=Enclosure)
    photos_left_utc: float | None = None

    @property
    def waiting(self) -> str | None:
        """The judgement that waits for a second officer, if one does."""
        return waiting(self.events)

    @property
    def case(self) -> Case:
        """The case itself, with what officers made of it."""
        return case_of(self.manifest, self.portrait, self.events)

    @property
    def photo_hashes(self) -> tuple[str, ...]:
        """The SHA-256 (hex) of each photo, as the manifest has it."""
        return tuple(photo["sha256"] for photo in self.manifest["frames"])


class Desk(Protocol):
    """The cases, as one officer sees them. Every method may be called from any thread, and blocks.

    All raise :class:`edge.errors.CaseError` where the store cannot be read or the service does not answer; what else
    they raise is said with each.
    """

    @property
    def officer(self) -> str:
        """The officer's name, as entries of the chain will have it."""

    def version(self) -> str:
        """A text that changes with every commit."""

    def status(self) -> UnitStatus:
        """The state of the unit."""

    def cases(
        self, filter: CaseFilter = ALL_CASES, *, order: str = Order.NEWEST, limit: int = 100, offset: int = 0
    ) -> Listing:
        """The cases that *filter* selects, sorted: *limit* of them, from *offset* on."""

    def open(self, number: int, *, reason: str = "") -> OpenCase:
        """Record that the officer looks at the case, and why; only then read it.

        Raises:
            ReasonNeeded: another officer has judged it, and no reason is given.
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: something of it does not hold.
        """

    def again(self, number: int) -> OpenCase:
        """Read a case again that the officer opened; raises what :meth:`open` does."""

    def photo(self, number: int, index: int) -> bytes:
        """Photo *index* (from 0) of a case that the officer opened, as it was recorded; raises as :meth:`open`."""

    def review(
        self, number: int, kind: EventKind, *, reason: str, plate: str | None = None, judgement: int | None = None
    ) -> Judged:
        """Record the officer's judgement, which may have to wait for a second officer's.

        One is withdrawn the same way; *judgement* is its entry (default: the judgement that counts).

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            CaseError: the case is not decided yet; reason or plate are missing or not acceptable; *judgement* does not
                count.
            EvidenceError: something of it does not hold.
        """

    def requests(self) -> tuple[Request, ...]:
        """What waits for a second officer, the oldest first.

        Raises:
            EvidenceError: one of the requests does not hold.
        """

    def ask(self, action: Action, cases: Sequence[int], *, reason: str, days: float = USUAL_DAYS) -> Request:
        """Ask for what needs a second officer, of *cases* where it is about cases; it waits *days* for an answer.

        Raises:
            NoSuchCase: a case does not exist, or was purged.
            CaseError: it cannot be asked for, or the reason is missing.
            EvidenceError: something of it does not hold.
        """

    def agree(self, request: int, *, reason: str = "") -> Request:
        """Agree to what another officer asked for, which is then done.

        Raises:
            CaseError: this account asked, nobody did, or it cannot be done any more.
            EvidenceError: something of it does not hold.
        """

    def refuse(self, request: int, *, reason: str) -> Request:
        """Refuse what another officer asked for, or take one's own request back; raises as :meth:`agree`."""

    def claims(self, request: int) -> bytes:
        """The sealed claims of a case that two officers agreed to take out; raises as :meth:`agree`."""

    def export(
        self,
        numbers: list[int],
        to: Path,
        *,
        reason: str = "",
        language: str | None = None,
        redacted: bool = False,
        full_chain: bool = False,
        checkpoint: bytes | None = None,
        progress: Progress = unwatched,
    ) -> str:
        """Write the evidence package of the cases *numbers* to the new file *to*; returns what its check found.

        Its papers are in *language*, or in the unit's own. A *redacted* one shows nobody else's plate or face.
        *full_chain*: with every header of the chain, not with proofs. *checkpoint* is a file of the unit's that
        somebody remembers, who wants to hold the package against it. *progress* is told of the cases that are done.

        Raises:
            NoSuchCase: one of them does not exist, or was purged.
            CaseError: one is not decided yet, or the file cannot be written.
            EvidenceError: something of them does not hold.
        """

    def report(self, number: int, to: Path, *, reason: str = "", language: str | None = None) -> None:
        """Write the PDF report of a case to the new file *to*; raises what :meth:`export` does."""

    def letter(self, number: int, to: Path, *, reason: str = "", language: str | None = None) -> None:
        """Write the letter that asks the keeper who drove to the new file *to* (PDF).

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            CaseError: nobody has to be asked, for the case names a driver or is no infringement; or it has no plate.
            EvidenceError: something of it does not hold.
        """

    def statistics(self, *, since_utc: float = 0.0, until_utc: float = 1e12) -> Statistics:
        """Counts of the cases of a time (Unix seconds), which tell nothing of any one."""

    def verify(
        self,
        *,
        trusted: bytes | None = None,
        head: str | None = None,
        checkpoint: bytes | None = None,
        progress: Progress = unwatched,
    ) -> str:
        """Check all evidence, against a public key (32 bytes), an entry's hash and a checkpoint's file, if given.

        *progress* is told of entries, signatures and cases.

        Raises:
            EvidenceError: something does not hold.
        """

    def close(self) -> None:
        """Let go of what is open."""
