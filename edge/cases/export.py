"""Evidence packages: everything a court needs to check cases on its own, in one ZIP file.

``cases/<number>/`` has the manifest as it was signed, the original photos, the portrait, an overlay and the report.
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
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from importlib import resources
from pathlib import Path

from Crypto.Signature import eddsa

from edge.cases.archive import Archive, OpenedCase
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
    sha256,
    verify_package,
)
from edge.cases.report import Pictures, Proof, overlay, pdf_report, plate_crop
from edge.cases.review import record, record_package
from edge.cases.storage import (
    ChainSession,
    PackageWriter,
    StateFolder,
    chain_file,
    entries_for,
    open_to_read,
)
from edge.cases.views import OF_REQUESTS, EventKind
from edge.crypto import sync_folder
from edge.errors import CaseError, EvidenceError

README = """\
Evidence package of an Autovelox unit. It contains personal data: handle it as the law demands.

cases/NUMBER/manifest.json   everything the unit recorded of the case, as it was signed
cases/NUMBER/0.jpg ...       the photos, byte for byte as the camera gave them
cases/NUMBER/portrait        the named driver's portrait, as the registry had it then
cases/NUMBER/overlay.jpg     a copy of the photo with the plate framed
cases/NUMBER/report.pdf      the case for human readers
chain.jsonl                  entries of the unit's chain up to this export, signed, each with a proof that it is in it
                             (or the headers and signatures of all its entries)
public-key.pem               the key the chain is signed with at present
verify.py                    checks all of it:

    python3 -I verify.py PACKAGE.zip --key PUBLIC-KEY.pem

It needs Python 3.9 or newer and PyCryptodome (pip install pycryptodome). Take the public key from the authority, not
from this package: the package can only say which key signed it. --report FILE.pdf tells whether a printed report
is one that the chain names.
"""


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
    session: ChainSession | None = None,
    durably: bool = True,
    least_free_bytes: int = 0,
    full_chain: bool = False,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int], None] | None = None,
) -> str:
    """Write the evidence package of the cases *numbers* to the file *to*, which must not exist yet.

    For each case the export becomes an entry of the chain, signed by *signer*; the last one names every file of the
    package. *officer*, *account* and *session* are those of :func:`edge.cases.review.record`. A package that is not
    written *durably* is to be handed on. *least_free_bytes* stay free on the disk of *to*. With *full_chain* the
    package holds every header of the chain, which grows for ever; without, proofs. Somebody who remembers the unit's
    *checkpoint* can hold a package with proofs against it if it was exported for it. *progress* is called with the
    number of each case that is done. The package is verified before it gets its name; nothing is left of one that
    fails.

    Returns:
        One sentence: what the verification found.

    Raises:
        NoSuchCase: one of them does not exist.
        StorageFull: the disk would have less room left than *least_free_bytes*.
        CaseError: *numbers* is empty, a case is not decided, or the file cannot be written.
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
            package = PackageWriter(file, least_free_bytes=least_free_bytes)
            format = PACKAGE_FORMAT if full_chain else PROVED_FORMAT
            made = _add_members(package, state_dir, wanted, format, progress, language)
            named: dict[str, object] = {"format": format, "cases": wanted, "members": dict(package.hashes)}
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
        part.rename(to)
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
    officer: str,
    signer: Signs,
    account: str | None = None,
    reason: str = "",
    language: str = "en",
    session: ChainSession | None = None,
) -> None:
    """Write the PDF report of case *number*, in *language*, to the file *to*, which must not exist yet.

    The export becomes an entry of the chain, with the SHA-256 of the report, before the report is written.

    Raises:
        NoSuchCase: there is no case with that number.
        CaseError: it is not decided yet, or the file cannot be written.
        EvidenceError: something of it does not hold.
    """
    report = report_of(state_dir, number, language=language)
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
                details={"files": {"report.pdf": sha256(report)}},
                signer=signer,
                session=session,
            )
            file.write(report)
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
        return _report(opened, _pictures(archive, opened), language)


def _report(opened: OpenedCase, pictures: Pictures | None, language: str) -> bytes:
    checks = {**asdict(opened.enclosure), "says": opened.enclosure.says}
    manifest = {**opened.checked.manifest, "selfcheck": checks}
    events = tuple(event for event in opened.events if event.kind not in OF_REQUESTS)
    return pdf_report(opened.case, manifest, pictures, events, _proof(opened), language=language)


def _add_members(
    package: PackageWriter,
    state_dir: Path,
    numbers: Sequence[int],
    format: str,
    progress: Callable[[int], None] | None,
    language: str,
) -> dict[int, dict[str, str]]:
    """Add everything but the chain, in the order of the names.

    Returns:
        For each case the SHA-256 of the files that were made for it, by name.
    """
    reviews: dict[str, dict[str, str | None]] = {}
    made: dict[int, dict[str, str]] = {number: {} for number in numbers}
    package.add("README.txt", README.encode("utf-8"))
    with Archive(state_dir) as archive:
        for number in sorted(numbers):
            opened = archive.open(number)
            reviews[str(number)] = {"review": opened.case.review, "waiting": opened.waiting}
            own, made[number] = _case_members(archive, opened, language)
            for name in sorted(own):
                package.add(f"cases/{number:08d}/{name}", own[name])
            if progress is not None:
                progress(number)
    info = {"format": format, "cases": list(numbers), "exported_utc": time.time(), "reviews": reviews}
    papers = {
        INFO_NAME: canonical(info),
        "public-key.pem": _public_pem(state_dir),
        "verify.py": (resources.files("edge.cases.evidence") / "verify.py").read_bytes(),
    }
    for name, data in sorted(papers.items()):
        package.add(name, data)
    return made


def _case_members(archive: Archive, opened: OpenedCase, language: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files of one case by name, and the SHA-256 of those that were made for the export."""
    case = opened.case
    own = {"manifest.json": opened.checked.manifest_bytes}
    for index, name in enumerate(case.photos):
        own[Path(name).name] = archive.photo(case.number, index)
    if case.driver is not None and case.driver.portrait:
        own["portrait"] = case.driver.portrait
    pictures = _pictures(archive, opened)
    made = {"report.pdf": _report(opened, pictures, language)}
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
    key = eddsa.import_public_key(bytes.fromhex(json.loads(row[0])["public_key"]))
    return str(key.export_key(format="PEM")).encode("ascii")


def _proof(opened: OpenedCase) -> Proof:
    for entry in opened.checked.entries:
        if entry.kind == "decided":
            return Proof(entry.seq, entry.hash, sha256(entry.body), entry.signature.hex(), entry.key_id)
    raise CaseError(f"case {opened.checked.number} is not decided yet", "wait for the unit's verdict")


def _pictures(archive: Archive, opened: OpenedCase) -> Pictures | None:
    """The report's pictures, made anew from the photos each time."""
    case = opened.case
    if not case.photos:
        return None
    photos = [archive.photo(case.number, index) for index in range(len(case.photos))]
    main = photos.pop(case.photo)
    plate = plate_crop(main, case.plate_box) if case.plate_box is not None else b""
    return Pictures(overlay(main, case.plate_box), plate, tuple(photos[:3]))
