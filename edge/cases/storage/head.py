"""The head that the unit remembers: number and hash of the newest entry it wrote or signed, in a file of its own.

The database could be exchanged for another, or rewritten by somebody who may write it; this file says what the unit
itself had written. It may be some entries behind the chain after a power cut, never ahead of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from edge.cases.evidence import NO_HASH, canonical
from edge.cases.storage.durable import read_own, write_durably
from edge.cases.storage.layout import StateFolder
from edge.errors import CaseError

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Head:
    """Number and hash (hex) of an entry; number 0 stands for the beginning of a chain.

    ``earlier``: a version remembered it in which officers' programs wrote unsigned entries after it
    (:mod:`edge.cases.storage.earlier`).
    """

    seq: int
    hash: str
    earlier: bool = field(default=False, compare=False)


BEGINNING = Head(0, NO_HASH)


def read_head(folder: StateFolder) -> Head | None:
    """The head that the unit remembers; None if it remembers none, as in a store of an earlier version.

    Raises:
        CaseError: the file cannot be read, or says no head.
    """
    try:
        content = json.loads(read_own(folder.head))
        return Head(int(content["seq"]), str(content["hash"]), earlier=content.get("format", 1) < FORMAT)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CaseError(
            f"{folder.head} does not say which entry the unit wrote last ({error})",
            "verify the store against a backup, then remove that file and start the unit",
        ) from None


def write_head(folder: StateFolder, head: Head) -> None:
    """Remember *head*, durably. The caller keeps other writers out meanwhile.

    Raises:
        OSError: the disk reports an error.
    """
    write_durably(folder.head, canonical({"format": FORMAT, "seq": head.seq, "hash": head.hash}))
