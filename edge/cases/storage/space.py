"""Free space on the disk: warn early, refuse cases while decisions still fit."""

from __future__ import annotations

import errno
import shutil
from dataclasses import dataclass

from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError, StorageFull

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The free space of the disk that holds *folder*. Photos are never deleted to gain space.

    Below *warn_bytes* :meth:`shortage` reports it. A case that would leave less than
    *reserve_bytes* is refused, so that the cases on the disk can still be decided.
    """

    folder: StateFolder
    reserve_bytes: int = 32 * MIB
    warn_bytes: int = 512 * MIB

    def free_bytes(self) -> int:
        """Bytes that an account without special rights may still write.

        Raises:
            CaseError: the folder does not exist any more.
        """
        try:
            return shutil.disk_usage(self.folder.root).free
        except OSError as error:
            raise CaseError(f"the cases' folder cannot be reached ({error.strerror})", "check the disk") from None

    def ensure(self, needed_bytes: int) -> None:
        """Check that *needed_bytes* fit.

        Raises:
            StorageFull: they do not fit.
            CaseError: the folder does not exist any more.
        """
        if self.free_bytes() < self.reserve_bytes + needed_bytes:
            raise StorageFull("the disk is full", "export and purge cases, or use a larger disk")

    def shortage(self) -> str | None:
        """One sentence if space is short or cannot be measured, else None."""
        try:
            free = self.free_bytes()
        except CaseError as error:
            return str(error)
        if free >= self.warn_bytes:
            return None
        reserve = self.reserve_bytes // MIB
        return f"{free // MIB} MiB are left for cases: export and purge some, below {reserve} MiB none is accepted"


def disk_refusal(error: OSError) -> CaseError:
    """What to say of the *error* with which the disk refused to keep a case."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull("the disk is full", "export and purge cases, or use a larger disk")
    return CaseError(f"the disk refuses to keep the case ({error.strerror})", "check the disk before the unit goes on")
