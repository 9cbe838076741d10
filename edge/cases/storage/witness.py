"""The witness: signed checkpoints of the chain in places outside the state folder, every hour and at every stop.

Whoever rewrites the chain, with every key there is, cannot rewrite what a place outside remembers. A checkpoint is a
file of its own, never replaced: ``checkpoint-SERIAL-SEQ.json``.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.cases.evidence import Signs, sign_checkpoint
from edge.cases.storage.durable import GROUP_READS, write_durably
from edge.cases.storage.head import Head
from edge.cases.storage.timestamp import SUFFIX
from edge.errors import CaseError

log = logging.getLogger(__name__)

INTERVAL_S = 3600.0
CHECKPOINTS = "checkpoint-*.json"
_SEQ = re.compile(r"checkpoint-.*-([0-9]{10})\.json")


def checkpoint_name(serial: str, seq: int) -> str:
    """The name of the checkpoint of entry *seq*."""
    return f"checkpoint-{re.sub('[^A-Za-z0-9._-]', '_', serial)}-{seq:010d}.json"


def newest_checkpoint(place: Path) -> Path | None:
    """The checkpoint in *place* with the highest entry number; None if there is none.

    Raises:
        OSError: the place cannot be read.
    """
    found = [(match.group(1), path) for path in place.glob(CHECKPOINTS) if (match := _SEQ.fullmatch(path.name))]
    return max(found)[1] if found else None


class Witness:
    """Writes checkpoints, and has them stamped by an authority if there is one. For one thread."""

    def __init__(
        self, places: Sequence[Path], serial: str, signer: Signs, stamps: Callable[[bytes], bytes] | None = None
    ) -> None:
        """Write to the folders *places* in the name of the unit *serial*; *stamps* gives a checkpoint's time stamp."""
        self._places = tuple(places)
        self._stamps = stamps
        self._stamping: threading.Thread | None = None
        self._unwritten = self._unstamped = ""
        self._serial = serial
        self._signer = signer
        self._next_s = 0.0
        self._written = 0

    @property
    def problem(self) -> str | None:
        """One sentence while a place cannot be written, or no time stamp can be had. May be read from any thread."""
        return self._unwritten or self._unstamped or None

    def write_hourly(self, head: Head | None, root_of: Callable[[int], str]) -> None:
        """Write a checkpoint of *head* if an hour has passed since the last one; *root_of* is as for :meth:`write`."""
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + INTERVAL_S
            self.write(head, root_of)

    def write(self, head: Head | None, root_of: Callable[[int], str]) -> None:
        """Write a checkpoint of *head*, unless it has one; a place that cannot be written is a problem, no error.

        *root_of* gives the root (hex) of the tree over so many entries.
        """
        if head is None or head.seq in (0, self._written):
            return
        data = sign_checkpoint(self._signer, self._serial, head.seq, head.hash, root_of(head.seq), at_utc=time.time())
        failed = [
            place for place in self._places if not _written(place / checkpoint_name(self._serial, head.seq), data)
        ]
        self._written = 0 if failed else head.seq
        folders = ", ".join(map(str, failed))
        remedy = "check cases.witness_dirs and the folder's owner"
        self._unwritten = f"no checkpoint can be written to {folders}: {remedy}" if failed else ""
        if self._stamps is not None:
            self.finish()
            name = checkpoint_name(self._serial, head.seq)
            self._stamping = threading.Thread(target=self._stamp, args=(self._stamps, data, name), daemon=True)
            self._stamping.start()

    def finish(self) -> None:
        """Wait for a time stamp that is on its way; the authority has some seconds for it."""
        if self._stamping is not None:
            self._stamping.join()
            self._stamping = None

    def _stamp(self, stamps: Callable[[bytes], bytes], data: bytes, name: str) -> None:
        """Put the time stamp of *data* beside the checkpoint *name*, in a thread of its own: the network is slow."""
        try:
            stamp = stamps(data)
        except CaseError as error:
            if not self._unstamped:
                log.warning("%s", error)
            self._unstamped = str(error)
            return
        self._unstamped = ""
        for place in self._places:
            if _holds(place / name, data):
                _written(place / (name + SUFFIX), stamp)


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() == data
    except OSError:
        return False


def _written(path: Path, data: bytes) -> bool:
    """Write *data* to the new file *path*, durably; a file that is there stays as it is."""
    try:
        if not os.path.lexists(path):
            write_durably(path, data, mode=GROUP_READS)
    except OSError as error:
        log.warning("the checkpoint %s cannot be written (%s)", path, error.strerror)
        return False
    return True
