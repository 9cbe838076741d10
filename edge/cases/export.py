"""Evidence packages: everything a court needs to check cases on its own, in one ZIP file.

``cases/<number>/`` has the manifest as it was signed, the original photos, the portrait, an overlay and the report.
``chain.jsonl`` has the header and signature of every entry, and the contents of those entries alone that are about the
exported cases or about none. ``verify.py`` checks all of it. The archive's comment is the SHA-256 of what precedes it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from importlib import resources
from pathlib import Path

from Crypto.Signature import eddsa

from edge.cases.archive import Archive
from edge.cases.evidence import CHAIN_NAME, INFO_NAME, SEAL, SEAL_HEX, Mismatch, Signs, canonical, check_package, sha256
from edge.cases.report import Pictures, Proof, overlay, pdf_report, plate_crop
from edge.cases.review import record
from edge.cases.storage import StateFolder, make_folder, open_to_read, sync_file, write_durably
from edge.cases.views import EventKind
from edge.crypto.keyfile import sync_folder
from edge.errors import CaseError, EvidenceError
from edge.model import Case, State

README = """\
Evidence package of an Autovelox unit. It contains personal data: handle it as the law demands.

cases/NUMBER/manifest.json   everything the unit recorded of the case, as it was signed
cases/NUMBER/0.jpg ...       the photos, byte for byte as the camera gave them
cases/NUMBER/portrait        the named driver's portrait, as the registry had it then
cases/NUMBER/overlay.jpg     a copy of the photo with the plate framed
cases/NUMBER/report.pdf      the case for human readers
chain.jsonl                  the unit's chain: headers and signatures of all its entries
public-key.pem               the key the chain is signed with at present
verify.py                    checks all of it:

    python3 verify.py PACKAGE.zip --key PUBLIC-KEY.pem

It needs Python 3.9 or newer and PyCryptodome (pip install pycryptodome). Take the public key from the authority, not
from this package: the package can only say which key signed it.
"""


def export_cases(
    state_dir: Path,
    numbers: Sequence[int],
    to: Path,
    *,
    officer: str,
    reason: str = "",
    signer: Signs | None = None,
    progress: Callable[[int], None] | None = None,
) -> str:
    """Write the evidence package of the cases *numbers* to the file *to*, which must not exist yet.

    For each case the export becomes an entry of the chain, with the SHA-256 of the files that were made for it. With
    *signer* the entry is signed at once, else the daemon signs it later. *progress* is called with the number of each
    case that is done. The package is verified before it gets its name.

    Returns:
        One sentence: what the verification found.

    Raises:
        NoSuchCase: one of them does not exist.
        CaseError: *numbers* is empty, a case is not decided, or the file cannot be written.
        EvidenceError: the verification failed, so the store is damaged.
    """
    wanted = list(dict.fromkeys(numbers))
    if not wanted:
        raise CaseError("no case was named", "say which cases to export")
    if to.exists():
        raise CaseError(f"{to} exists already", "choose another name, a package is never overwritten")
    part = to.with_name(f".{to.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            part.chmod(0o600)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package, Archive(state_dir) as archive:
                made = {number: _add_case(package, archive, state_dir, number, progress) for number in wanted}
                exports = {
                    number: _record_export(state_dir, number, files, officer, reason, signer)
                    for number, files in made.items()
                }
                _add_common_files(package, state_dir, exports)
                package.comment = SEAL + b"0" * SEAL_HEX
        _seal(part)
        says = check_package(part)
        part.rename(to)
        sync_folder(to.parent.resolve())
    except Mismatch as error:
        raise EvidenceError(f"the evidence does not hold: {error}", "run autovelox cases verify") from None
    except OSError as error:
        raise CaseError(
            f"the package {to} cannot be written ({error.strerror})", "check its folder and the disk"
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return says


def export_report(
    state_dir: Path, number: int, to: Path, *, officer: str, reason: str = "", signer: Signs | None = None
) -> None:
    """Write the PDF report of case *number* to the file *to*, which must not exist yet.

    The export becomes an entry of the chain, with the SHA-256 of the report, before the report is written.

    Raises:
        NoSuchCase: there is no case with that number.
        CaseError: it is not decided yet, its photo is gone, or the file cannot be written.
    """
    report = report_of(state_dir, number)
    try:
        with to.open("xb") as file:
            to.chmod(0o600)
            _record_export(state_dir, number, {"report.pdf": sha256(report)}, officer, reason, signer)
            file.write(report)
    except FileExistsError:
        raise CaseError(f"{to} exists already", "choose another name") from None
    except CaseError:
        to.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise CaseError(f"{to} cannot be written ({error.strerror})", "check its folder and the disk") from None


def _record_export(
    state_dir: Path, number: int, files: dict[str, str], officer: str, reason: str, signer: Signs | None
) -> int:
    return record(
        state_dir,
        number,
        kind=EventKind.EXPORT,
        officer=officer,
        reason=reason,
        details={"files": files},
        signer=signer,
    )


def report_of(state_dir: Path, number: int) -> bytes:
    """The PDF report of one decided case.

    Raises:
        NoSuchCase: there is no case with that number.
        CaseError: it is not decided yet, or its photo is gone.
    """
    with Archive(state_dir) as archive:
        case = archive.case(number)
        return pdf_report(
            case,
            archive.manifest(number),
            _pictures(archive, state_dir, case),
            archive.events(number),
            _proof(state_dir, case),
        )


def _add_case(
    package: zipfile.ZipFile, archive: Archive, state_dir: Path, number: int, progress: Callable[[int], None] | None
) -> dict[str, str]:
    """Write the files of one case.

    Returns:
        The SHA-256 of each file that was made for the export, by name.
    """
    case = archive.case(number)
    proof = _proof(state_dir, case)
    folder = f"cases/{number:08d}"
    package.writestr(f"{folder}/manifest.json", archive.manifest_bytes(number))
    for index, name in enumerate(case.frames):
        photo = archive.frame_path(case, index).read_bytes()
        package.writestr(f"{folder}/{Path(name).name}", photo, zipfile.ZIP_STORED)
    if case.driver is not None and case.driver.portrait:
        package.writestr(f"{folder}/portrait", case.driver.portrait, zipfile.ZIP_STORED)
    pictures = _pictures(archive, state_dir, case)
    made = {"report.pdf": pdf_report(case, archive.manifest(number), pictures, archive.events(number), proof)}
    if pictures is not None:
        made["overlay.jpg"] = pictures.overlay
    for name, data in made.items():
        package.writestr(f"{folder}/{name}", data)
    if progress is not None:
        progress(number)
    return {name: sha256(data) for name, data in made.items()}


def _add_common_files(package: zipfile.ZipFile, state_dir: Path, exports: dict[int, int]) -> None:
    """Write chain, key, tool and README; *exports* maps each case to the chain's entry of this export."""
    lines, public_key = _chain_lines(state_dir, set(exports))
    papers = {
        "README.txt": README.encode("utf-8"),
        "verify.py": (resources.files("edge.cases.evidence") / "verify.py").read_bytes(),
        "public-key.pem": public_key,
    }
    for name, data in papers.items():
        package.writestr(name, data)
    package.writestr(CHAIN_NAME, b"\n".join(lines) + b"\n")
    info = {
        "format": "autovelox-export/1",
        "cases": list(exports),
        "exports": {str(number): seq for number, seq in exports.items()},
        "exported_utc": time.time(),
        "papers": {name: sha256(data) for name, data in papers.items()},
    }
    package.writestr(INFO_NAME, canonical(info))


