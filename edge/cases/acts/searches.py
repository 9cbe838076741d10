"""Lists and searches as entries of the chain: who asked which cases there are, and how many were found.

What was searched for is a plate or a name, so an entry holds a keyed hash of it: who has the signing key can ask who
searched for a plate (:func:`searched`), who has the chain alone cannot try plates out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge.cases.evidence import Signs
from edge.cases.storage import ChainSession, StateFolder, append_entry, open_to_read, read_checked_entries
from edge.cases.views import CaseFilter

LIST, SEARCH = "list", "search"
_KEY_MESSAGE = b"autovelox-search-1\n"
"""What the signing key signs to give the key of the hashes: no entry and no checkpoint begins like that."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search that the chain has: its entry, when (seconds since the epoch), who, and how many cases were found."""

    seq: int
    at_utc: float
    officer: str
    hits: int


def terms_of(text: str) -> str:
    """*text* as searches are compared: without spaces, in lower case."""
    return "".join(text.split()).casefold()


def hashed_terms(signer: Signs, text: str) -> str:
    """The keyed hash (HMAC-SHA-256, hex) of what is searched for. Another signing key gives other hashes."""
    key = hashlib.sha256(signer.sign(_KEY_MESSAGE)).digest()
    return hmac.new(key, terms_of(text).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def record_list(
    session: ChainSession, signer: Signs, filter: CaseFilter, *, officer: str, account: str, hits: int
) -> int:
    """Enter that *officer* lists or searches cases, durably; returns the number of the entry.

    Raises:
        CaseError: the store cannot be written.
        EvidenceError: the chain does not continue what the unit wrote.
    """
    fields = {name: getattr(filter, name) for name in CaseFilter.__slots__ if name != "text"}
    content: dict[str, object] = {
        "officer": officer,
        "account": account,
        "hits": hits,
        "filter": {name: value for name, value in fields.items() if value is not None},
    }
    kind = SEARCH if terms_of(filter.text) else LIST
    if kind == SEARCH:
        content["terms"] = hashed_terms(signer, filter.text)
    with session.extending() as database:
        return append_entry(database, kind, None, content, signer=signer).seq


def searched(state_dir: Path, signer: Signs, text: str) -> tuple[Search, ...]:
    """The searches for *text* since the present signing key came, the oldest first.

    Raises:
        CaseError: the store cannot be read.
        EvidenceError: one of them does not hold.
    """
    terms = hashed_terms(signer, text)
    sql = (
        "SELECT seq FROM entries WHERE case_number IS NULL AND kind = 'search'"
        " AND json_extract(CAST(body AS TEXT), '$.terms') = ? ORDER BY seq"
    )
    with closing(open_to_read(StateFolder(state_dir))) as database:
        database.execute("BEGIN")
        found = read_checked_entries(database, [seq for (seq,) in database.execute(sql, (terms,)).fetchall()])
    return tuple(_search(entry.seq, entry.at_utc, json.loads(entry.body)) for entry in found)


def _search(seq: int, at_utc: float, content: Mapping[str, object]) -> Search:
    return Search(seq, at_utc, str(content["officer"]), int(str(content["hits"])))
