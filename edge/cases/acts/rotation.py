"""A change of the signing key: who wants it stands in the chain, two officers or root."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from edge.cases.acts.requests import Action, by_both, read_request
from edge.cases.evidence import Signer
from edge.cases.review import operator
from edge.cases.storage import rotate_signing_key
from edge.errors import CaseError


def rotate_key(state_dir: Path, key_file: Path, *, request: int | None) -> Signer:
    """Replace the signing key, because two officers agreed to *request*, or on the word of who calls: root.

    It takes root, who alone may write the key file, and a stopped unit (:func:`rotate_signing_key`); the chain names
    who asked and who agreed, or root.

    Raises:
        CaseError: nobody agreed to that request, its time is over, or the key was changed for it already.
        SecretError, EvidenceError: as :func:`rotate_signing_key`.
    """

    def details(database: sqlite3.Connection) -> dict[str, object]:
        if request is None:
            return dict(operator())
        asked = read_request(database, request)
        by = asked.answered_by
        if asked.action is not Action.ROTATE_KEY or by is None or not asked.is_agreed or time.time() > asked.until_utc:
            raise CaseError(f"request {request} is no agreed request for another key", "let two officers ask for it")
        sql = (
            "SELECT 1 FROM entries WHERE case_number IS NULL AND seq > ? AND kind = 'rotation'"
            " AND json_extract(CAST(body AS TEXT), '$.request') = ?"
        )
        if database.execute(sql, (asked.answer, request)).fetchone() is not None:
            raise CaseError(f"the key was changed for request {request} already", "let two officers ask for another")
        return {**by_both(asked, by), "operator": operator()["account"]}

    return rotate_signing_key(state_dir, key_file, details)