def _chain_lines(state_dir: Path, numbers: set[int]) -> tuple[list[bytes], bytes]:
    """Every entry as a line, with the contents of those about *numbers* or no case; and the current public key."""
    lines: list[bytes] = []
    public_key = b""
    with closing(open_to_read(StateFolder(state_dir))) as database:
        rows = database.execute("SELECT kind, case_number, header, body, signature, key_id FROM entries ORDER BY seq")
        for kind, number, header, body, signature, key_id in rows:
            line: dict[str, object] = {"header": header.decode("utf-8")}
            if body is not None and kind != "filed" and kind != "decided" and (number is None or number in numbers):
                line["body"] = body.decode("utf-8")
            if signature is not None:
                line.update(signature=signature.hex(), key_id=key_id)
            if kind == "key":
                key = eddsa.import_public_key(bytes.fromhex(json.loads(body)["public_key"]))
                public_key = key.export_key(format="PEM").encode("ascii")
            lines.append(canonical(line))
    return lines, public_key


def _proof(state_dir: Path, case: Case) -> Proof:
    if case.state is not State.DECIDED:
        raise CaseError(f"case {case.number} is not decided yet", "wait for the unit's verdict")
    sql = "SELECT seq, hash, header, signature, key_id FROM entries WHERE case_number = ? AND kind = 'decided'"
    with closing(open_to_read(StateFolder(state_dir))) as database:
        seq, digest, header, signature, key_id = database.execute(sql, (case.number,)).fetchone()
    return Proof(seq, digest, json.loads(header)["body"], signature.hex() if signature else "", key_id or "")


def _pictures(archive: Archive, state_dir: Path, case: Case) -> Pictures | None:
    if not case.frames:
        return None
    main = archive.frame_path(case, case.photo).read_bytes()
    others = tuple(
        archive.frame_path(case, index).read_bytes() for index in range(len(case.frames)) if index != case.photo
    )
    plate = plate_crop(main, case.plate_box) if case.plate_box is not None else b""
    return Pictures(cached_overlay(state_dir, case), plate, others[:3])


def cached_overlay(state_dir: Path, case: Case) -> bytes:
    """The overlay of the case's photo (JPEG), kept among the derived pictures until space is short.

    Raises:
        ImageError: the photo cannot be decoded.
        OSError: the photo cannot be read.
    """
    folder = StateFolder(state_dir)
    cached = folder.overlay(case.number)
    if cached.is_file():
        return cached.read_bytes()
    made = overlay(folder.file(case.frames[case.photo]).read_bytes(), case.plate_box)
    with suppress(OSError):  # an account that may only read makes it again each time
        make_folder(cached.parent)
        write_durably(cached, made)
    return made


def _seal(path: Path) -> None:
    """Replace the zeros at the end of the archive's comment with the SHA-256 of everything before them."""
    with path.open("r+b") as file:
        digest = hashlib.sha256()
        left = path.stat().st_size - SEAL_HEX
        while left:
            block = file.read(min(1 << 20, left))
            digest.update(block)
            left -= len(block)
        file.write(digest.hexdigest().encode("ascii"))
        sync_file(file)
