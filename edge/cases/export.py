"""Evidence packages: everything a court needs to check cases on its own, in one ZIP file.

``cases/<number>/`` has the manifest as it was signed, the original photos, the portrait, an overlay and the report; in
a redacted package copies of the photos that show the vehicle of the case alone, in place of photos and portrait.
``chain.jsonl`` has the entries that matter for them (:func:`edge.cases.storage.entries_for`), each with a proof that it
is in the tree over all entries, and a signed checkpoint with the root of that tree; or, if the whole chain is asked
for, the header and signature of every entry. Either way it has the contents of those entries alone that are about the
exported cases or about none, up to the export's own. That one is signed and names every other file with its SHA-256.
``verify.py`` checks all of it.

The file is a ZIP that follows from its members alone: stored, in the order of their names, the chain last, with
constant dates and modes, and the SHA-256 of everything before in its comment.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path
from typing import Literal

from edge.cases.archive import Archive
from edge.cases.evidence import (
    CHAIN_NAME,
    INFO_NAME,
    PACKAGE_FORMAT,
    PROVED_FORMAT,
    Checkpoint,
    Mismatch,
    NotProved,
    Signs,
    canonical,
    name_follows,
    sha256,
    verify_package,
)
from edge.cases.report import FindPlates, Pictures, keeper_letter, pdf_report, pictures_of, proof_of, redacted
from edge.cases.report.readme import readme
from edge.cases.review import record, record_package
from edge.cases.storage import ChainSession, PackageWriter, StateFolder, chain_file, entries_for, open_to_read
from edge.cases.storage.opened import OpenedCase
from edge.cases.storage.right_of_way import give_way, giving_way
from edge.cases.views import EventKind, Progress, UnitNote, unwatched, watched
from edge.crypto import public_pem, sync_folder
from edge.errors import CaseError, EvidenceError

Paper = Literal["report", "letter"]
"""What can be printed of one case: the report, or the letter to the keeper."""


def export_cases(
    state_dir: Path,
    numbers: Sequence[int],
    to: Path,
    *,
    officer: str,
    signer: Signs,
    account: str | None = None,
    reason: str = "",
    language: str = "en",
    redact_with: FindPlates | None = None,
    session: ChainSession | None = None,
    durably: bool = True,
    least_free_bytes: int = 0,
    full_chain: bool = False,
    checkpoint: Checkpoint | None = None,
    progress: Progress = unwatched,
) -> str:
    """Write the evidence package of the cases *numbers* to the file *to*, which must not exist yet.

    For each case the export becomes an entry of the chain, signed by *signer*; the last one names every file of the
    package. *officer*, *account* and *session* are those of :func:`edge.cases.review.record`. A package that is not
    written *durably* is to be handed on. *least_free_bytes* stay free on the disk of *to*. With *full_chain* the
    package holds every header of the chain, which grows for ever; without, proofs. Somebody who remembers the unit's
    *checkpoint* can hold a package with proofs against it if it was exported for it. With *redact_with*, which proposes
    plates in a photo, the package has copies of the photos that show the vehicle of the case alone, and neither the
    photos nor the portrait. *progress* is told of each case that is done. The package is verified
    before it gets its name; nothing is left of one that fails.

    Returns:
        One sentence: what the verification found.

    Raises:
        NoSuchCase: one of them does not exist.
        StorageFull: the disk would have less room left than *least_free_bytes*.
        CaseError: *numbers* is empty, a case is not decided, one to be redacted has a manifest with a name that fell,
            or the file cannot be written.
        EvidenceError: the verification failed, so the store is damaged.
    """
    wanted, folder = list(dict.fromkeys(numbers)), StateFolder(state_dir)
    if not wanted:
        raise CaseError("no case was named", "say which cases to export")
    if to.exists():
        raise CaseError(f"{to} exists already", "choose another name, a package is never overwritten")
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("x+b") as file:
            part.chmod(0o600)
            package = PackageWriter(file, least_free_bytes=least_free_bytes, before_block=lambda: give_way(folder))
            format = PACKAGE_FORMAT if full_chain else PROVED_FORMAT
            made = _add_members(package, state_dir, wanted, format, progress, language, redact_with)
            named: dict[str, object] = {"format": format, "cases": wanted, "members": dict(package.hashes)}
            if redact_with is not None:
                named["redacted"] = True
            entries: list[int] = []

            def name(database: sqlite3.Connection) -> dict[str, object]:
                if full_chain:
                    return named
                entries[:] = entries_for(database, wanted, [checkpoint.seq] if checkpoint else [])
                return {**named, "entries": list(entries)}

            seq = record_package(
                state_dir, made, name, officer=officer, account=account, reason=reason, signer=signer, session=session
            )
            chosen = range(1, seq + 1) if full_chain else [*entries, *range(seq - len(wanted) + 1, seq + 1)]
            package.add(CHAIN_NAME, chain_file(folder, wanted, chosen, None if full_chain else signer))
            package.finish(durably=durably)
        says = verify_package(part, None, checkpoint).sentence
        give_way(folder)
        part.rename(to)
        if durably:
            sync_folder(to.parent.resolve())
    except (Mismatch, NotProved) as error:
        raise EvidenceError(f"the evidence does not hold: {error}", "run autovelox cases verify") from None
    except OSError as error:
        raise CaseError(
            f"the package {to} cannot be written ({error.strerror})", "check its folder and the disk"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return says


def export_report(
    state_dir: Path,
    number: int,
    to: Path,
    *,
    paper: Paper = "report",
    officer: str,
    signer: Signs,
    account: str | None = None,
    reason: str = "",
    language: str = "en",
    session: ChainSession | None = None,
) -> None:
    """Write a *paper* (PDF) on case *number*, in *language*, to the file *to*, which must not exist yet.

    The export becomes an entry of the chain, with the SHA-256 of the paper, before the paper is written.

    Raises:
        NoSuchCase: there is no case with that number.
        CaseError: it is not decided yet, nobody has to be asked by a letter, or the file cannot be written.
        EvidenceError: something of it does not hold.
    """
    data = (report_of if paper == "report" else letter_of)(state_dir, number, language=language)
    try:
        with to.open("xb") as file:
            to.chmod(0o600)
            record(
                state_dir,
                number,
                kind=EventKind.EXPORT,
                officer=officer,
                account=account,
                reason=reason,
                details={"files": {f"{paper}.pdf": sha256(data)}},
                signer=signer,
                session=session,
            )
            file.write(data)
    except FileExistsError:
        raise CaseError(f"{to} exists already", "choose another name") from None
    except CaseError:
        to.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise CaseError(f"{to} cannot be written ({error.strerror})", "check its folder and the disk") from None


def report_of(state_dir: Path, number: int, *, language: str = "en") -> bytes:
    """The PDF report of one decided case, in *language*.

    Raises:
        NoSuchCase: there is no case with that number.
        CaseError: it is not decided yet.
        EvidenceError: something of it does not hold.
    """
    with Archive(state_dir) as archive:
        opened = archive.open(number)
        photos = list[bytes]()
        if opened.checked.photos_left_utc is None:
            photos = [archive.photo(number, index) for index in range(len(opened.case.photos))]
        notes = archive.unit_notes(number)
    pictures = pictures_of(opened.case, photos) if photos else None
    return _report(opened, notes, pictures, language, with_portrait=True)


def letter_of(state_dir: Path, number: int, *, language: str = "en") -> bytes:
    """The letter to the keeper of a case that names nobody, as PDF in *language*.

    Raises:
        NoSuchCase: there is no case with that number.
        CaseError: it is not decided yet, or nobody has to be asked.
        EvidenceError: something of it does not hold.
    """
    with Archive(state_dir) as archive:
        opened = archive.open(number)
    return keeper_letter(opened.case, opened.checked.manifest, language=language)


def _report(
    opened: OpenedCase, notes: Sequence[UnitNote], pictures: Pictures | None, language: str, *, with_portrait: bool
) -> bytes:
    case = opened.case
    if case.driver is not None and not with_portrait:
        case = replace(case, driver=replace(case.driver, portrait=b""))
    checks = {**asdict(opened.enclosure), "says": opened.enclosure.says}
    left = {"photos_left_utc": opened.checked.photos_left_utc}
    manifest = {**opened.checked.manifest, "selfcheck": checks, "unit_notes": notes, **left}
    proof = proof_of(opened.checked)
    signed = opened.checked.manifest_bytes if name_follows(case) else None  # it holds the name that fell
    return pdf_report(case, manifest, pictures, opened.events, proof, language=language, attached=signed)


def _add_members(
    package: PackageWriter,
    state_dir: Path,
    numbers: Sequence[int],
    format: str,
    progress: Progress,
    language: str,
    redact_with: FindPlates | None,
) -> dict[int, dict[str, str]]:
    """Add everything but the chain, in the order of the names.

    Returns:
        For each case the SHA-256 of the files that were made for it, by name.
    """
    reviews: dict[str, dict[str, str | None]] = {}
    made: dict[int, dict[str, str]] = {number: {} for number in numbers}
    package.add("README.txt", readme(language, redacted=redact_with is not None).encode("utf-8"))
    with Archive(state_dir) as archive:
        for number in watched("cases", giving_way(StateFolder(state_dir), sorted(numbers)), len(numbers), progress):
            opened = archive.open(number)
            reviews[str(number)] = {"review": opened.case.review, "waiting": opened.waiting}
            own, made[number] = _case_members(archive, opened, language, redact_with)
            for name in sorted(own):
                package.add(f"cases/{number:08d}/{name}", own[name])
    info = {"format": format, "cases": list(numbers), "exported_utc": time.time(), "reviews": reviews}
    papers = {
        INFO_NAME: canonical(info),
        "public-key.pem": _public_pem(state_dir),
        "verify.py": (resources.files("edge.cases.evidence") / "verify.py").read_bytes(),
    }
    for name, data in sorted(papers.items()):
        package.add(name, data)
    return made


def _case_members(
    archive: Archive, opened: OpenedCase, language: str, redact_with: FindPlates | None
) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files of one case by name, and the SHA-256 of those that were made for the export."""
    case = opened.case
    own = {"manifest.json": opened.checked.manifest_bytes}
    photos = [archive.photo(case.number, index) for index in range(len(case.photos))]
    made: dict[str, bytes] = {}
    if redact_with is not None:
        photos = redacted(case, photos, redact_with)
        made = {f"redacted-{index}.jpg": photo for index, photo in enumerate(photos)}
    else:
        own.update({Path(name).name: photo for name, photo in zip(case.photos, photos, strict=True)})
        if case.driver is not None and case.driver.portrait:
            own["portrait"] = case.driver.portrait
    pictures = pictures_of(case, photos, is_redacted=redact_with is not None)
    notes = archive.unit_notes(case.number)
    made["report.pdf"] = _report(opened, notes, pictures, language, with_portrait=redact_with is None)
    if pictures is not None:
        made["overlay.jpg"] = pictures.overlay
    return {**own, **made}, {name: sha256(data) for name, data in made.items()}


def _public_pem(state_dir: Path) -> bytes:
    """The public key that signs at present; empty if there is none."""
    sql = "SELECT body FROM entries WHERE case_number IS NULL AND kind = 'key' ORDER BY seq DESC LIMIT 1"
    with closing(open_to_read(StateFolder(state_dir))) as database:
        row = database.execute(sql).fetchone()
    if row is None:
        return b""
    return public_pem(bytes.fromhex(json.loads(row[0])["public_key"])).rstrip().encode("ascii")
