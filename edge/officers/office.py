"""The rules of the officers' service: what is recorded before anything is shown, who stands in it, what is refused.

Nothing here knows of sockets or HTTP: the account comes from whoever can vouch for it. Every method may be called from
any thread. Longer than 300 lines because all that officers may do, and what is recorded of it, is seen in one place.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from edge.cases import (
    FOLLOW_UPS,
    HOLDS,
    MAY_WAIT,
    Agreement,
    Archive,
    CaseFilter,
    ChainSession,
    Checkpoint,
    EventKind,
    KeyFileError,
    Order,
    Progress,
    Signer,
    StateFolder,
    Statistics,
    UnitStatus,
    parse_checkpoint,
    review,
    statistics_of,
    unwatched,
)
from edge.config import ReviewSettings, models_dir
from edge.errors import CaseError, NoSuchCase, SecondOfficerNeeded, SecretError, StorageFull
from edge.officers import looks
from edge.officers.accounts import Account
from edge.officers.desk import Judged, Listing, OpenCase
from edge.officers.looks import Looks, Pace
from edge.officers.second import SecondOfficer

Result = TypeVar("Result")

NO_RULES = ReviewSettings()

LEAST_FREE_BYTES = 128 << 20
"""What a package leaves on the disk that it is made on, which may be the disk of the cases."""
MOST_ROWS = 1000
MOST_CASES = 1000
"""Rows of one answer, and cases of one package, at the most."""


class Office:
    """The cases of the folder ``state_dir``, for any officer. Without a signer they can be listed and verified only.

    ``second`` is what needs a second officer.
    """

    def __init__(
        self,
        state_dir: Path,
        signer: Signer | None,
        rules: ReviewSettings = NO_RULES,
        *,
        language: str = "en",
        models: Path | None = None,
    ) -> None:
        """Nothing is opened before it is asked for: there may be no store yet.

        *language* is that of its papers, *models* the folder with the detector that redacts photos (default: the
        program's own).
        """
        self.state_dir = state_dir
        self.rules = rules
        self.language = language
        self._models = models
        self._signer = signer
        self._session = ChainSession(StateFolder(state_dir), signer) if signer is not None else None
        self._turn = threading.Lock()
        self._archive: Archive | None = None
        self._opened = secrets.token_hex(4)
        self._looks = Looks(state_dir, rules, self._writing)
        self.second = SecondOfficer(self._agreement)
        self._pace = Pace(lambda: looks.BURST_ENTRIES, lambda: looks.ENTRIES_PER_S, "wait some minutes")

    def close(self) -> None:
        """Close the store."""
        with self._turn:
            self._close_archive()
        if self._session is not None:
            self._session.close()  # the last connection removes the write-ahead log, if it may write

    def version(self) -> str:
        """A text that changes with every commit, and every time the store is opened.

        Raises:
            CaseError: the store cannot be read.
        """
        return self._read(lambda archive: f"{self._opened}-{archive.data_version()}")

    def status(self) -> UnitStatus:
        """The state of the unit.

        Raises:
            CaseError: the store cannot be read.
        """
        return self._read(lambda archive: archive.status())

    def list(self, account: Account, filter: CaseFilter, *, order: str, limit: int, offset: int) -> Listing:
        """The cases that *filter* selects, sorted by *order*: *limit* of them, from *offset* on.

        That *account* lists or searches is recorded first; all pages and orders of one look are one entry.

        Raises:
            CaseError: a number or word is none that can be, the look cannot be recorded, or the store cannot be read.
        """
        if not 0 <= limit <= MOST_ROWS or offset < 0:
            raise CaseError(f"a list has 0 to {MOST_ROWS} rows", "ask for less")

        def read(archive: Archive) -> Listing:
            rows = archive.summaries(filter, limit=limit, offset=offset, order=Order(order)) if limit else ()
            return Listing(archive.count(filter), rows)

        try:
            listing = self._read(read)
            if self._signer is not None:  # else nothing can be recorded, and no case is shown
                self._looks.at_list(account, filter, listing.total)
            return listing
        except (ValueError, OverflowError) as error:
            if isinstance(error, CaseError):
                raise
            raise CaseError(f"no list is like that ({error})", "ask for another order, review or number") from None

    def open(self, account: Account, number: int, *, reason: str = "") -> OpenCase:
        """Record that *account* looks at the case, and why, unless its look still lasts; only then read it.

        Raises:
            ReasonNeeded: another officer has judged it, and no reason is given.
            NoSuchCase: there is no case with that number, or it was purged.
            EvidenceError: something of it does not hold.
            CaseError: the look cannot be recorded, or the store cannot be read.
        """
        self._looks.at_case(account, number, reason)
        return self._case(number)

    def again(self, account: Account, number: int) -> OpenCase:
        """Read a case that *account* looks at; one older than :data:`looks.LOOK_S` is recorded anew. Raises as open."""
        self._looks.at_case(account, number)
        return self._case(number)

    def photo(self, account: Account, number: int, index: int) -> bytes:
        """Photo *index* (from 0) of a case that *account* looks at, as it was recorded. Raises as open."""
        self._looks.at_case(account, number)
        with Archive(self.state_dir) as archive:
            return archive.photo(number, index)

    def review(
        self,
        account: Account,
        number: int,
        kind: EventKind,
        *,
        reason: str,
        plate: str | None,
        judgement: int | None = None,
    ) -> Judged:
        """Record the judgement of *account* or its withdrawal, a hold or its release, or a follow-up.

        *judgement* is the entry to be withdrawn (default: the judgement that counts). With ``[review] second``,
        and where two officers judged the case before, a judgement waits for a second officer's
        (:meth:`SecondOfficer.judge`).

        Raises:
            NoSuchCase: there is no case with that number, or it was purged.
            CaseError: that is no judgement, or it cannot be recorded.
            EvidenceError: something of the case does not hold.
        """
        if kind not in MAY_WAIT | HOLDS | FOLLOW_UPS:
            known = ", ".join(sorted(MAY_WAIT | HOLDS | FOLLOW_UPS))
            raise CaseError("that is no judgement", f"choose one of {known}")
        if not (self.rules.second and kind in MAY_WAIT):
            signer, session = self._writing(account)
            try:
                entry = review.record(
                    self.state_dir,
                    number,
                    kind=kind,
                    officer=account.officer,
                    account=account.name,
                    reason=reason,
                    plate=plate,
                    judgement=judgement,
                    signer=signer,
                    session=session,
                )
            except SecondOfficerNeeded:
                pass  # whoever turns the setting off undoes nothing alone
            else:
                return Judged(entry)
        judged = self.second.judge(account, number, kind, reason=reason, plate=plate, judgement=judgement)
        return Judged(*judged)

    def export(
        self,
        account: Account,
        numbers: Sequence[int],
        to: Path,
        *,
        reason: str,
        language: str | None = None,
        redacted: bool = False,
        durably: bool = True,
        full_chain: bool = False,
        checkpoint: bytes | None = None,
        progress: Progress = unwatched,
    ) -> str:
        """Write the evidence package of *numbers* to the new file *to*; returns what its check found.

        *durably*: it is on the disk when this returns. One that is handed on need not be, and the camera, which may use
        the same disk, waits less. The others are those of :meth:`edge.officers.desk.Desk.export`.

        Raises:
            NoSuchCase: one of them does not exist, or was purged.
            StorageFull: the disk has no room for it.
            CaseError: one is not decided yet, there are too many, or the file cannot be written.
            EvidenceError: something of them does not hold.
        """
        from edge.cases.export import export_cases  # loads ReportLab
        from edge.vision import propose_plates

        if len(numbers) > MOST_CASES:
            raise CaseError(f"a package has at most {MOST_CASES} cases", "export fewer at once")
        self._ensure_room(numbers, to.parent)
        for number in numbers:
            reason = self._looks.ensure_reason(account, number, reason)
        signer, session = self._writing(account, len(numbers))
        return export_cases(
            self.state_dir,
            numbers,
            to,
            officer=account.officer,
            account=account.name,
            reason=reason,
            language=language or self.language,
            redact_with=propose_plates(models_dir(self._models)) if redacted else None,
            signer=signer,
            session=session,
            durably=durably,
            progress=progress,
            least_free_bytes=LEAST_FREE_BYTES,
            full_chain=full_chain,
            checkpoint=_parsed(checkpoint),
        )

    def report(
        self,
        account: Account,
        number: int,
        to: Path,
        *,
        paper: Literal["report", "letter"] = "report",
        reason: str,
        language: str | None = None,
    ) -> None:
        """Write a *paper* on a case, a PDF, to the new file *to*. Raises as :meth:`export`."""
        from edge.cases.export import export_report  # loads ReportLab

        reason = self._looks.ensure_reason(account, number, reason)
        signer, session = self._writing(account)
        export_report(
            self.state_dir,
            number,
            to,
            paper=paper,
            officer=account.officer,
            account=account.name,
            reason=reason,
            language=language or self.language,
            signer=signer,
            session=session,
        )

    def statistics(self, *, since_utc: float, until_utc: float) -> Statistics:
        """Counts of the cases of a time (Unix seconds): no plate, no name, no single case.

        Raises:
            CaseError: the store cannot be read.
        """
        return statistics_of(self.state_dir, since_utc=since_utc, until_utc=until_utc)

    def verify(
        self, *, trusted: bytes | None, head: str | None, checkpoint: bytes | None, progress: Progress = unwatched
    ) -> str:
        """Check all evidence; returns one sentence.

        Raises:
            EvidenceError: something does not hold.
            SecretError: *checkpoint* is none.
            CaseError: the store cannot be read.
        """
        from edge.cases.audit import audit  # starts processes

        parsed = _parsed(checkpoint)
        return audit(self.state_dir, trusted=trusted, head=head, checkpoint=parsed, progress=progress)

    def _ensure_room(self, numbers: Sequence[int], folder: Path) -> None:
        """Refuse at once a package that surely leaves too little room; the rest is found while it is written."""
        photos = [file for number in set(numbers) for file in StateFolder(self.state_dir).case(number).glob("*.jpg")]
        needed = 2 * sum(photo.stat().st_size for photo in photos) + LEAST_FREE_BYTES
        if folder.is_dir() and shutil.disk_usage(folder).free < needed:
            raise StorageFull("the disk has no room to make the package", "export fewer cases at once, or make room")

    def _case(self, number: int) -> OpenCase:
        with Archive(self.state_dir) as archive:
            opened = archive.open(number)
        checked = opened.checked
        return OpenCase(
            checked.manifest, checked.portrait, opened.events, opened.enclosure, photos_left_utc=checked.photos_left_utc
        )

    def _agreement(self, account: Account, entries: int) -> Agreement:
        signer, session = self._writing(account, entries)
        return Agreement(self.state_dir, signer, session)

    def _writing(self, account: Account, entries: int = 1) -> tuple[Signer, ChainSession]:
        if self._signer is None or self._session is None:
            raise SecretError(
                "without the signing key nothing can be recorded, so no case is shown",
                "name the key with --signing-key, or ask the unit's service: leave --state-dir out",
            )
        self._pace.take(account, entries)
        return self._signer, self._session

    def _read(self, work: Callable[[Archive], Result]) -> Result:
        """Do *work* with the archive that stays open, which is opened again after an error."""
        with self._turn:
            if self._archive is None:
                self._archive = Archive(self.state_dir, for_threads=True)
                self._opened = secrets.token_hex(4)
            try:
                return work(self._archive)
            except NoSuchCase:
                raise
            except CaseError:
                self._close_archive()
                raise

    def _close_archive(self) -> None:
        if self._archive is not None:
            self._archive.close()
            self._archive = None


def _parsed(checkpoint: bytes | None) -> Checkpoint | None:
    """The checkpoint in a file's content, if there is one."""
    try:
        return parse_checkpoint(checkpoint, "the file") if checkpoint is not None else None
    except KeyFileError as error:
        raise SecretError(str(error), "name a file that the unit wrote") from None
