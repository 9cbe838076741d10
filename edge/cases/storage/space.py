"""Room on the disk: warn early, give up derived files first, refuse before nothing can be written at all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from edge.errors import CaseError, StorageFull

MIB = 1 << 20
DERIVED = "derived"
"""Pictures made of evidence (overlays): they can be made again, so they go first."""


@dataclass(frozen=True, slots=True)
class Room:
    """Watches the disk of *state_dir*; raw evidence is never removed to make room.

    Below *warn_bytes* :meth:`problem` speaks and derived files go; a case that would leave less than *reserve_bytes*
    is refused, so that the cases that are there can still be decided.
    """

    state_dir: Path
    reserve_bytes: int = 32 * MIB
    warn_bytes: int = 512 * MIB

    def free_bytes(self) -> int:
        """What an ordinary user may still write.

        Raises:
            CaseError: the folder is not there any more.
        """
        try:
            return shutil.disk_usage(self.state_dir).free
        except OSError as error:
            raise CaseError(f"the cases' folder cannot be reached ({error.strerror})", "check the disk") from None

    def make(self, needed: int) -> None:
        """See to it that *needed* bytes fit.

        Raises:
            StorageFull: they do not, even without derived files.
            CaseError: the folder is not there any more.
        """
        if self.free_bytes() < self.warn_bytes:
            shutil.rmtree(self.state_dir / DERIVED, ignore_errors=True)
        if self.free_bytes() < self.reserve_bytes + needed:
            raise StorageFull("the disk is full", "export and purge cases, or put in a larger disk")

    def problem(self) -> str | None:
        """One sentence once room runs short, or cannot be told."""
        try:
            free = self.free_bytes()
        except CaseError as error:
            return str(error)
        if free >= self.warn_bytes:
            return None
        least = self.reserve_bytes // MIB
        return f"{free // MIB} MiB are left for cases: export and purge some, below {least} none is kept"
