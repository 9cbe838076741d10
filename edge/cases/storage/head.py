"""The head that the unit remembers: number and hash of the newest entry it wrote or signed, in a file of its own.

The database could be exchanged for another, or rewritten by somebody who may write it; this file says what the unit
itself had written. It may be some entries behind the chain after a power cut, never ahead of it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

from edge.cases.evidence import NO_HASH, canonical
from edge.cases.storage.durable import write_durably
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash (hex) of an entry; number 0 stands for the beginning of a chain."""

    seq: int
    hash: str


BEGINNING = Head(0, NO_HASH)


def read_head(folder: StateFolder) -> Head | None:
    """The head that the unit remembers; None if it remembers none, as in a store of an earlier version.

    Raises:
        CaseError: the file cannot be read, or says no head.
    """
    try:
        descriptor = os.open(folder.head, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            content = json.loads(file.read())
        return Head(int(content["seq"]), str(content["hash"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError(
            f"{folder.head} does not say which entry the unit wrote last ({error})",
            "verify the store against a backup, then remove that file and start the unit",
        ) from None


def write_head(folder: StateFolder, head: Head) -> None:
    """Remember *head*, durably; the file belongs to the owner of the state folder, whoever writes it.

    Raises:
        OSError: the disk reports an error.
    """
    owner = folder.root.stat()
    write_durably(folder.head, canonical({"seq": head.seq, "hash": head.hash}), mode=0o600)
    if os.geteuid() == 0:
        os.chown(folder.head, owner.st_uid, owner.st_gid, follow_symlinks=False)
