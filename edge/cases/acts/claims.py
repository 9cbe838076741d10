"""The sealed claims of an ambiguous case, taken out to be opened with the registry's key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from edge.cases.evidence import Signs, sha256
from edge.cases.review import checked_text, record
from edge.cases.storage import PURGED, ChainSession, StateFolder, case_state, open_to_read, read_checked
from edge.cases.views import EventKind
from edge.errors import CaseError, EvidenceError, NoSuchCase


def take_claims(
    state_dir: Path,
    number: int,
    *,
    officer: str,
    reason: str,
    signer: Signs,
    account: str | None = None,
    details: Mapping[str, object] | None = None,
    session: ChainSession | None = None,
) -> bytes:
    """The sealed claims of an ambiguous case, as a document for ``autovelox registry reopen``.

    The chain says who takes them out before they are returned. Officers need a second one for it
    (:mod:`edge.cases.acts.agreement`), whom *details* names; root and the unit's account have the key anyhow.

    Raises:
        NoSuchCase: there is no case with that number, or it was purged.
        CaseError: the reason is missing, the case keeps no claims, or the store cannot be written.
        EvidenceError: the claims are not those that the verdict was made with.
    """
    if not checked_text(reason, "the reason"):
        raise CaseError("the reason is missing", "give one, a judge will ask for it")
    document = read_claims(state_dir, number)
    record(
        state_dir,
        number,
        kind=EventKind.VIEW,
        officer=officer,
        account=account,
        reason=f"the sealed claims were taken out: {reason}",
        details=details,
        signer=signer,
        session=session,
    )
    return document


def write_claims(document: bytes, to: Path) -> str:
    """Write sealed claims to the new, private file *to*; returns what is to be said of it.

    Raises:
        CaseError: it exists, or cannot be written.
    """
    try:
        with open(to, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(document)
    except OSError as error:
        raise CaseError(f"{to} cannot be written ({error.strerror})", "name a new file in a folder of yours") from None
    content = json.loads(document)
    count = len(content["packets"])
    return f"{to}: {count} sealed claims of case {content['case']}; delete the file when they have been opened"


def read_claims(state_dir: Path, number: int) -> bytes:
    """The file of the sealed claims of case *number*, checked against its verdict. Raises as :func:`take_claims`."""
    folder = StateFolder(state_dir)
    with closing(open_to_read(folder)) as database:
        if case_state(database, number) == PURGED:
            raise NoSuchCase(f"case {number} was purged", "choose another case")
        kept = read_checked(database, number).manifest.get("kept_claims")
    if kept is None:
        raise CaseError(f"case {number} keeps no claims", "choose an ambiguous case")
    try:
        document = folder.claims(number).read_bytes()
    except FileNotFoundError:
        raise CaseError(f"case {number} keeps no claims any more", "a judgement on it is final") from None
    except OSError as error:
        raise CaseError(f"the claims cannot be read ({error.strerror})", "run as the unit's own account") from None
    if sha256(document) != kept["sha256"]:
        raise EvidenceError(
            f"the claims of case {number} are not those of its verdict", "find out who altered them, open none"
        )
    return document
