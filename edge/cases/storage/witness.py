"""The witness: signed checkpoints of the chain in places outside the state folder, every hour and at every stop.

Whoever rewrites the chain, with every key there is, cannot rewrite what a place outside remembers. A checkpoint is a
file of its own, never replaced: ``checkpoint-SERIAL-SEQ.json``.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.cases.evidence import Signs, sign_checkpoint
from edge.cases.storage.durable import GROUP_READS, write_durably
from edge.cases.storage.head import Head

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
    """Writes checkpoints; ``problem`` is one sentence while a place cannot be written. For one thread."""

    def __init__(self, places: Sequence[Path], serial: str, signer: Signs) -> None:
        """Write to the folders *places* in the name of the unit *serial*."""
        self._places = tuple(places)
        self._serial = serial
        self._signer = signer
        self._next_s = 0.0
        self._written = 0
        self.problem: str | None = None

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
        self.problem = None
        if failed:
            folders = ", ".join(map(str, failed))
            self.problem = f"no checkpoint can be written to {folders}: check cases.witness_dirs and the folder's owner"


def _written(path: Path, data: bytes) -> bool:
    """Write *data* to the new file *path*, durably; a file that is there stays as it is."""
    try:
        if not os.path.lexists(path):
            write_durably(path, data, mode=GROUP_READS)
    except OSError as error:
        log.warning("the checkpoint %s cannot be written (%s)", path, error.strerror)
        return False
    return True
